// SPDX-License-Identifier: MIT
// apart.cc: a fork and a pipe.
#include "bench/session/apart.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

#include <absl/strings/str_format.h>

#include "bench/measure/process.h"

namespace collet::bench {
namespace {

constexpr unsigned kPatienceSeconds = 10;

// In the child: the code, then the words.
[[noreturn]] void answer(const std::function<absl::Status()>& ask, int pipe) {
  ::alarm(kPatienceSeconds);
  const absl::Status status = ask();
  std::string text(1, static_cast<char>(status.code()));
  text.append(status.message().data(), status.message().size());
  ::_exit(::write(pipe, text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
}

std::string read_all(int pipe) {
  std::string text;
  char part[512];
  for (;;) {
    const ssize_t count = ::read(pipe, part, sizeof part);
    if (count > 0) text.append(part, static_cast<std::size_t>(count));
    if (count == 0 || (count < 0 && errno != EINTR)) return text;
  }
}

}  // namespace

absl::Status ask_apart(const std::function<absl::Status()>& ask) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return absl::InternalError(std::strerror(errno));
  const Descriptor read_end(ends[0]);
  Descriptor write_end(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return absl::InternalError(std::strerror(errno));
  if (child == 0) answer(ask, write_end.get());
  write_end = Descriptor();
  const std::string text = read_all(read_end.get());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) {
    return absl::AbortedError(absl::StrFormat("it ended the process that asked it, by %s",
                                              ::strsignal(WTERMSIG(status))));
  }
  if (text.empty()) return absl::AbortedError("it ended the process that asked it");
  return {static_cast<absl::StatusCode>(text[0]), text.substr(1)};
}

}  // namespace collet::bench

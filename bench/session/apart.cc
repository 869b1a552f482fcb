// SPDX-License-Identifier: MIT
// apart.cc: a fork and a pipe.
#include "bench/session/apart.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <string>

#include <absl/strings/str_format.h>

#include "bench/measure/process.h"

namespace collet::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{10};

// In the child: the code, then the words.
[[noreturn]] void answer(const std::function<absl::Status()>& ask, int pipe) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const Descriptor nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  ::dup2(nowhere.get(), STDOUT_FILENO);
  ::dup2(nowhere.get(), STDERR_FILENO);
  const absl::Status status = ask();
  std::string text(1, static_cast<char>(status.code()));
  text.append(status.message().data(), status.message().size());
  ::_exit(::write(pipe, text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
}

// Null if there is no end of it at the deadline.
std::optional<std::string> read_all(int pipe, Deadline deadline) {
  std::string text;
  char part[512];
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    pollfd ready{pipe, POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0))) == 0) {
      return std::nullopt;
    }
    const ssize_t count = ready.revents == 0 ? -1 : ::read(pipe, part, sizeof part);
    if (count > 0) text.append(part, static_cast<std::size_t>(count));
    if (count == 0 || (count < 0 && errno != EINTR)) return text;
  }
}

}  // namespace

absl::Status ask_apart(const std::function<absl::Status()>& ask) {
  return ask_apart_within(kPatience, ask);
}

absl::Status ask_apart_within(milliseconds patience, const std::function<absl::Status()>& ask) {
  const Deadline deadline = steady_clock::now() + patience;
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return absl::InternalError(std::strerror(errno));
  const Descriptor read_end(ends[0]);
  Descriptor write_end(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return absl::InternalError(std::strerror(errno));
  if (child == 0) answer(ask, write_end.get());
  write_end = Descriptor();
  const auto text = read_all(read_end.get(), deadline);
  if (!text) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!text) {
    return absl::AbortedError(absl::StrFormat("did not answer within %g s",
                                              std::chrono::duration<double>(patience).count()));
  }
  if (WIFSIGNALED(status)) {
    return absl::AbortedError(
        absl::StrFormat("ended the process that tried it, by %s", ::strsignal(WTERMSIG(status))));
  }
  if (text->empty()) return absl::AbortedError("ended the process that tried it, by exit()");
  return {static_cast<absl::StatusCode>((*text)[0]), text->substr(1)};
}

absl::Status try_apart(std::string_view flag, std::string_view spec,
                       const std::function<absl::Status()>& ask) {
  const absl::Status status = ask_apart(ask);
  if (!absl::IsAborted(status)) return status;
  return absl::UnavailableError(absl::StrFormat("%s: \"%s\" does not run here: it %s", flag, spec,
                                                std::string(status.message())));
}

}  // namespace collet::bench

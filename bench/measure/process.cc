// SPDX-License-Identifier: MIT
// process.cc: fork, exec, poll and reap.
#include "bench/measure/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <absl/strings/str_format.h>

#include "bench/session/placement.h"

namespace collet::bench {
namespace {

// The C library of Debian 12 declares pidfd_open() without C linkage.
int open_pidfd(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

int milliseconds_until(Deadline deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
}

// Between fork and exec only calls that are safe there.
[[noreturn]] void become(char* const* argv, const std::vector<int>& cpus, pid_t parent, int output,
                         int errors) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // the parent died before the line above
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int input = open("/dev/null", O_RDONLY);
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(errors, STDERR_FILENO);
  if (!pin_to(cpus)) {
    dprintf(STDERR_FILENO, "cannot pin to its CPUs: %s\n", strerror(errno));
    _exit(127);
  }
  execv(argv[0], argv);
  dprintf(STDERR_FILENO, "cannot run %s: %s\n", argv[0], strerror(errno));
  _exit(127);
}

absl::Status system_error(const char* call) {
  return absl::InternalError(absl::StrFormat("%s: %s", call, std::strerror(errno)));
}

ExitStatus to_exit_status(int status) {
  if (WIFSIGNALED(status)) return {0, WTERMSIG(status)};
  return {WEXITSTATUS(status), 0};
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

std::string ExitStatus::describe() const {
  if (signal != 0) return absl::StrFormat("signal %d (%s)", signal, strsignal(signal));
  return absl::StrFormat("exit code %d", code);
}

absl::StatusOr<ChildProcess> ChildProcess::spawn(const std::vector<std::string>& argv,
                                                 const std::vector<int>& cpus, Output kind) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return system_error("pipe2");
  Descriptor output(ends[0]);
  const Descriptor their_output(ends[1]);
  Descriptor errors(memfd_create("stderr", MFD_CLOEXEC));
  if (errors.get() < 0) return system_error("memfd_create");
  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);

  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return system_error("fork");
  if (pid == 0) {
    const bool lines = kind == Output::lines;
    become(arguments.data(), cpus, parent, lines ? their_output.get() : errors.get(), errors.get());
  }
  setpgid(pid, pid);  // as the child does, because either may be first
  Descriptor exit(open_pidfd(pid));
  ChildProcess child(pid, std::move(exit), std::move(output), std::move(errors));
  if (child.exit_.get() < 0) return system_error("pidfd_open");
  return child;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)),
      group_(std::exchange(other.group_, 0)),
      status_(other.status_),
      exit_(std::move(other.exit_)),
      output_(std::move(other.output_)),
      errors_(std::move(other.errors_)),
      unread_(std::move(other.unread_)) {}

ChildProcess::~ChildProcess() {
  if (group_ != 0) kill(-group_, SIGKILL);
  if (pid_ != 0) waitpid(pid_, nullptr, 0);
}

Wait ChildProcess::rest(Deadline deadline, int stop_fd) const {
  std::array<pollfd, 2> watched{{{exit_.get(), POLLIN, 0}, {stop_fd, POLLIN, 0}}};
  int ready = -1;
  while (ready < 0) ready = poll(watched.data(), watched.size(), milliseconds_until(deadline));
  if (ready == 0) return Wait::timed_out;
  return watched[1].revents != 0 ? Wait::interrupted : Wait::closed;
}

Wait ChildProcess::read_line(std::string& line, Deadline deadline, int stop_fd,
                             const ChildProcess* other) {
  for (;;) {
    if (take_line(line)) return Wait::ready;
    std::array<pollfd, 3> watched{{{output_.get(), POLLIN, 0},
                                   {stop_fd, POLLIN, 0},
                                   {other != nullptr ? other->exit_.get() : -1, POLLIN, 0}}};
    const int ready = poll(watched.data(), watched.size(), milliseconds_until(deadline));
    if (ready < 0) continue;  // EINTR is the only error that can happen here
    if (ready == 0) return Wait::timed_out;
    if (watched[1].revents != 0) return Wait::interrupted;
    if (watched[2].revents != 0) return Wait::other_ended;
    std::array<char, 4096> bytes;
    const ssize_t size = ::read(output_.get(), bytes.data(), bytes.size());
    if (size == 0) return Wait::closed;
    if (size > 0) unread_.append(bytes.data(), static_cast<std::size_t>(size));
  }
}

std::optional<ExitStatus> ChildProcess::end(int signal, Deadline deadline) {
  if (pid_ != 0) kill(-group_, signal);
  return wait(deadline);
}

std::optional<ExitStatus> ChildProcess::wait(Deadline deadline) {
  while (pid_ != 0) {
    pollfd watched{exit_.get(), POLLIN, 0};
    const int ready = poll(&watched, 1, milliseconds_until(deadline));
    if (ready < 0) continue;
    if (ready == 0) return std::nullopt;
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) != pid_) continue;
    status_ = to_exit_status(status);
    pid_ = 0;
  }
  return status_;
}

std::string ChildProcess::last_words() const {
  std::array<char, 1024> bytes;
  const off_t size = lseek(errors_.get(), 0, SEEK_END);
  const off_t start = std::max<off_t>(0, size - static_cast<off_t>(bytes.size()));
  const ssize_t got = pread(errors_.get(), bytes.data(), bytes.size(), start);
  std::string text(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

bool ChildProcess::take_line(std::string& line) {
  const std::size_t newline = unread_.find('\n');
  if (newline == std::string::npos) return false;
  line = unread_.substr(0, newline);
  unread_.erase(0, newline + 1);
  return true;
}

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// process.h: a child process that is pinned, read line by line, and never left behind.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

namespace collet::bench {

using Deadline = std::chrono::steady_clock::time_point;

// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

struct ExitStatus {
  int code = 0;    // if signal is 0
  int signal = 0;  // that killed it

  bool is_success() const noexcept { return code == 0 && signal == 0; }
  std::string describe() const;  // `exit code 1`, `signal 11 (Segmentation fault)`
};

enum class Wait : std::uint8_t {
  ready,        // what was waited for is there
  closed,       // no more lines will come
  timed_out,    // the deadline passed
  interrupted,  // the stop descriptor became readable
  other_ended,  // the other process, which should live on, ended
};

// Not thread-safe; one thread spawns and waits.
class ChildProcess {
 public:
  enum class Output : std::uint8_t {
    lines,  // stdout is read with read_line()
    kept,   // like stderr, so that it may write as much as it likes and nobody need read it
  };

  // Starts `argv[0]` on `cpus`, in a process group of its own (a terminal's Ctrl-C reaches this
  // process alone) and dying with this process.
  static absl::StatusOr<ChildProcess> spawn(const std::vector<std::string>& argv,
                                            const std::vector<int>& cpus,
                                            Output output = Output::lines);

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess();  // kills it, and whoever else is in its process group

  pid_t pid() const noexcept { return pid_; }

  // Waits for the next complete line of stdout, without its newline. `stop_fd` may be -1 and
  // `other` null.
  Wait read_line(std::string& line, Deadline deadline, int stop_fd, const ChildProcess* other);

  // Waits for the end of this process, or for the deadline or the stop descriptor.
  Wait rest(Deadline deadline, int stop_fd) const;

  // Sends `signal` to its process group and waits for the end; null if it still runs at the
  // deadline.
  std::optional<ExitStatus> end(int signal, Deadline deadline);

  // The end without a signal.
  std::optional<ExitStatus> wait(Deadline deadline);

  // The last line of what was kept, for the reason of a failure; empty if it wrote none.
  std::string last_words() const;

 private:
  ChildProcess(pid_t pid, Descriptor exit, Descriptor output, Descriptor errors)
      : pid_(pid),
        group_(pid),
        exit_(std::move(exit)),
        output_(std::move(output)),
        errors_(std::move(errors)) {}

  bool take_line(std::string& line);

  pid_t pid_;    // 0 once it has been reaped
  pid_t group_;  // 0 once nobody is left in it
  std::optional<ExitStatus> status_;
  Descriptor exit_;  // a pidfd: readable when the process has ended
  Descriptor output_;
  Descriptor errors_;  // an anonymous file, so that no one need empty it
  std::string unread_;
};

}  // namespace collet::bench

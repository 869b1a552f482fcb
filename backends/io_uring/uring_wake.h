// SPDX-License-Identifier: MIT
// uring_wake.h: ends the wait of a loop on a ring from any thread: a system call if it sleeps, none
// if it does not.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

namespace collet {

// The eventfd is written to and never read: a poll request of the ring sees each write. Both sides
// exchange `state_`, so that of a waker and a loop about to sleep one sees the other, and what was
// written before wake() is seen after awaken().
class UringWake {
 public:
  UringWake() noexcept : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~UringWake() {
    if (fd_ >= 0) ::close(fd_);
  }
  UringWake(const UringWake&) = delete;
  UringWake& operator=(const UringWake&) = delete;

  int fd() const noexcept { return fd_; }

  // Any thread.
  void wake() noexcept {
    if (state_.exchange(State::woken) != State::asleep) return;
    const int error = errno;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
    errno = error;
  }

  // The loop's thread. False if a wake has come since the last awaken(): do not sleep.
  bool fall_asleep() noexcept {
    State expected = State::awake;
    return state_.compare_exchange_strong(expected, State::asleep);
  }

  // Whether a wake has come.
  bool awaken() noexcept { return state_.exchange(State::awake) == State::woken; }

 private:
  enum class State : std::uint8_t { awake, asleep, woken };

  std::atomic<State> state_{State::awake};
  const int fd_;
};

}  // namespace collet

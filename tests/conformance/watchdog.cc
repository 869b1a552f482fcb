// SPDX-License-Identifier: MIT
// watchdog.cc: a deadline, and the thread that waits for it.
#include "tests/conformance/watchdog.h"

#include <utility>

namespace collet::conformance {

Watchdog::Watchdog(std::chrono::nanoseconds limit, std::function<void()> bark)
    : limit_(limit), bark_(std::move(bark)), thread_([this] { watch(); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Watchdog::begin() {
  {
    const std::lock_guard lock(mutex_);
    deadline_ = Clock::now() + limit_;
  }
  changed_.notify_one();
}

void Watchdog::end() {
  const std::lock_guard lock(mutex_);
  deadline_ = Clock::time_point::max();
}

void Watchdog::watch() {
  std::unique_lock lock(mutex_);
  while (!over_) {
    if (deadline_ == Clock::time_point::max()) {
      changed_.wait(lock);
    } else if (Clock::now() < deadline_) {
      changed_.wait_until(lock, deadline_);
    } else {
      deadline_ = Clock::time_point::max();
      lock.unlock();
      bark_();
      lock.lock();
    }
  }
}

}  // namespace collet::conformance

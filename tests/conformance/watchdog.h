// SPDX-License-Identifier: MIT
// watchdog.h: notices that a rule takes too long, from a thread of its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace collet::conformance {

class Watchdog {
 public:
  // `bark` is called once, at most, when a watch has lasted for `limit`; it ends the process.
  Watchdog(std::chrono::nanoseconds limit, std::function<void()> bark);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  void begin();
  void end();

 private:
  using Clock = std::chrono::steady_clock;

  void watch();

  const std::chrono::nanoseconds limit_;
  const std::function<void()> bark_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Clock::time_point deadline_ = Clock::time_point::max();  // max(): nothing is watched
  bool over_ = false;
  std::thread thread_;
};

}  // namespace collet::conformance

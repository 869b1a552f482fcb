// SPDX-License-Identifier: MIT
// meter.h: where the client handlers of one loop ask for leave to send and report what came of it.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include <collet/event_loop.h>

#include "apps/workloads/tally.h"

namespace collet::apps {

// One for each loop, used on that loop's thread unless a comment says otherwise. Whoever drives the
// load derives from it.
class Meter {
 public:
  using Nanoseconds = std::chrono::nanoseconds;

  // Connections of different meters differ in content if their seeds do.
  Meter(EventLoop& loop, std::uint64_t seed) : loop_(loop), next_serial_(seed << 32) {}
  virtual ~Meter() = default;
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;

  // -- For client handlers
  // -------------------------------------------------------------------------

  Nanoseconds now() { return loop_.read_clock(); }

  // A number that no other connection of this meter has.
  std::uint64_t take_serial() noexcept { return next_serial_++; }

  // How many of `wanted` requests may be begun now. 0 once the run is ending.
  std::size_t allow(std::size_t wanted) noexcept {
    const std::size_t granted = std::min(wanted, allowance_);
    allowance_ -= granted;
    return granted;
  }

  // A request was answered, rightly. Counts if it was answered inside the window.
  void answered(Nanoseconds begun, Nanoseconds at, std::size_t request_bytes) noexcept {
    if (!in_window(at)) return;
    tally_.latency.record(at - begun);
    tally_.request_bytes += request_bytes;
    ++tally_.requests;
    last_answer_ = at;
    answered_.store(tally_.requests, std::memory_order_relaxed);
  }

  // How long connecting and closing took, where a request is a connection.
  void connected(Nanoseconds begun, Nanoseconds at) noexcept {
    if (in_window(at)) tally_.connect.record(at - begun);
  }
  void disconnected(Nanoseconds begun, Nanoseconds at) noexcept {
    if (in_window(at)) tally_.close.record(at - begun);
  }

  // Each connection says once that it has had its first answer, or will have none; and, later, that
  // it has gone: how, with which errno value, and how many of its requests were still unanswered.
  void settled(bool by_answer) {
    if (by_answer) ever_answered_.store(true, std::memory_order_relaxed);
    on_client_settled();
  }
  void closed(Failure failure, int error, std::size_t unanswered);

  // -- For whoever drives the load
  // -----------------------------------------------------------------

  // Only what is answered in [begin, end) counts. Before the first call nothing does.
  void set_window(Nanoseconds begin, Nanoseconds end) noexcept {
    window_begin_ = begin;
    window_end_ = end;
  }
  void set_allowance(std::size_t requests) noexcept { allowance_ = requests; }

  // Allows no more requests; from now on only wrong bytes are failures.
  void end() noexcept {
    allowance_ = 0;
    ending_ = true;
  }

  bool may_begin() const noexcept { return allowance_ != 0; }
  bool ending() const noexcept { return ending_; }
  const Tally& tally() const noexcept { return tally_; }
  Nanoseconds last_answer() const noexcept { return last_answer_; }
  Failure last_failure() const noexcept { return last_failure_; }
  int last_error() const noexcept { return last_error_; }  // errno value of that failure, or 0

  // Requests answered in the window so far; whether any was, ever. Any thread.
  std::uint64_t answered_so_far() const noexcept {
    return answered_.load(std::memory_order_relaxed);
  }
  bool ever_answered() const noexcept { return ever_answered_.load(std::memory_order_relaxed); }

 protected:
  EventLoop& loop() noexcept { return loop_; }

 private:
  virtual void on_client_settled() = 0;
  virtual void on_client_closed(Failure failure) = 0;

  bool in_window(Nanoseconds at) const noexcept { return at >= window_begin_ && at < window_end_; }

  EventLoop& loop_;
  std::uint64_t next_serial_;
  std::size_t allowance_ = SIZE_MAX;
  bool ending_ = false;
  Nanoseconds window_begin_ = Nanoseconds::max();
  Nanoseconds window_end_ = Nanoseconds::max();
  Nanoseconds last_answer_{0};
  Failure last_failure_ = Failure::none;
  int last_error_ = 0;
  Tally tally_;
  std::atomic<std::uint64_t> answered_{0};  // both are for onlookers: only this loop writes them
  std::atomic<bool> ever_answered_{false};
};

}  // namespace collet::apps

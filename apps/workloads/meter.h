// SPDX-License-Identifier: MIT
// meter.h: where the client handlers of one loop ask for leave to send and report what came of it.
//
// In a closed loop a request may be sent whenever a connection has a place free: it is due now. In
// an open loop it is due when the schedule says so. If a connection has a place free by then, it is
// sent at that time; else as soon as one has, and still counts from when it was due.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <collet/event_loop.h>

#include "apps/workloads/arrivals.h"
#include "apps/workloads/tally.h"

namespace collet::apps {

// A request under way: when it should have been sent, and when it was.
struct Begun {
  std::chrono::nanoseconds due{};
  std::chrono::nanoseconds sent{};
};

// One for each loop, used on that loop's thread unless a comment says otherwise. Whoever drives the
// load derives from it.
class Meter {
 public:
  using Nanoseconds = std::chrono::nanoseconds;

  // A client with a place free for a request, and none due.
  class Waiter {
   public:
    // Takes the request that was due then, to be sent at once. True: there is room for more.
    virtual bool assign(Nanoseconds due) noexcept = 0;

    // There will be none: it may close.
    virtual void dismiss() noexcept = 0;

   protected:
    ~Waiter() = default;
  };

  // Connections of different meters differ in content if their seeds do.
  Meter(EventLoop& loop, std::uint64_t seed, bool open_loop)
      : loop_(loop), next_serial_(seed << 32), open_loop_(open_loop) {}
  virtual ~Meter() = default;
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;

  // -- For client handlers
  // -------------------------------------------------------------------------

  Nanoseconds now() { return loop_.read_clock(); }

  // A number that no other connection of this meter has.
  std::uint64_t take_serial() noexcept { return next_serial_++; }

  // Where all replies of a workload are alike: the first that came, for the clients of every
  // connection to keep and to compare with; empty until then.
  std::string& common_reply() noexcept { return common_reply_; }

  bool open_loop() const noexcept { return open_loop_; }

  // When the next request is due that may be sent now; nothing if none may.
  std::optional<Nanoseconds> take_request(Nanoseconds now) {
    if (open_loop_) return take_scheduled(now);
    if (allowance_ == 0) return std::nullopt;
    --allowance_;
    return now;
  }

  // So many requests of a closed loop were begun in vain, by nobody's fault: others may be instead.
  void take_back(std::size_t requests) noexcept {
    if (!open_loop_ && !ending_) allowance_ += requests;
  }

  // Where a request is a connection: the one for which this client is being made.
  Begun take_connection() {
    const Nanoseconds now = this->now();
    return {.due = open_loop_ ? connection_due_ : now, .sent = now};
  }

  // No request will be allowed any more: whoever has none under way may close.
  bool over() const noexcept { return open_loop_ ? ending_ && !is_due(window_end_) : !may_begin(); }

  // Open loop: has `waiter`, which does not wait yet, assigned a request when one is due, in the
  // order of waiting, until it has no room or is dismissed.
  void wait(Waiter& waiter) { on_wait(waiter); }
  void stop_waiting(Waiter& waiter) noexcept { on_stop_waiting(waiter); }

  void wake_later(const Waker& waker, Nanoseconds delay) {
    loop_.call_after(delay, [waker] { waker.wake(); });
  }

  // A request that had a free place when it was due was sent only now: the load's own error.
  void sent_late(Nanoseconds due, Nanoseconds sent) noexcept {
    if (in_window(due)) tally_.send_lag.record(sent - due);
  }

  // A request was answered, rightly. It counts as throughput if it was answered inside the window.
  // Its times count, in a closed loop, if it was answered there, and in an open one, if it was due
  // there: of those the slow ones must not be left out.
  void answered(const Begun& request, Nanoseconds at, std::size_t request_bytes) noexcept {
    latest_answer_ = at;
    const bool inside = in_window(at);
    if (open_loop_ ? in_window(request.due) : inside) {
      tally_.service.record(at - request.sent);
      if (open_loop_) tally_.response.record(at - request.due);
    }
    if (!inside) return;
    tally_.request_bytes += request_bytes;
    ++tally_.requests;
    last_answer_ = at;
    answered_.store(tally_.requests, std::memory_order_relaxed);
  }

  // A request of an open loop will have no answer. It has taken until `now` at least.
  void unfinished(Nanoseconds due, Nanoseconds now) noexcept;

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

  // The request that the next connection is for was due then.
  void set_connection_due(Nanoseconds due) noexcept { connection_due_ = due; }

  // The open loop's schedule begins.
  void begin_schedule(const Arrivals& arrivals) {
    arrivals_ = arrivals;
    on_schedule();
  }

  // Allows no more requests, but for those of an open loop that were due inside the window; from
  // now on only wrong bytes are failures.
  void end() noexcept {
    allowance_ = 0;
    ending_ = true;
  }

  // Sends nothing more of what was due: each has taken until `now` at least, and counts so.
  void give_up(Nanoseconds now);

  // From now on a request that was sent and is still unanswered is a failure, also at the end.
  void lose_patience() noexcept { patient_ = false; }
  bool is_patient() const noexcept { return patient_; }

  bool may_begin() const noexcept {
    return open_loop_ ? !ending_ || is_due(window_end_) : allowance_ != 0;
  }
  bool ending() const noexcept { return ending_; }
  const Tally& tally() const noexcept { return tally_; }
  Nanoseconds last_answer() const noexcept { return last_answer_; }      // in the window
  Nanoseconds latest_answer() const noexcept { return latest_answer_; }  // of all
  Failure last_failure() const noexcept { return last_failure_; }
  int last_error() const noexcept { return last_error_; }  // errno value of that failure, or 0

  // Requests answered in the window so far; whether any was, ever. Any thread.
  std::uint64_t answered_so_far() const noexcept {
    return answered_.load(std::memory_order_relaxed);
  }
  bool ever_answered() const noexcept { return ever_answered_.load(std::memory_order_relaxed); }

 protected:
  EventLoop& loop() noexcept { return loop_; }

  // When the open loop's next request is due; nothing before its schedule and after the window.
  std::optional<Nanoseconds> next_due() const noexcept {
    if (!arrivals_ || arrivals_->due() >= window_end_) return std::nullopt;
    return arrivals_->due();
  }

 private:
  virtual void on_client_settled() = 0;
  virtual void on_client_closed(Failure failure) = 0;
  virtual void on_schedule() = 0;
  virtual void on_wait(Waiter& waiter) = 0;
  virtual void on_stop_waiting(Waiter& waiter) noexcept = 0;

  std::optional<Nanoseconds> take_scheduled(Nanoseconds now);
  bool is_due(Nanoseconds end) const noexcept { return arrivals_ && arrivals_->due() < end; }
  bool in_window(Nanoseconds at) const noexcept { return at >= window_begin_ && at < window_end_; }

  EventLoop& loop_;
  std::uint64_t next_serial_;
  const bool open_loop_;
  std::optional<Arrivals> arrivals_;
  Nanoseconds connection_due_{0};
  std::size_t allowance_ = SIZE_MAX;
  bool ending_ = false;
  bool patient_ = true;
  Nanoseconds window_begin_ = Nanoseconds::max();
  Nanoseconds window_end_ = Nanoseconds::max();
  Nanoseconds last_answer_{0};
  Nanoseconds latest_answer_{0};
  Failure last_failure_ = Failure::none;
  int last_error_ = 0;
  Tally tally_;
  std::string common_reply_;
  std::atomic<std::uint64_t> answered_{0};  // both are for onlookers: only this loop writes them
  std::atomic<bool> ever_answered_{false};
};

}  // namespace collet::apps

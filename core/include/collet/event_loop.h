// SPDX-License-Identifier: MIT
// event_loop.h: one thread's loop over one Proactor: completions, timers, posted tasks.
//
// A pass reads the clock once, fires due timers, runs posted tasks, hands completions to their
// handlers and then runs what these deferred. Each step is bounded, so none starves the others.
//
// Unless a comment says "any thread", call from the thread inside run(), or before run() begins.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include <collet/proactor.h>
#include <collet/task.h>

namespace collet {

class TimerQueue;

// Receives the completions of the handles it opened with token_of(itself).
class CompletionHandler {
 public:
  virtual void on_completion(Completion& completion) noexcept = 0;

  static Token token_of(CompletionHandler& handler) noexcept {
    return static_cast<Token>(reinterpret_cast<std::uintptr_t>(&handler));
  }

 protected:
  ~CompletionHandler() = default;
};

// Names an armed timer; a default-constructed one names none.
enum class TimerId : std::uint64_t { none = 0 };

struct LoopStats {
  std::uint64_t passes = 0;
  std::uint64_t completions = 0;
  std::uint64_t posts = 0;           // tasks accepted by post()
  std::uint64_t wakes = 0;           // posts that had to wake the loop; the others merged
  std::uint64_t timers = 0;          // timers fired
  std::uint64_t threw = 0;           // posted, deferred or timer tasks that threw
  std::uint64_t bounded_posts = 0;   // passes that left posted tasks to the next one
  std::uint64_t bounded_timers = 0;  // likewise timers that may be due
  Counters proactor;

  void merge(const LoopStats& other) noexcept;
};

class EventLoop final : private CompletionSink {
 public:
  using Nanoseconds = std::chrono::nanoseconds;

  explicit EventLoop(std::unique_ptr<Proactor> proactor);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Runs passes until stop(). Tasks accepted by post() before the stop have been run when it
  // returns; timers still armed have not. At most once in a loop's life.
  void run();

  // Ends run() after the pass in progress, and refuses later posts. Any thread.
  void stop() noexcept;

  // Runs `task` on the loop soon, in the order of posting. False, with `task` destroyed, once the
  // loop has been stopped. Any thread.
  bool post(Task task);

  // Runs `task` once, before the loop waits again: for work gathered over a pass. Never blocks the
  // caller and takes no lock, unlike post().
  void defer(Task task);

  // Runs `task` at or after the given time of now(). Sums saturate. Timers of equal time fire in
  // the order they were armed. O(1), but O(log n) if due within a quarter of a second.
  TimerId call_at(Nanoseconds when, Task task);
  TimerId call_after(Nanoseconds delay, Task task);

  // Destroys the timer's task unrun. False if it has fired or been cancelled. Costs as much.
  bool cancel(TimerId timer);

  // Time as read at the start of this pass; and as it is now, which costs a clock read.
  Nanoseconds now() const noexcept { return now_; }
  Nanoseconds read_clock() noexcept { return proactor_->now(); }

  // The number of passes in which everything that was ready has been handed over.
  std::uint64_t complete_passes() const noexcept { return complete_passes_; }

  Proactor& proactor() noexcept { return *proactor_; }
  LoopStats stats() const noexcept;

  // True on the thread inside run(), and on any thread while none is. Any thread.
  bool in_loop_thread() const noexcept;

  // True on the thread inside run() alone. Any thread.
  bool runs_here() const noexcept;

  // True while a wake has been sent and the wait that it is to end goes on: for a moment, or for as
  // long as a backend has lost it. Any thread.
  bool waits_for_wake() const noexcept { return sleep_ == Sleep::woken; }

 private:
  void complete(Completion& completion) noexcept override;
  void run_posted();
  bool more_posted() const noexcept;
  void run_deferred();
  void fire_timers();
  void run_task(Task& task) noexcept;
  Nanoseconds wait_deadline();

  // `woken`: somebody has sent the wake for this sleep, and the loop has not yet noticed.
  enum class Sleep : std::uint8_t { awake, asleep, woken };

  std::unique_ptr<Proactor> proactor_;
  std::unique_ptr<TimerQueue> timers_;
  std::vector<Task> deferred_;
  std::vector<Task> running_;  // deferred tasks being run: kept to reuse its memory
  std::vector<Task> taken_;    // posted tasks taken from posted_, run from next_taken_ on
  std::size_t next_taken_ = 0;
  Nanoseconds now_{};
  std::uint64_t complete_passes_ = 0;
  LoopStats stats_;
  std::atomic<std::uint64_t> thread_{0};

  // Written by any thread: posted_, and the change of stopped_, under the mutex. sleep_ is the
  // one word that posters and the loop race on: see EventLoop::post.
  std::mutex mutex_;
  std::vector<Task> posted_;
  std::atomic<bool> stopped_{false};
  std::atomic<bool> has_posted_{false};
  std::atomic<Sleep> sleep_{Sleep::awake};
  std::atomic<std::uint64_t> posts_{0};
  std::atomic<std::uint64_t> wakes_{0};
};

}  // namespace collet

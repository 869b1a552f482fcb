// SPDX-License-Identifier: MIT
#include <collet/event_loop.h>

#include <algorithm>
#include <cassert>
#include <functional>
#include <thread>
#include <utility>

#include "core/timer_queue.h"

namespace collet {
namespace {

// Bounds of one pass: what is over waits for the next, which then does not block.
constexpr std::size_t kMostTimers = 1024;
constexpr std::size_t kMostPosted = 4096;

std::uint64_t this_thread() noexcept {
  static thread_local const char identity = 0;
  return reinterpret_cast<std::uintptr_t>(&identity);
}

EventLoop::Nanoseconds saturating_sum(EventLoop::Nanoseconds a, EventLoop::Nanoseconds b) noexcept {
  if (b < EventLoop::Nanoseconds::zero()) return a;
  return a > EventLoop::Nanoseconds::max() - b ? EventLoop::Nanoseconds::max() : a + b;
}

}  // namespace

EventLoop::EventLoop(std::unique_ptr<Proactor> proactor)
    : proactor_(std::move(proactor)),
      timers_(std::make_unique<TimerQueue>()),
      now_(proactor_->now()) {}

EventLoop::~EventLoop() = default;

void EventLoop::run() {
  thread_.store(this_thread(), std::memory_order_relaxed);
  while (true) {
    now_ = proactor_->now();
    ++stats_.passes;
    fire_timers();
    run_posted();
    run_deferred();
    // In this order: what was accepted before the stop is visible once the stop is.
    if (stopped_.load(std::memory_order_acquire) && !more_posted()) break;
    if (proactor_->run(wait_deadline(), *this)) ++complete_passes_;
    sleep_.store(Sleep::awake, std::memory_order_relaxed);
    run_deferred();
  }
  thread_.store(0, std::memory_order_relaxed);
}

// Announces the sleep, then looks once more for work: the other half of post().
EventLoop::Nanoseconds EventLoop::wait_deadline() {
  if (!deferred_.empty()) return Nanoseconds::min();
  sleep_.store(Sleep::asleep, std::memory_order_seq_cst);
  if (more_posted()) return Nanoseconds::min();
  return timers_->earliest();
}

void EventLoop::stop() noexcept {
  {
    const std::lock_guard lock(mutex_);
    stopped_.store(true, std::memory_order_release);
  }
  proactor_->wake();
}

// Publishes the task, then looks whether the loop sleeps; the loop announces its sleep, then looks
// for tasks (wait_deadline). Sequential consistency makes one of the two see the other, so no wake
// is lost, and a loop that is awake costs no system call. Only the poster that turns sleep_ to
// `woken` wakes: the others' wakes merge into that one.
bool EventLoop::post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_.load(std::memory_order_relaxed)) return false;
    posted_.push_back(std::move(task));
    has_posted_.store(true, std::memory_order_seq_cst);
  }
  posts_.fetch_add(1, std::memory_order_relaxed);
  auto expected = Sleep::asleep;
  if (sleep_.compare_exchange_strong(expected, Sleep::woken, std::memory_order_seq_cst)) {
    wakes_.fetch_add(1, std::memory_order_relaxed);
    proactor_->wake();
  }
  return true;
}

// Takes all there is, and runs a bounded part of it a pass.
void EventLoop::run_posted() {
  if (next_taken_ == taken_.size()) {
    if (!has_posted_.load(std::memory_order_acquire)) return;
    taken_.clear();
    next_taken_ = 0;
    const std::lock_guard lock(mutex_);
    taken_.swap(posted_);
    has_posted_.store(false, std::memory_order_relaxed);
  }
  const std::size_t end = std::min(next_taken_ + kMostPosted, taken_.size());
  while (next_taken_ < end) run_task(taken_[next_taken_++]);
  if (end < taken_.size()) ++stats_.bounded_posts;
}

bool EventLoop::more_posted() const noexcept {
  return next_taken_ < taken_.size() || has_posted_.load(std::memory_order_seq_cst);
}

void EventLoop::defer(Task task) {
  assert(in_loop_thread());
  deferred_.push_back(std::move(task));
}

void EventLoop::run_deferred() {
  if (deferred_.empty()) return;
  running_.swap(deferred_);
  for (Task& task : running_) run_task(task);
  running_.clear();
}

TimerId EventLoop::call_at(Nanoseconds when, Task task) {
  assert(in_loop_thread());
  return timers_->arm(when, std::move(task));
}

TimerId EventLoop::call_after(Nanoseconds delay, Task task) {
  // From now as it is, not as the pass began: a timer must never fire early.
  return call_at(saturating_sum(proactor_->now(), delay), std::move(task));
}

bool EventLoop::cancel(TimerId timer) { return timers_->cancel(timer); }

void EventLoop::fire_timers() {
  for (std::size_t fired = 0; fired < kMostTimers; ++fired) {
    Task task = timers_->take_due(now_);
    if (!task) return;
    ++stats_.timers;
    run_task(task);
  }
  ++stats_.bounded_timers;
}

void EventLoop::run_task(Task& task) noexcept {
  if (!task.run()) ++stats_.threw;
}

void EventLoop::complete(Completion& completion) noexcept {
  ++stats_.completions;
  sleep_.store(Sleep::awake, std::memory_order_relaxed);  // awake: posts from here on need no wake
  const auto handler = static_cast<std::uintptr_t>(completion.token);
  if (handler == 0) return;  // of a stream closed before anybody had bound it
  reinterpret_cast<CompletionHandler*>(handler)->on_completion(completion);
}

LoopStats EventLoop::stats() const noexcept {
  LoopStats stats = stats_;
  stats.posts = posts_.load(std::memory_order_relaxed);
  stats.wakes = wakes_.load(std::memory_order_relaxed);
  stats.proactor = proactor_->counters();
  return stats;
}

void LoopStats::merge(const LoopStats& other) noexcept {
  passes += other.passes;
  completions += other.completions;
  posts += other.posts;
  wakes += other.wakes;
  timers += other.timers;
  threw += other.threw;
  bounded_posts += other.bounded_posts;
  bounded_timers += other.bounded_timers;
  proactor.stale_events += other.proactor.stale_events;
  proactor.lease_waits += other.proactor.lease_waits;
  proactor.bounded_passes += other.proactor.bounded_passes;
}

bool EventLoop::in_loop_thread() const noexcept {
  const std::uint64_t thread = thread_.load(std::memory_order_relaxed);
  return thread == 0 || thread == this_thread();
}

bool EventLoop::runs_here() const noexcept {
  return thread_.load(std::memory_order_relaxed) == this_thread();
}

}  // namespace collet

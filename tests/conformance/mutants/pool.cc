// SPDX-License-Identifier: MIT
// pool.cc: the plainest of pools, with the bugs that thread pools really had, one at a time.
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstring>
#include <deque>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <collet/plugin.h>

#include "tests/conformance/mutants/bug.h"

namespace collet::mutants {
namespace {

constexpr OptionDescription kBugs[] = {
    bug("half_batch", "T1.2: accepts the first half of a batch"),
    bug("takes_refused", "T1.3: empties the task that it refuses"),
    bug("accepts_stopped", "T1.3: accepts after stop()"),
    bug("loses_some", "T1.1: destroys every hundredth task unrun"),
    bug("runs_twice", "T1.1: runs every hundredth task twice"),
    bug("uncounted_throw", "T2.1: does not count what throws"),
    bug("throw_kills", "T2.3: a task that throws takes its worker along"),
    bug("full_blocks", "T3.1: submitting waits for room"),
    bug("lost_wake", "T4.1: forgets every thousandth wake"),
    bug("one_wake", "T8.1: wakes one worker for a batch"),
    bug("spins", "T5.1: idle workers look for work without pause"),
    bug("last_first", "T6.1: runs the latest task first"),
    bug("batch_backwards", "T6.2: runs a batch from its end"),
    bug("drain_drops", "T7.1: stop(drain) drops what has not begun"),
    bug("discard_runs", "T7.2: stop(discard) runs what has not begun"),
    bug("never_destroys", "T7.2: discards without destroying"),
    bug("destroys_locked", "T7.4: destroys tasks with its lock held"),
    bug("drain_accepts", "T7.6: accepts while it drains"),
    bug("does_not_join", "T7.8: stop() does not wait for tasks that run"),
    bug("waits_for_itself", "T7.9: stop() inside a task waits for that task"),
    bug("last_says_how", "T7.9: the last call of stop() says how it ends"),
    bug("leaves_early", "T7.10: does not wait for the end that a task began"),
    bug("one_at_a_time", "T8.2: runs one task at a time"),
    bug("wrong_count", "T9.1: says that it has one worker more"),
    bug("nameless", "T9.2: its threads have no name"),
    bug("keeps_threads", "T9.4: its threads outlive it"),
    bug("queue_uncounted", "T10.1: says that nothing is queued"),
    bug("refusal_uncounted", "T10.2: counts no refusal"),
};

class MutantPool final : public ThreadPool {
 public:
  MutantPool(const OptionValues& options, std::size_t workers) : bug_(kBugs, options) {
    for (std::size_t i = 0; i < workers; ++i) {
      threads_.emplace_back([this] { work(); });
      if (is("nameless")) continue;
      ::pthread_setname_np(threads_.back().native_handle(),
                           ("collet-" + std::to_string(i)).c_str());
    }
    if (is("keeps_threads")) leave_thread_behind();
  }
  ~MutantPool() override {
    stop(StopMode::discard);
    join();
  }

  bool submit(Task& task) noexcept override { return submit_bulk({&task, 1}) == 1; }
  bool try_submit(Task& task) noexcept override { return submit(task); }

  std::size_t submit_bulk(std::span<Task> tasks) noexcept override {
    std::size_t count = tasks.size();
    if (is("half_batch")) count = (count + 1) / 2;
    bool wakes = true;
    {
      std::unique_lock lock(mutex_);
      if (stopped_ && is("accepts_stopped")) return count;
      if (stopped_ && !(is("drain_accepts") && !joined_)) {
        if (!is("refusal_uncounted")) stats_.refused += count;
        if (is("takes_refused") && count > 0) tasks[0] = Task();
        return 0;
      }
      if (is("full_blocks")) room_.wait(lock, [this] { return queue_.size() < 64; });
      for (std::size_t i = 0; i < count; ++i) {
        queue_.push_back(std::move(tasks[is("batch_backwards") ? count - 1 - i : i]));
        if (is("loses_some") && ++submitted_ % 100 == 0) queue_.back() = Task([] {});
      }
      stats_.accepted += count;
      wakes = !is("lost_wake") || ++wakes_ % 1000 != 0;
    }
    if (wakes) count == 1 || is("one_wake") ? wake_.notify_one() : wake_.notify_all();
    return count;
  }

  void stop(StopMode mode) noexcept override {
    std::deque<Task> unrun;
    {
      const std::lock_guard lock(mutex_);
      const bool decides = !std::exchange(stopped_, true) || is("last_says_how");
      const bool discards = mode == StopMode::discard ? !is("discard_runs") : is("drain_drops");
      if (discards && decides) {
        unrun.swap(queue_);
        stats_.discarded += unrun.size();
      }
      if (is("destroys_locked")) unrun.clear();
    }
    wake_.notify_all();
    if (is("never_destroys")) static_cast<void>(new std::deque<Task>(std::move(unrun)));
    unrun.clear();
    if (works_here == this) return is("waits_for_itself") ? wait_for_ever() : leave_early();
    if (!is("does_not_join")) join();
  }

  std::size_t workers() const noexcept override {
    return threads_.size() + (is("wrong_count") ? 1 : 0);
  }

  PoolStats stats() const noexcept override {
    const std::lock_guard lock(mutex_);
    PoolStats stats = stats_;
    stats.queued = is("queue_uncounted") ? 0 : queue_.size();
    return stats;
  }

 private:
  bool is(const char* name) const noexcept { return bug_.is(name); }

  void join() {
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
    joined_ = true;
  }
  static void wait_for_ever() { ::pause(); }
  void leave_early() {
    if (!is("leaves_early")) return;
    for (std::thread& thread : threads_) thread.detach();
  }

  void work() {
    works_here = this;
    std::unique_lock lock(mutex_);
    while (true) {
      wait_for_work(lock);
      if (queue_.empty()) return;
      Task task = std::move(is("last_first") ? queue_.back() : queue_.front());
      is("last_first") ? queue_.pop_back() : queue_.pop_front();
      room_.notify_one();
      if (is("one_at_a_time")) turn_.lock();
      lock.unlock();
      if (is("runs_twice") && ++begun_ % 100 == 0) run_twin_of(task);
      const bool completed = task.run();
      if (is("one_at_a_time")) turn_.unlock();
      lock.lock();
      ++stats_.run;
      if (!completed && !is("uncounted_throw")) ++stats_.threw;
      if (!completed && is("throw_kills")) return;
    }
  }

  // As a queue does whose slot two workers take: the bytes are in two places.
  static void run_twin_of(const Task& task) {
    alignas(Task) std::byte twin[sizeof(Task)];
    std::memcpy(twin, &task, sizeof twin);
    std::launder(reinterpret_cast<Task*>(twin))->run();
  }

  void wait_for_work(std::unique_lock<std::mutex>& lock) {
    while (is("spins") && queue_.empty() && !stopped_) {
      lock.unlock();
      std::this_thread::yield();
      lock.lock();
    }
    wake_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
  }

  static inline thread_local const MutantPool* works_here = nullptr;

  const Bug bug_;
  mutable std::mutex mutex_;
  std::mutex turn_;
  std::condition_variable wake_;
  std::condition_variable room_;
  std::deque<Task> queue_;
  PoolStats stats_;
  std::uint64_t submitted_ = 0;
  std::atomic<std::uint64_t> begun_{0};
  std::uint64_t wakes_ = 0;
  bool stopped_ = false;
  bool joined_ = false;
  std::vector<std::thread> threads_;
};

constexpr PoolDescription kMutant{
    .name = "mutant_pool",
    .summary = "one queue and a bug, to see whether it is found",
    .options = kBugs,
    .has_workers = true,
    .make = [](const OptionValues& options, std::size_t workers, Refusal&) -> ThreadPool* {
      return new MutantPool(options, workers);
    },
};

}  // namespace
}  // namespace collet::mutants

COLLET_PLUGIN(collet::mutants::kMutant, "0.1")

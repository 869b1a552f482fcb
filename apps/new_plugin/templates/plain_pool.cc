// SPDX-License-Identifier: MIT
// plain_pool.cc: one queue, one mutex, and threads that sleep on a condition variable.
//
// The rules T1 to T10 that a pool must keep are in <collet/thread_pool.h>; beside each piece of
// code below stands the one that it is there for.
#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdio>
#include <deque>
#include <mutex>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include <collet/guarded.h>
#include <collet/plugin.h>

namespace {

using collet::OptionValues;
using collet::PoolStats;
using collet::StopMode;
using collet::Task;

// An ordinary class: guarded.h puts it behind the interface, and turns what it throws into errors.
class PlainPool {
 public:
  // The values of the options below, and how many threads are asked for, at least one. What is
  // thrown here is shown to the user as the reason why there is no pool.
  PlainPool(const OptionValues& options, std::size_t workers)
      : capacity_(static_cast<std::size_t>(options["capacity"])) {
    try {
      for (std::size_t i = 0; i < workers; ++i) threads_.emplace_back([this, i] { work(i); });
    } catch (...) {
      stop(StopMode::discard);  // no more threads to be had: ends those there are
      throw;
    }
  }
  PlainPool(const PlainPool&) = delete;
  PlainPool& operator=(const PlainPool&) = delete;
  ~PlainPool() { stop(StopMode::discard); }  // T7: if nobody did

  bool submit(Task& task) { return accept({&task, 1}, kUnbounded); }
  bool try_submit(Task& task) { return accept({&task, 1}, capacity_); }
  std::size_t submit_bulk(std::span<Task> tasks) {
    return accept(tasks, kUnbounded) ? tasks.size() : 0;
  }

  void stop(StopMode mode) {
    std::deque<Task> unrun;
    {
      const std::lock_guard lock(mutex_);
      if (mode == StopMode::discard && !stopped_) unrun.swap(queue_);  // T7: the first says how
      stopped_ = true;
      stats_.discarded += unrun.size();
    }
    wake_.notify_all();
    unrun.clear();  // without the mutex: a task's destructor may call anything, this pool included
    if (works_here == this) return;  // T7: inside a task, which cannot wait for itself
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

  std::size_t workers() const { return threads_.size(); }

  PoolStats stats() const {
    const std::lock_guard lock(mutex_);
    PoolStats stats = stats_;
    stats.queued = queue_.size();
    return stats;
  }

 private:
  static constexpr std::size_t kUnbounded = 0;

  bool accept(std::span<Task> tasks, std::size_t capacity) {
    {
      const std::lock_guard lock(mutex_);
      const bool full = capacity != kUnbounded && queue_.size() >= capacity;
      if (stopped_ || full) {
        stats_.refused += tasks.size();
        return false;
      }
      // T1: room for all of them first, so that all are taken or none is touched.
      const std::size_t before = queue_.size();
      queue_.resize(before + tasks.size());
      std::move(tasks.begin(), tasks.end(), queue_.begin() + static_cast<std::ptrdiff_t>(before));
      stats_.accepted += tasks.size();
    }
    // T4: whoever is about to sleep either saw the queue under the mutex or is woken now.
    tasks.size() == 1 ? wake_.notify_one() : wake_.notify_all();
    return true;
  }

  void work(std::size_t index) {
    char name[16];  // as much as the kernel keeps
    std::snprintf(name, sizeof name, "collet-plain-%zu", index);
    ::pthread_setname_np(::pthread_self(), name);
    works_here = this;
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return stopped_ || !queue_.empty(); });  // T5
      if (queue_.empty()) return;             // stopped, and nothing is left to drain
      Task task = std::move(queue_.front());  // T6: first in, first out
      queue_.pop_front();
      lock.unlock();                      // T3, T8: nobody waits for a task to run
      const bool completed = task.run();  // T2: false if it threw
      lock.lock();
      ++stats_.run;
      if (!completed) ++stats_.threw;
    }
  }

  static inline thread_local const PlainPool* works_here = nullptr;

  const std::size_t capacity_;
  mutable std::mutex mutex_;  // guards all that follows, but for threads_
  std::condition_variable wake_;
  std::deque<Task> queue_;
  PoolStats stats_;
  bool stopped_ = false;
  std::vector<std::thread> threads_;  // last: they use what is above
};

// What a user may say: `--pool plain:capacity=1000`. collet parses and checks it, shows it with
// --list, and records it with every result.
constexpr collet::OptionDescription kOptions[] = {
    {.name = "capacity",
     .type = collet::OptionType::integer,
     .default_value = 0,
     .minimum = 0,
     .maximum = 1 << 30,
     .help = "tasks that may wait before try_submit() refuses; 0: no bound"}};

constexpr collet::PoolDescription kPlain{
    .name = "plain",
    .summary = "one queue, one lock, task by task; idle workers sleep",
    .options = kOptions,
    .has_workers = true,
    .make = collet::guarded_pool<PlainPool>};

}  // namespace

COLLET_PLUGIN(kPlain, "1.0")

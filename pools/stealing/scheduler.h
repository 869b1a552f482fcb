// SPDX-License-Identifier: MIT
// scheduler.h: which worker runs which task, and which of them sleeps.
//
// Tasks from outside go to one queue, under one lock; those that a task submits, to the ring of its
// worker, without any. A worker takes from its ring, from the queue, and from the rings of others,
// in this order, and sleeps when all are empty. What it takes from the queue is its fair share, for
// one lock; it begins the first and puts the others into its ring, where idle workers can steal
// them. So no task that has not begun waits for one that has.
//
// A single worker has nobody who would steal, and keeps the order of acceptance: all tasks go
// through the queue.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include <collet/task.h>
#include <collet/thread_pool.h>

#include "pools/spin.h"
#include "pools/stealing/ring.h"
#include "pools/stealing/sleepers.h"
#include "pools/tally.h"
#include "pools/task_queue.h"

namespace collet::stealing {

// `Sleepers` is a parameter for the test, which plants bugs.
template <typename Platform, std::uint32_t kRingCapacity = 256,
          template <typename> typename SleepersOf = Sleepers>
class Scheduler {
 public:
  struct Worker {
    Ring<Platform, kRingCapacity> ring;
    std::size_t index = 0;
    std::uint32_t turn = 0;
    std::uint32_t dice = 0;  // never 0 once it has been made
    bool searching = false;  // counted as such in sleepers_
    Tally accepted;          // into its ring
    Tally begun;
    Tally discarded;
  };

  // A worker that is about to sleep goes on searching for `spin`.
  Scheduler(std::size_t workers, std::chrono::nanoseconds spin)
      : spin_(spin), sleepers_(workers), workers_(workers) {
    for (std::size_t i = 0; i < workers; ++i) {
      workers_[i].index = i;
      workers_[i].dice = static_cast<std::uint32_t>(i) + 1;
    }
  }

  std::size_t size() const noexcept { return workers_.size(); }
  Worker& worker(std::size_t index) noexcept { return workers_[index]; }

  // Takes all of `tasks`, or none: because it is closed, has no memory, or `capacity` tasks, unless
  // that is 0, wait already. `me`: the worker that calls; null if none does.
  bool submit(std::span<Task> tasks, std::size_t capacity, Worker* me) noexcept {
    if (me == nullptr || capacity != 0 || workers_.size() == 1 || tasks.size() > me->ring.room()) {
      return submit_to_queue(tasks, capacity);
    }
    // Too late is harmless: what lies in its ring a worker runs or discards before it ends.
    if (closed_.load(std::memory_order_relaxed)) return false;
    me->accepted.add(tasks.size());
    me->ring.push(static_cast<std::uint32_t>(tasks.size()),
                  [task = tasks.begin()](Task& into) mutable { into = std::move(*task++); });
    wake_if_due();
    return true;
  }

  // The next task of a worker, which calls this on its thread and waits in it. False when there
  // will be none.
  bool next(Worker& me, Task& task) noexcept {
    while (!has_ended()) {
      if (find(me, task)) {
        me.begun.add(1);
        if (std::exchange(me.searching, false) && sleepers_.end_search()) look_again();
        return true;
      }
      if (!sleep(me)) break;
    }
    return false;
  }

  // Refuses from now on. When drained: next() says so when nothing waits any more. When
  // discarded: at once; what waits in the queue goes into `unqueued`, and what waits in rings is
  // for discard() and discard_own(). False if it has been closed before.
  bool close(StopMode mode, TaskQueue& unqueued) noexcept {
    const std::lock_guard lock(mutex_);
    if (closed_.exchange(true, std::memory_order_relaxed)) return false;
    if (mode == StopMode::discard) std::swap(unqueued, queue_);
    queued_.store(queue_.size(), std::memory_order_relaxed);
    if (mode == StopMode::discard || sleepers_.all_asleep()) end();
    return true;
  }

  // After close(discard): destroys what waits in `unqueued` and in rings, without the lock, because
  // a task's destructor may call anything. Some may be on their way from ring to ring: whoever
  // moves them discards them.
  void discard(TaskQueue& unqueued) noexcept {
    std::uint64_t count = unqueued.size();
    while (!unqueued.empty()) unqueued.pop();
    for (Worker& worker : workers_) {
      while (!worker.ring.empty()) {
        if (Task task; worker.ring.steal_one(task)) {
          ++count;
        } else {
          std::this_thread::yield();  // a thief is at work
        }
      }
    }
    discarded_.fetch_add(count, std::memory_order_release);  // pairs with counts()
  }

  // The last that a worker does.
  void discard_own(Worker& me) noexcept {
    for (Task task; me.ring.pop(task); task = Task()) me.discarded.add(1);
  }

  struct Counts {
    std::uint64_t accepted = 0;
    std::uint64_t discarded = 0;
    std::size_t queued = 0;
  };

  Counts counts() const noexcept {
    const std::lock_guard lock(mutex_);
    return counts_locked();
  }

 protected:  // for the test, which plants bugs
  // Every so many turns a worker looks at the queue before its ring, or it might never come to it.
  static constexpr std::uint32_t kTurnsPerLookAtTheQueue = 61;

  // Half of a ring, so that what a worker's tasks submit finds room.
  static constexpr std::size_t kLargestShare = std::max(kRingCapacity / 2, 1U);

  bool submit_to_queue(std::span<Task> tasks, std::size_t capacity) noexcept {
    std::size_t woken = sleepers_.kNobody;
    {
      const std::lock_guard lock(mutex_);
      const bool full = capacity != 0 && counts_locked().queued >= capacity;
      if (closed_.load(std::memory_order_relaxed) || full || !queue_.push(tasks)) return false;
      accepted_ += tasks.size();
      queued_.store(queue_.size(), std::memory_order_relaxed);
      woken = sleepers_.choose();
    }
    unpark(woken);
    return true;
  }

  // Without the lock, which the woken thread may want at once.
  void unpark(std::size_t woken) noexcept {
    if (woken != sleepers_.kNobody) sleepers_.unpark(woken);
  }

  // After the last search has ended.
  void look_again() noexcept {
    std::size_t woken = sleepers_.kNobody;
    {
      const std::lock_guard lock(mutex_);
      if (anything_waits()) woken = sleepers_.choose();
    }
    unpark(woken);
  }

  // After something has been put into a ring.
  void wake_if_due() noexcept {
    if (!sleepers_.wake_is_due()) return;
    std::size_t woken = sleepers_.kNobody;
    {
      const std::lock_guard lock(mutex_);
      woken = sleepers_.choose();
    }
    unpark(woken);
  }

  bool find(Worker& me, Task& task) noexcept {
    const bool is_fair_turn = workers_.size() > 1 && ++me.turn % kTurnsPerLookAtTheQueue == 0;
    if (is_fair_turn && take_from_queue(me, task, 1)) return true;
    if (me.ring.pop(task) || take_from_queue(me, task, kLargestShare)) return true;
    if (!me.searching && !sleepers_.begin_search()) return false;
    me.searching = true;
    do {
      if (take_from_queue(me, task, kLargestShare) || steal(me, task)) return true;
    } while (spin_until(spin_, [this] { return anything_waits() || has_ended(); }) && !has_ended());
    return false;
  }

  // A fair share, `most` at most: the first of it; the others go into the ring.
  bool take_from_queue(Worker& me, Task& task, std::size_t most) noexcept {
    if (queued_.load(std::memory_order_relaxed) == 0) return false;
    std::size_t others = 0;
    {
      const std::lock_guard lock(mutex_);
      if (queue_.empty()) return false;
      const std::size_t share = (queue_.size() + workers_.size() - 1) / workers_.size();
      queue_.pop_into(task);
      others = std::min({share - 1, most - 1, std::size_t{me.ring.room()}});
      if (others > 0) {
        me.ring.push(static_cast<std::uint32_t>(others),
                     [this](Task& into) { queue_.pop_into(into); });
      }
      queued_.store(queue_.size(), std::memory_order_relaxed);
    }
    // A searcher looks when it ends that, in next().
    if (others > 0 && !me.searching) wake_if_due();
    return true;
  }

  bool steal(Worker& me, Task& task) noexcept {
    const std::size_t count = workers_.size();
    me.dice ^= me.dice << 13;  // xorshift32
    me.dice ^= me.dice >> 17;
    me.dice ^= me.dice << 5;
    for (std::size_t i = 0; i < count; ++i) {
      Worker& victim = workers_[(me.dice + i) % count];
      if (&victim == &me) continue;
      if (victim.ring.steal(me.ring, task)) return true;
    }
    return false;
  }

  // False: there will be nothing more. True: look again, as a searcher.
  bool sleep(Worker& me) noexcept {
    {
      const std::lock_guard lock(mutex_);
      const bool nobody_searches = sleepers_.announce(me.index, std::exchange(me.searching, false));
      if (nobody_searches && anything_waits()) {
        sleepers_.withdraw();
        me.searching = true;
        return true;
      }
      // Whoever sleeps has seen that nothing waits, and nobody is left who could submit.
      if (closed_.load(std::memory_order_relaxed) && sleepers_.all_asleep()) end();
    }
    sleepers_.park(me.index);
    me.searching = true;
    return !has_ended();
  }

  // With the lock, sees whatever was published before the caller's last step in sleepers_; without
  // it, a guess.
  bool anything_waits() const noexcept {
    return queued_.load(std::memory_order_relaxed) > 0 ||
           std::any_of(workers_.begin(), workers_.end(),
                       [](const Worker& worker) { return !worker.ring.empty(); });
  }

  bool has_ended() const noexcept { return ended_.load(std::memory_order_acquire); }

  void end() noexcept {
    ended_.store(true, std::memory_order_release);
    sleepers_.unpark_all();
  }

  // Tasks begun and discarded are counted after they are accepted, and read before: the difference
  // is never negative, and exact when nobody submits and no task begins.
  Counts counts_locked() const noexcept {
    Counts counts;
    std::uint64_t begun = 0;
    counts.discarded = discarded_.load(std::memory_order_acquire);
    for (const Worker& worker : workers_) {
      begun += worker.begun.get();
      counts.discarded += worker.discarded.get();
    }
    counts.accepted = accepted_;
    for (const Worker& worker : workers_) counts.accepted += worker.accepted.get();
    counts.queued = static_cast<std::size_t>(counts.accepted - begun - counts.discarded);
    return counts;
  }

  template <typename Value>
  using Atomic = typename Platform::template Atomic<Value>;

  const std::chrono::nanoseconds spin_;
  SleepersOf<Platform> sleepers_;
  mutable typename Platform::Mutex mutex_;  // guards queue_, accepted_ and the list in sleepers_
  TaskQueue queue_;
  std::uint64_t accepted_ = 0;     // into queue_
  Atomic<std::size_t> queued_{0};  // the size of queue_; a hint for those without the lock
  Atomic<bool> closed_{false};     // changed under the lock
  Atomic<bool> ended_{false};      // release in end(), acquire in has_ended()
  std::atomic<std::uint64_t> discarded_{0};  // by discard()
  std::vector<Worker> workers_;
};

}  // namespace collet::stealing

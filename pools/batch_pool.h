// SPDX-License-Identifier: MIT
// batch_pool.h: what the pools with one queue share. They differ in where their threads come from.
//
// Batches keep one queue and one mutex cheap. A submission is one lock and at most one wake,
// however many tasks it brings. A worker takes its fair share of the queue with one lock. A task in
// such a batch can be stolen until it begins, so that none waits behind a slow one while another
// worker is idle. Once its memory has grown to what is needed, nothing is allocated.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include <collet/thread_pool.h>

#include "pools/batch.h"
#include "pools/tally.h"

namespace collet {

class BatchPool : public ThreadPool {
 public:
  bool submit(Task& task) noexcept override;
  std::size_t submit_bulk(std::span<Task> tasks) noexcept override;
  bool try_submit(Task& task) noexcept override;
  std::size_t workers() const noexcept override { return workers_.size(); }
  PoolStats stats() const noexcept override;

 protected:
  struct Worker {
    Batch batch;
    Tally run;
    Tally threw;
    bool present = false;
    std::span<TaskSlot> discarded;
  };

  // A worker without tasks leaves after `longest_rest`; zero: at once, max(): never before the end.
  // `capacity`, unless 0, bounds try_submit(). A worker that is about to sleep first looks for
  // `spin` whether something comes.
  BatchPool(std::size_t workers, std::size_t capacity, std::chrono::nanoseconds longest_rest,
            std::chrono::nanoseconds spin);

  // Brings a thread that calls enter(), and work() with what that returned. Called without the
  // mutex, for at most one absent worker at a time.
  virtual void summon() noexcept = 0;

  // Takes the place of an absent worker. `summoned`: because of summon().
  Worker& enter(bool summoned) noexcept;

  // Runs tasks until it is time to leave. From then on the worker is absent.
  void work(Worker& me) noexcept;

  // The first part of stop(): refuses, wakes every sleeper and, for `discard`, destroys what has
  // not begun. False if that has been done before.
  bool close(StopMode mode) noexcept;

  // The second part: blocks until every worker is absent.
  void wait_until_deserted() noexcept;

  std::size_t index_of(const Worker& worker) const noexcept {
    return static_cast<std::size_t>(&worker - workers_.data());
  }

 private:
  enum class Wake : std::uint8_t { none, sleeper, absentee };

  bool accept(std::span<Task> tasks, std::size_t capacity) noexcept;
  void discard(TaskQueue& unqueued) noexcept;
  bool take(Worker& me) noexcept;
  bool fill(Worker& me) noexcept;
  bool spin(std::unique_lock<std::mutex>& lock) noexcept;
  bool sleep(std::unique_lock<std::mutex>& lock) noexcept;
  void leave(Worker& me) noexcept;
  Wake assign_wake(std::size_t least_queued) noexcept;
  void deliver(Wake wake) noexcept;
  std::size_t queued() const noexcept;

  const std::size_t capacity_;
  const std::chrono::nanoseconds longest_rest_;
  const std::chrono::nanoseconds spin_;
  std::atomic<bool> something_queued_{false};  // a hint for those who spin; changed under the mutex
  mutable std::mutex mutex_;  // guards all that follows, but for the atomics in workers_
  std::condition_variable wake_;
  std::condition_variable deserted_;
  TaskQueue queue_;
  std::size_t sleepers_ = 0;  // sleeping, and not meant by the wake under way
  std::size_t spinning_ = 0;
  std::size_t absent_;  // absent, and not meant by the wake under way
  Wake under_way_ = Wake::none;
  bool stopped_ = false;
  std::uint64_t accepted_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t discarded_ = 0;
  std::vector<Worker> workers_;
};

}  // namespace collet

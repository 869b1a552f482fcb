// SPDX-License-Identifier: MIT
// pool_times.h: how long tasks waited in a pool and how long they ran, timed by the decorator
// `count` over all instances of one choice (Pool::times()).
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include <collet/histogram.h>

namespace collet {

class PoolTimes {
 public:
  using Nanoseconds = std::chrono::nanoseconds;

  struct Totals {
    std::uint64_t tasks = 0;    // accepted
    std::uint64_t batches = 0;  // that some of them came in: submit_bulk()
    std::uint64_t largest_batch = 0;
    Histogram queue_delay;  // of the tasks that have run: from submission to their begin
    Histogram run_time;     // and from there to their end
  };

  // Any thread, of what the pool has accepted.
  void accept(std::size_t tasks) noexcept { tasks_.fetch_add(tasks, std::memory_order_relaxed); }
  void accept_batch(std::size_t tasks) noexcept;

  // Any thread, of a task that has run. A thread's first one takes memory.
  void record(Nanoseconds queue_delay, Nanoseconds run_time) noexcept;

  // Exact when nobody submits and no task runs.
  Totals totals() const;

 private:
  struct Times {
    Histogram queue_delay;
    Histogram run_time;
  };
  // Of one thread, unless there are more threads than shards.
  struct alignas(64) Shard {
    mutable std::mutex mutex;
    std::unique_ptr<Times> times;
  };
  static constexpr std::size_t kShards = 16;

  std::atomic<std::uint64_t> tasks_{0};
  std::atomic<std::uint64_t> batches_{0};
  std::atomic<std::uint64_t> largest_batch_{0};
  std::array<Shard, kShards> shards_;
};

}  // namespace collet

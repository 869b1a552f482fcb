// SPDX-License-Identifier: MIT
// pool_times.cc: a shard for each thread, merged when somebody asks.
#include <collet/pool_times.h>

namespace collet {
namespace {

std::size_t place_of_this_thread() noexcept {
  static constinit std::atomic<std::size_t> threads{0};
  static thread_local const std::size_t place = threads.fetch_add(1, std::memory_order_relaxed);
  return place;
}

}  // namespace

void PoolTimes::accept_batch(std::size_t tasks) noexcept {
  accept(tasks);
  batches_.fetch_add(1, std::memory_order_relaxed);
  std::uint64_t largest = largest_batch_.load(std::memory_order_relaxed);
  while (largest < tasks &&
         !largest_batch_.compare_exchange_weak(largest, tasks, std::memory_order_relaxed)) {
  }
}

void PoolTimes::record(Nanoseconds queue_delay, Nanoseconds run_time) noexcept {
  Shard& shard = shards_[place_of_this_thread() % kShards];
  const std::lock_guard lock(shard.mutex);
  if (shard.times == nullptr) shard.times = std::make_unique<Times>();
  shard.times->queue_delay.record(queue_delay);
  shard.times->run_time.record(run_time);
}

PoolTimes::Totals PoolTimes::totals() const {
  Totals totals;
  totals.tasks = tasks_.load(std::memory_order_relaxed);
  totals.batches = batches_.load(std::memory_order_relaxed);
  totals.largest_batch = largest_batch_.load(std::memory_order_relaxed);
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    if (shard.times == nullptr) continue;
    totals.queue_delay.merge(shard.times->queue_delay);
    totals.run_time.merge(shard.times->run_time);
  }
  return totals;
}

}  // namespace collet

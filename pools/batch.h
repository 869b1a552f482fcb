// SPDX-License-Identifier: MIT
// batch.h: the tasks that one worker has taken and not begun.
//
// Filled by its owner, under the pool's mutex, when it is empty. Emptied from the front by its
// owner, without the mutex, and from the back by other workers, who hold it. One atomic word names
// both ends, so that each task has one taker.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "pools/task_queue.h"

namespace collet {

class Batch {
 public:
  static constexpr std::size_t kCapacity = 64;

  std::size_t size() const noexcept { return size_of(ends_.load(std::memory_order_relaxed)); }

  // Takes the first `count` of `queue`.
  void fill(TaskQueue& queue, std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i) queue.pop_into(slots_[i].task);
    ends_.store(join(0, count), std::memory_order_relaxed);
  }

  // Takes the later half of `victim`'s tasks; returns how many.
  std::size_t steal(Batch& victim) noexcept {
    auto ends = victim.ends_.load(std::memory_order_relaxed);
    std::size_t count = 0;
    std::size_t from = 0;
    do {
      count = (size_of(ends) + 1) / 2;
      from = back(ends) - count;
    } while (count > 0 && !victim.exchange(ends, join(front(ends), from)));
    for (std::size_t i = 0; i < count; ++i) {
      slots_[i].task = std::move(victim.slots_[from + i].task);
    }
    if (count > 0) ends_.store(join(0, count), std::memory_order_relaxed);
    return count;
  }

  // The owner's next task, to be run in place; null when there is none.
  Task* next() noexcept {
    auto ends = ends_.load(std::memory_order_relaxed);
    while (size_of(ends) > 0) {
      if (exchange(ends, join(front(ends) + 1, back(ends)))) return &slots_[front(ends)].task;
    }
    return nullptr;
  }

  // All that has not begun: from here on only the caller touches these.
  std::span<TaskSlot> seize() noexcept {
    const auto ends = ends_.exchange(0, std::memory_order_relaxed);
    return std::span(slots_).subspan(front(ends), size_of(ends));
  }

 private:
  using Ends = std::uint64_t;

  static constexpr std::size_t front(Ends ends) noexcept { return ends & 0xffff'ffff; }
  static constexpr std::size_t back(Ends ends) noexcept { return ends >> 32; }
  static constexpr std::size_t size_of(Ends ends) noexcept { return back(ends) - front(ends); }
  static constexpr Ends join(std::size_t front, std::size_t back) noexcept {
    return static_cast<Ends>(back) << 32 | front;
  }

  // Relaxed is enough: what a slot holds passes between threads under the pool's mutex, and this
  // word decides only who takes it.
  bool exchange(Ends& expected, Ends desired) noexcept {
    return ends_.compare_exchange_weak(expected, desired, std::memory_order_relaxed);
  }

  std::atomic<Ends> ends_{0};
  std::array<TaskSlot, kCapacity> slots_;
};

}  // namespace collet

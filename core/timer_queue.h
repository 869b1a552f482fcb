// SPDX-License-Identifier: MIT
// timer_queue.h: tasks ordered by the time they are due.
//
// A heap of four children a node, whose elements know their place in it: arming and cancelling are
// O(log n), and a cancelled timer is gone at once, task and all.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include <collet/event_loop.h>
#include <collet/task.h>

#include "core/slab.h"

namespace collet {

class TimerQueue {
 public:
  using Nanoseconds = std::chrono::nanoseconds;

  TimerId arm(Nanoseconds when, Task task);
  bool cancel(TimerId id);

  // max() if there is none.
  Nanoseconds earliest() const noexcept {
    return heap_.empty() ? Nanoseconds::max() : heap_.front().when;
  }

  // The task of the earliest timer if that is due, else an empty task. Equal times leave in the
  // order of arming.
  Task take_due(Nanoseconds now);

 private:
  struct Node {
    Nanoseconds when;
    std::uint64_t order;
    std::uint32_t timer;

    bool before(const Node& other) const noexcept {
      return when != other.when ? when < other.when : order < other.order;
    }
  };
  struct Timer {
    std::uint32_t generation = 1;
    std::uint32_t place = 0;  // in the heap
    Task task;
  };

  void put(std::size_t place, const Node& node) noexcept;
  void sift_up(std::size_t place) noexcept;
  void sift_down(std::size_t place) noexcept;
  Task remove(std::size_t place) noexcept;

  std::vector<Node> heap_;
  Slab<Timer> timers_;
  std::uint64_t armed_ = 0;  // ever: breaks ties
};

}  // namespace collet

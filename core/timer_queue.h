// SPDX-License-Identifier: MIT
// timer_queue.h: tasks ordered by the time they are due.
//
// Most timers are cancelled long before they are due, so only those of the next quarter of a second
// are kept in order: in a heap of four children a node. Later ones lie unordered in the slots of a
// wheel (Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", 1987), one for each quarter
// of the next 275 s, and what is due after that on one pile. Arming and cancelling cost O(1), or
// O(log n) for what is due soon; a cancelled timer is gone at once, task and all.
#pragma once

#include <array>
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

  // When to look again: the time of the earliest timer, or of one before it that was cancelled long
  // before its time. max() if there is none.
  Nanoseconds earliest() const noexcept { return soon_.empty() ? next_ : soon_.front().when; }

  // The task of the earliest timer if that is due, else an empty task. Equal times leave in the
  // order of arming. `now` never goes back.
  Task take_due(Nanoseconds now);

 private:
  using Slot = std::int64_t;  // a quarter of a second, counted from the beginning of the clock
  static constexpr Slot kSlots = 1024;

  using Group = std::uint16_t;  // an index of groups_
  static constexpr Group kSoon = kSlots;
  static constexpr Group kBeyond = kSlots + 1;

  struct Node {
    Nanoseconds when;
    std::uint64_t order;
    std::uint32_t timer;

    bool before(const Node& other) const noexcept {
      return when != other.when ? when < other.when : order < other.order;
    }
  };
  using Nodes = std::vector<Node>;
  struct Timer {
    std::uint32_t generation = 1;
    std::uint32_t place = 0;  // in its group
    Group group = kSoon;
    Task task;
  };

  static Group on_wheel(Slot slot) noexcept;
  static Slot slot_of(Nanoseconds when) noexcept;
  Group group_of(Slot slot) const noexcept;

  void file(const Node& node);
  void file_all(Nodes& nodes);
  void advance(Slot past);
  Nanoseconds first_in_wheel() const noexcept;
  Task remove(Group group, std::size_t place) noexcept;

  void put(Group group, std::size_t place, const Node& node) noexcept;
  void sift_up(std::size_t place) noexcept;
  void sift_down(std::size_t place) noexcept;

  std::array<Nodes, kSlots + 2> groups_;
  Nodes& soon_ = groups_[kSoon];           // the heap: all before slot begin_
  Nodes& beyond_ = groups_[kBeyond];       // what was kSlots from begin_ or more when it was filed
  Slot begin_ = 1;                         // of the wheel
  Nanoseconds next_ = Nanoseconds::max();  // of all out of the heap, none is due before
  Nanoseconds next_beyond_ = Nanoseconds::max();  // likewise of those beyond
  Slab<Timer> timers_;
  std::uint64_t armed_ = 0;  // ever: breaks ties
};

}  // namespace collet

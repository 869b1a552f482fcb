// SPDX-License-Identifier: MIT
// task_queue.h: tasks, first in, first out, in a ring whose memory is kept: once it has grown to
// the size that is needed, nothing is allocated. Not for several threads at once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <utility>

#include <collet/task.h>

namespace collet {

// A task in a cache line of its own: neighbours are often touched by different threads.
struct alignas(64) TaskSlot {
  Task task;
};

class TaskQueue {
 public:
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

  // Takes all of `tasks`, or none and returns false when there is no memory.
  bool push(std::span<Task> tasks) noexcept {
    if (size_ + tasks.size() > capacity_ && !grow(size_ + tasks.size())) return false;
    for (Task& task : tasks) slot(size_++) = std::move(task);
    return true;
  }

  // Requires a queue that is not empty.
  Task pop() noexcept {
    Task task;
    pop_into(task);
    return task;
  }
  void pop_into(Task& task) noexcept {
    task = std::move(slot(0));
    first_ = (first_ + 1) & (capacity_ - 1);
    --size_;
  }

 private:
  static constexpr std::size_t kFirstCapacity = 64;

  // The capacity is a power of two.
  Task& slot(std::size_t index) noexcept { return slots_[(first_ + index) & (capacity_ - 1)].task; }

  bool grow(std::size_t needed) noexcept {
    std::size_t capacity = std::max(capacity_, kFirstCapacity);
    while (capacity < needed) capacity *= 2;
    std::unique_ptr<TaskSlot[]> slots(new (std::nothrow) TaskSlot[capacity]);
    if (slots == nullptr) return false;
    for (std::size_t i = 0; i < size_; ++i) slots[i].task = std::move(slot(i));
    slots_ = std::move(slots);
    capacity_ = capacity;
    first_ = 0;
    return true;
  }

  std::unique_ptr<TaskSlot[]> slots_;
  std::size_t capacity_ = 0;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace collet

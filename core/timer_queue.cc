// SPDX-License-Identifier: MIT
#include "core/timer_queue.h"

#include <algorithm>
#include <utility>

namespace collet {

TimerId TimerQueue::arm(Nanoseconds when, Task task) {
  const std::uint32_t index = timers_.acquire();
  timers_[index].task = std::move(task);
  heap_.push_back({when, armed_++, index});
  timers_[index].place = static_cast<std::uint32_t>(heap_.size() - 1);
  sift_up(heap_.size() - 1);
  return TimerId{std::uint64_t{timers_[index].generation} << 32 | index};
}

bool TimerQueue::cancel(TimerId id) {
  const auto word = static_cast<std::uint64_t>(id);
  const auto index = static_cast<std::uint32_t>(word);
  if (index >= timers_.size() || timers_[index].generation != word >> 32) return false;
  if (!timers_[index].task) return false;
  remove(timers_[index].place);
  return true;
}

Task TimerQueue::take_due(Nanoseconds now) {
  if (heap_.empty() || heap_.front().when > now) return {};
  return remove(0);
}

Task TimerQueue::remove(std::size_t place) noexcept {
  Timer& timer = timers_[heap_[place].timer];
  Task task = std::move(timer.task);
  if (++timer.generation == 0) timer.generation = 1;
  timers_.release(heap_[place].timer);
  const Node last = heap_.back();
  heap_.pop_back();
  if (place < heap_.size()) {
    put(place, last);
    sift_up(place);
    sift_down(timers_[last.timer].place);
  }
  return task;
}

void TimerQueue::put(std::size_t place, const Node& node) noexcept {
  heap_[place] = node;
  timers_[node.timer].place = static_cast<std::uint32_t>(place);
}

void TimerQueue::sift_up(std::size_t place) noexcept {
  const Node node = heap_[place];
  while (place > 0) {
    const std::size_t parent = (place - 1) / 4;
    if (!node.before(heap_[parent])) break;
    put(place, heap_[parent]);
    place = parent;
  }
  put(place, node);
}

void TimerQueue::sift_down(std::size_t place) noexcept {
  const Node node = heap_[place];
  while (true) {
    const std::size_t first = place * 4 + 1;
    if (first >= heap_.size()) break;
    const std::size_t end = std::min(first + 4, heap_.size());
    std::size_t least = first;
    for (std::size_t child = first + 1; child < end; ++child) {
      if (heap_[child].before(heap_[least])) least = child;
    }
    if (!heap_[least].before(node)) break;
    put(place, heap_[least]);
    place = least;
  }
  put(place, node);
}

}  // namespace collet

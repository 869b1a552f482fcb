// SPDX-License-Identifier: MIT
#include "core/timer_queue.h"

#include <algorithm>
#include <utility>

namespace collet {
namespace {

constexpr int kSlotBits = 28;  // nanoseconds: 268 ms

}  // namespace

TimerQueue::Slot TimerQueue::slot_of(Nanoseconds when) noexcept {
  return when.count() >> kSlotBits;
}

TimerQueue::Group TimerQueue::on_wheel(Slot slot) noexcept {
  return static_cast<Group>(slot % kSlots);
}

TimerQueue::Group TimerQueue::group_of(Slot slot) const noexcept {
  if (slot < begin_) return kSoon;
  return slot - begin_ < kSlots ? on_wheel(slot) : kBeyond;
}

// -- Arming and cancelling -----------------------------------------------------------------------

TimerId TimerQueue::arm(Nanoseconds when, Task task) {
  const std::uint32_t index = timers_.acquire();
  timers_[index].task = std::move(task);
  file({when, armed_++, index});
  return TimerId{std::uint64_t{timers_[index].generation} << 32 | index};
}

void TimerQueue::file(const Node& node) {
  const Group group = group_of(slot_of(node.when));
  groups_[group].push_back(node);
  put(group, groups_[group].size() - 1, node);
  if (group == kSoon) return sift_up(soon_.size() - 1);
  next_ = std::min(next_, node.when);
  if (group == kBeyond) next_beyond_ = std::min(next_beyond_, node.when);
}

bool TimerQueue::cancel(TimerId id) {
  const auto word = static_cast<std::uint64_t>(id);
  const auto index = static_cast<std::uint32_t>(word);
  if (index >= timers_.size()) return false;
  const Timer& timer = timers_[index];
  if (timer.generation != word >> 32 || !timer.task) return false;
  remove(timer.group, timer.place);
  return true;
}

Task TimerQueue::remove(Group group, std::size_t place) noexcept {
  Nodes& nodes = groups_[group];
  Timer& timer = timers_[nodes[place].timer];
  Task task = std::move(timer.task);
  if (++timer.generation == 0) timer.generation = 1;
  timers_.release(nodes[place].timer);
  const Node last = nodes.back();
  nodes.pop_back();
  if (place == nodes.size()) return task;
  put(group, place, last);
  if (group == kSoon) {
    sift_up(place);
    sift_down(timers_[last.timer].place);
  }
  return task;
}

// -- Time passes ---------------------------------------------------------------------------------

Task TimerQueue::take_due(Nanoseconds now) {
  if (slot_of(now) >= begin_) advance(slot_of(now) + 1);
  if (soon_.empty() || soon_.front().when > now) return {};
  return remove(kSoon, 0);
}

// Puts all before slot `past` into the heap.
void TimerQueue::advance(Slot past) {
  const Slot from = std::max(begin_, slot_of(next_));
  const Slot to = std::min(past, begin_ + kSlots);
  begin_ = past;
  for (Slot slot = from; slot < to; ++slot) file_all(groups_[on_wheel(slot)]);
  // Half a turn early, so that it is not done again with every slot.
  if (slot_of(next_beyond_) < past + kSlots / 2) {
    next_beyond_ = Nanoseconds::max();
    file_all(beyond_);
  }
  next_ = std::min(first_in_wheel(), next_beyond_);
}

// Large ones are freed: at another time another slot will be the large one.
void TimerQueue::file_all(Nodes& nodes) {
  constexpr std::size_t kKept = 64;
  Nodes moving;
  moving.swap(nodes);
  for (const Node& node : moving) file(node);
  if (nodes.empty() && moving.capacity() <= kKept) {
    moving.clear();
    nodes.swap(moving);
  }
}

TimerQueue::Nanoseconds TimerQueue::first_in_wheel() const noexcept {
  for (Slot slot = begin_; slot < begin_ + kSlots; ++slot) {
    const Nodes& nodes = groups_[on_wheel(slot)];
    if (!nodes.empty()) return std::ranges::min(nodes, {}, &Node::when).when;
  }
  return Nanoseconds::max();
}

// -- The heap ------------------------------------------------------------------------------------

void TimerQueue::put(Group group, std::size_t place, const Node& node) noexcept {
  groups_[group][place] = node;
  Timer& timer = timers_[node.timer];
  timer.place = static_cast<std::uint32_t>(place);
  timer.group = group;
}

void TimerQueue::sift_up(std::size_t place) noexcept {
  const Node node = soon_[place];
  while (place > 0) {
    const std::size_t parent = (place - 1) / 4;
    if (!node.before(soon_[parent])) break;
    put(kSoon, place, soon_[parent]);
    place = parent;
  }
  put(kSoon, place, node);
}

void TimerQueue::sift_down(std::size_t place) noexcept {
  const Node node = soon_[place];
  while (true) {
    const std::size_t first = place * 4 + 1;
    if (first >= soon_.size()) break;
    const std::size_t end = std::min(first + 4, soon_.size());
    std::size_t least = first;
    for (std::size_t child = first + 1; child < end; ++child) {
      if (soon_[child].before(soon_[least])) least = child;
    }
    if (!soon_[least].before(node)) break;
    put(kSoon, place, soon_[least]);
    place = least;
  }
  put(kSoon, place, node);
}

}  // namespace collet

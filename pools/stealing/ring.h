// SPDX-License-Identifier: MIT
// ring.h: the tasks that one worker has and has not begun, first in, first out. Its owner pushes at
// the tail; the owner and thieves take at the head.
//
// A task is too large to be claimed and moved at once, and moving it changes the slot. So first it
// is claimed, by moving the head past it, and then it is moved; in between, the owner must not put
// another into its slot. Hence two heads, in one word:
//
//        emptied        head              tail              emptied + kCapacity
//   ───────┼── claimed ───┼──── waiting ────┼───── free ───────┼──
//
// They are equal unless a thief is at work. Then the owner, claiming too, moves `head` alone; other
// thieves find nothing to take; and the thief, when done, moves `emptied` up to `head`.
//
// Why that is right:
//   One taker for each task: `head` goes forward only, by compare-and-exchange of both heads, never
//     beyond a tail that was read after it. (They have 32 bits: to be mistaken, a thief would have
//     to sleep between two instructions while four thousand million tasks pass by.)
//   A thief sees the task whole: the owner stores the tail after filling the slot, the thief loads
//     it before emptying it (release in push(), acquire in claim()).
//   No slot is reused too early: the owner fills slots below emptied + kCapacity only, and
//     `emptied` passes what a thief claimed when that is moved out (release in finish(), acquire in
//     room(); compare-and-exchanges of others in between keep up that order). What the owner
//     claimed it may pass before, since the owner itself is who would reuse it, later.
//   Nobody sleeps beside a task: the tail is stored, and read by empty(), sequentially consistent.
//     sleepers.h says with what they pair.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <utility>

#include <collet/task.h>

namespace collet::stealing {

template <typename Platform, std::uint32_t kCapacity>
class Ring {
 public:
  static_assert(std::has_single_bit(kCapacity));

  // -- The owner's

  // For how many more tasks push() has slots.
  std::uint32_t room() const noexcept {
    const auto heads = heads_.load(std::memory_order_acquire);  // pairs with finish()
    return kCapacity - (tail_.load(std::memory_order_relaxed) - emptied(heads));
  }

  // Adds `count` tasks, each of which `fill` puts where it is told. Requires room for them.
  template <typename Fill>
  void push(std::uint32_t count, Fill&& fill) noexcept {
    const auto tail = tail_.load(std::memory_order_relaxed);
    for (std::uint32_t i = 0; i < count; ++i) slot(tail + i).fill(fill);
    tail_.store(tail + count, std::memory_order_seq_cst);  // pairs with claim(), and see sleepers.h
  }

  // The first task; false if there is none. Relaxed: what the owner takes it has put there.
  bool pop(Task& task) noexcept {
    const auto tail = tail_.load(std::memory_order_relaxed);
    auto heads = heads_.load(std::memory_order_relaxed);
    while (head(heads) != tail) {
      const auto at = head(heads);
      const auto later = join(emptied(heads) == at ? at + 1 : emptied(heads), at + 1);
      if (heads_.compare_exchange_weak(heads, later, std::memory_order_relaxed)) {
        slot(at).take(task);
        return true;
      }
    }
    return false;
  }

  // -- Anybody's

  // Half of the tasks: the first into `task`, the others into `mine`, the caller's own. False if
  // there is none, or another thief is at work.
  bool steal(Ring& mine, Task& task) noexcept {
    const auto most = mine.room() + 1;
    const Claim claimed =
        claim([most](std::uint32_t waiting) { return std::min(waiting - waiting / 2, most); });
    if (claimed.count == 0) return false;
    slot(claimed.from).take(task);
    if (claimed.count > 1) {
      mine.push(claimed.count - 1,
                [this, at = claimed.from](Task& into) mutable { slot(++at).take(into); });
    }
    finish(claimed);
    return true;
  }

  // One, for a caller that has no ring.
  bool steal_one(Task& task) noexcept {
    const Claim claimed = claim([](std::uint32_t) { return std::uint32_t{1}; });
    if (claimed.count == 0) return false;
    slot(claimed.from).take(task);
    finish(claimed);
    return true;
  }

  // Whether nothing waits to be claimed.
  bool empty() const noexcept {
    const auto at = head(heads_.load(std::memory_order_seq_cst));  // first, so that tail >= head
    return at == tail_.load(std::memory_order_seq_cst);            // see sleepers.h
  }

 protected:  // for the test, which plants bugs
  using Heads = std::uint64_t;

  struct Claim {
    std::uint32_t from;
    std::uint32_t count;
  };

  static constexpr std::uint32_t emptied(Heads heads) noexcept {
    return static_cast<std::uint32_t>(heads >> 32);
  }
  static constexpr std::uint32_t head(Heads heads) noexcept {
    return static_cast<std::uint32_t>(heads);
  }
  static constexpr Heads join(std::uint32_t emptied, std::uint32_t head) noexcept {
    return Heads{emptied} << 32 | head;
  }

  auto& slot(std::uint32_t index) noexcept { return slots_[index % kCapacity]; }

  // `share` says how many of those that wait. A tail that was read too late for its head fails the
  // exchange, as then the head has moved.
  template <typename Share>
  Claim claim(const Share& share) noexcept {
    auto heads = heads_.load(std::memory_order_acquire);  // not after the tail
    while (true) {
      const auto from = head(heads);
      const auto waiting = tail_.load(std::memory_order_acquire) - from;  // pairs with push()
      if (emptied(heads) != from || waiting == 0) return {from, 0};
      const auto count = share(waiting);
      if (heads_.compare_exchange_weak(heads, join(from, from + count),
                                       std::memory_order_acquire)) {
        return {from, count};
      }
    }
  }

  void finish(const Claim& claimed) noexcept {
    auto heads = join(claimed.from, claimed.from + claimed.count);
    while (!heads_.compare_exchange_weak(heads, join(head(heads), head(heads)),
                                         std::memory_order_release,  // pairs with room()
                                         std::memory_order_relaxed)) {
    }
  }

  template <typename Value>
  using Atomic = typename Platform::template Atomic<Value>;

  alignas(64) Atomic<Heads> heads_{0};
  alignas(64) Atomic<std::uint32_t> tail_{0};
  std::array<typename Platform::Slot, kCapacity> slots_;
};

}  // namespace collet::stealing

// SPDX-License-Identifier: MIT
// sleepers.h: which workers sleep, how many search, and whom to wake.
//
// A worker searches when it has nothing of its own and looks for tasks of others. One that is woken
// begins as a searcher. Whoever has put a task somewhere wakes somebody only if nobody searches: a
// burst costs its submitter one wake, and brings the next worker when the first has found
// something. Who searches and who sleeps is one word, so that every change of it is one step.
//
// No wake is lost. Everybody keeps to this:
//   to submit     publish the task; then look at the word, and wake one if some sleep and none
//                 searches: wake_is_due()
//   to search     count oneself; to end it, uncount oneself; if that was the last searcher, look at
//                 all queues, and if something waits, wake one as above: end_search()
//   to sleep      announce it, which ends searching in the same step; if nobody searches now, look
//                 at all queues; if something waits, take it back and search: announce(),
//                 withdraw()
//
// Why that is enough. There are two kinds of places. To the queue, tasks are published under the
// lock, which is kept until the look at the word; and whoever looks at all queues takes that lock
// after its step on the word. If it comes first, its step is seen by whoever publishes; if second,
// it sees the task. To a ring they are published without a lock. There the store of the tail in
// Ring::push() and the load of the word after it, the step on the word and the load of the tail in
// Ring::empty() after that are all sequentially consistent: in their one order, again, either the
// publisher sees the step, or whoever made the step sees the task.
//   Now say a task waits, and take the look L that followed its publication. At L either nobody
// sleeps; or somebody searches, or has been woken by L and is counted as searching from then on.
// The number of searchers falls by end_search() and announce() only. Whoever brings it to none, or
// announces when it is none, and was not seen to by L, looks at all queues and sees the task,
// unless it has been taken. Then it searches, or somebody does whom it has woken, and we are where
// we were. So as long as the task waits, either somebody searches, or is about to look, or nobody
// sleeps; and who does not sleep looks at all queues when it has run what it has.
//   A thief at work hides the tasks that it moves. It is a searcher, and publishes them before it
//   ends that.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace collet::stealing {

template <typename Platform>
class Sleepers {
 public:
  static constexpr std::size_t kNobody = SIZE_MAX;

  explicit Sleepers(std::size_t workers) : parkers_(workers) { asleep_.reserve(workers); }

  // -- Without the lock

  // False: enough others search, half of those awake. That many is not exact, and need not be.
  bool begin_search() noexcept {
    const auto word = word_.load(std::memory_order_relaxed);
    const auto awake = parkers_.size() - asleep(word);
    if (2 * searching(word) >= awake) return false;
    word_.fetch_add(kOneSearching, std::memory_order_seq_cst);
    return true;
  }

  // True: nobody searches any more, so the caller has to look at all queues.
  bool end_search() noexcept {
    return searching(word_.fetch_sub(kOneSearching, std::memory_order_seq_cst)) == 1;
  }

  bool wake_is_due() const noexcept {
    const auto word = word_.load(std::memory_order_seq_cst);
    return searching(word) == 0 && asleep(word) > 0;
  }

  void park(std::size_t worker) noexcept { parkers_[worker].park(); }
  void unpark(std::size_t worker) noexcept { parkers_[worker].unpark(); }
  void unpark_all() noexcept {
    for (auto& parker : parkers_) parker.unpark();
  }

  // -- With the scheduler's lock, which guards the list

  // True: nobody searches, so the caller has to look at all queues before it lets go of the lock.
  // `searched`: whether it was counted as a searcher.
  bool announce(std::size_t worker, bool searched) noexcept {
    asleep_.push_back(worker);
    const auto change = kOneAsleep - (searched ? kOneSearching : 0);
    return searching(word_.fetch_add(change, std::memory_order_seq_cst) + change) == 0;
  }

  // Takes the last announcement back: that worker searches.
  void withdraw() noexcept {
    asleep_.pop_back();
    word_.fetch_add(kOneSearching - kOneAsleep, std::memory_order_seq_cst);
  }

  // Whom to unpark, who searches from now on; kNobody if no wake is due. The last who went to
  // sleep, as its caches are the warmest.
  std::size_t choose() noexcept {
    if (!wake_is_due()) return kNobody;
    const std::size_t chosen = asleep_.back();
    withdraw();
    return chosen;
  }

  bool all_asleep() const noexcept { return asleep_.size() == parkers_.size(); }

 private:
  using Word = std::uint64_t;

  static constexpr Word kOneSearching = 1;
  static constexpr Word kOneAsleep = Word{1} << 32;
  static constexpr std::size_t searching(Word word) noexcept { return word & 0xffff'ffff; }
  static constexpr std::size_t asleep(Word word) noexcept { return word >> 32; }

  alignas(64) typename Platform::template Atomic<Word> word_{0};
  std::vector<std::size_t> asleep_;
  std::vector<typename Platform::Parker> parkers_;
};

}  // namespace collet::stealing

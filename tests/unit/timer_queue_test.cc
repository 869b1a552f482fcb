// SPDX-License-Identifier: MIT
// timer_queue_test.cc: tasks leave in the order they are due, and cancelled ones never do.
#include "core/timer_queue.h"

#include <algorithm>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace collet {
namespace {

using std::chrono::nanoseconds;

class TimerQueueTest : public ::testing::Test {
 protected:
  TimerId arm(int when, int name) {
    return queue_.arm(nanoseconds(when), [this, name] { fired_.push_back(name); });
  }

  // Runs what is due at `now`, and returns the names in the order of firing.
  std::vector<int> fire(int now) {
    fired_.clear();
    while (Task task = queue_.take_due(nanoseconds(now))) task.run();
    return fired_;
  }

  TimerQueue queue_;

 private:
  std::vector<int> fired_;
};

using Names = std::vector<int>;

TEST_F(TimerQueueTest, EmptyHasNothingDue) {
  EXPECT_EQ(queue_.earliest(), nanoseconds::max());
  EXPECT_FALSE(queue_.take_due(nanoseconds::max()));
}

TEST_F(TimerQueueTest, LeavesInTheOrderOfTime) {
  for (const int when : {5, 3, 9, 1, 7}) arm(when, when);
  EXPECT_EQ(queue_.earliest(), nanoseconds(1));
  EXPECT_EQ(fire(100), (Names{1, 3, 5, 7, 9}));
  EXPECT_EQ(queue_.earliest(), nanoseconds::max());
}

TEST_F(TimerQueueTest, EqualTimesLeaveInTheOrderOfArming) {
  for (int name = 0; name < 100; ++name) arm(10 * (name % 2), name);
  Names expected;
  for (int name = 0; name < 100; name += 2) expected.push_back(name);
  for (int name = 1; name < 100; name += 2) expected.push_back(name);
  EXPECT_EQ(fire(10), expected);
}

TEST_F(TimerQueueTest, NotDueStays) {
  arm(10, 1);
  EXPECT_EQ(fire(9), Names{});
  EXPECT_EQ(fire(10), Names{1});
}

TEST_F(TimerQueueTest, TimesAtBothEndsOfTheRangeKeepTheirOrder) {
  queue_.arm(nanoseconds::max(), [] {});
  queue_.arm(nanoseconds::min(), [] {});
  EXPECT_EQ(queue_.earliest(), nanoseconds::min());
  EXPECT_TRUE(queue_.take_due(nanoseconds::min()));
  EXPECT_FALSE(queue_.take_due(nanoseconds::max() - nanoseconds(1)));
}

TEST_F(TimerQueueTest, CancelledTimerNeverFires) {
  arm(1, 1);
  const TimerId second = arm(2, 2);
  arm(3, 3);
  EXPECT_TRUE(queue_.cancel(second));
  EXPECT_EQ(fire(10), (Names{1, 3}));
}

TEST_F(TimerQueueTest, CancellingTheEarliestUncoversTheNext) {
  const TimerId first = arm(1, 1);
  arm(2, 2);
  EXPECT_TRUE(queue_.cancel(first));
  EXPECT_EQ(queue_.earliest(), nanoseconds(2));
}

TEST_F(TimerQueueTest, OnlyAnArmedTimerCanBeCancelled) {
  const TimerId fired = arm(1, 1);
  const TimerId cancelled = arm(2, 2);
  fire(1);
  EXPECT_FALSE(queue_.cancel(fired));
  EXPECT_TRUE(queue_.cancel(cancelled));
  EXPECT_FALSE(queue_.cancel(cancelled));
  EXPECT_FALSE(queue_.cancel(TimerId::none));
  EXPECT_FALSE(queue_.cancel(TimerId{~std::uint64_t{0}}));
}

TEST_F(TimerQueueTest, AnOldNameDoesNotReachTheTimerThatTookItsPlace) {
  std::vector<TimerId> old;
  for (int i = 0; i < 100; ++i) {
    old.push_back(arm(1, i));
    fire(1);
  }
  arm(2, 1000);
  for (const TimerId timer : old) EXPECT_FALSE(queue_.cancel(timer));
  EXPECT_EQ(fire(2), Names{1000});
}

TEST_F(TimerQueueTest, CancellingDestroysTheTaskAtOnce) {
  auto owned = std::make_shared<int>(0);
  const TimerId timer = queue_.arm(nanoseconds(1), [owned] {});
  EXPECT_EQ(owned.use_count(), 2);
  EXPECT_TRUE(queue_.cancel(timer));
  EXPECT_EQ(owned.use_count(), 1);
}

TEST_F(TimerQueueTest, DestroysTheTasksOfTimersStillArmed) {
  auto owned = std::make_shared<int>(0);
  {
    TimerQueue queue;
    queue.arm(nanoseconds(1), [owned] {});
  }
  EXPECT_EQ(owned.use_count(), 1);
}

TEST_F(TimerQueueTest, ATaskThatDiesMayArmOthers) {
  struct ArmsWhenItDies {
    explicit ArmsWhenItDies(TimerQueue& queue) : queue_(&queue) {}
    ArmsWhenItDies(ArmsWhenItDies&& other) noexcept
        : queue_(std::exchange(other.queue_, nullptr)) {}
    ~ArmsWhenItDies() {
      for (int i = 0; queue_ != nullptr && i < 1000; ++i) queue_->arm(nanoseconds(5), [] {});
    }
    void operator()() {}
    TimerQueue* queue_;
  };
  const TimerId timer = queue_.arm(nanoseconds(1), ArmsWhenItDies(queue_));
  EXPECT_TRUE(queue_.cancel(timer));
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(queue_.take_due(nanoseconds(5)));
  EXPECT_FALSE(queue_.take_due(nanoseconds(5)));
}

// Against a list that is sorted when the answer is needed.
TEST_F(TimerQueueTest, AHundredThousandTimersLeaveInOrderWithHalfOfThemCancelled) {
  struct Armed {
    int when;
    int name;
    TimerId id;
  };
  constexpr int kTimers = 100'000;
  std::mt19937 random(20240613);
  std::vector<Armed> armed;
  for (int name = 0; name < kTimers; ++name) {
    const int when = static_cast<int>(random() % 5000);
    armed.push_back({when, name, arm(when, name)});
    if (random() % 2 == 0) continue;
    std::swap(armed[random() % armed.size()], armed.back());
    ASSERT_TRUE(queue_.cancel(armed.back().id));
    armed.pop_back();
  }
  std::sort(armed.begin(), armed.end(), [](const Armed& a, const Armed& b) {
    return a.when != b.when ? a.when < b.when : a.name < b.name;
  });
  Names expected;
  for (const Armed& timer : armed) expected.push_back(timer.name);
  Names fired;
  for (int now = 0; now < 5000; now += 100) {
    const Names batch = fire(now + 99);
    fired.insert(fired.end(), batch.begin(), batch.end());
    ASSERT_GE(queue_.earliest(), nanoseconds(now + 100));
  }
  EXPECT_EQ(fired, expected);
}

}  // namespace
}  // namespace collet

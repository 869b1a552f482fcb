// SPDX-License-Identifier: MIT
// timer_queue_test.cc: tasks leave in the order they are due, and cancelled ones never do.
#include "core/timer_queue.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
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

// Against a list that is sorted when the answer is needed: timers due within `reach`, looked at
// every `stride`, new ones armed and half of all cancelled meanwhile.
struct Crowd {
  const char* name;
  nanoseconds reach;
  nanoseconds stride;
};

class CrowdOfTimers : public ::testing::TestWithParam<Crowd> {
 protected:
  struct Armed {
    nanoseconds when;
    int name;
    TimerId id;

    bool operator<(const Armed& other) const {
      return when != other.when ? when < other.when : name < other.name;
    }
  };

  void arm_one() {
    const auto delay = nanoseconds(static_cast<std::int64_t>(
        random_() % static_cast<std::uint64_t>(GetParam().reach.count())));
    const int name = next_name_++;
    const TimerId id = queue_.arm(now_ + delay, [this, name] { fired_.push_back(name); });
    armed_.push_back({now_ + delay, name, id});
  }
  void cancel_one() {
    std::swap(armed_[random_() % armed_.size()], armed_.back());
    ASSERT_TRUE(queue_.cancel(armed_.back().id));
    armed_.pop_back();
  }
  void run_due() {
    while (Task task = queue_.take_due(now_)) task.run();
    const auto left = std::partition(armed_.begin(), armed_.end(),
                                     [this](const Armed& timer) { return timer.when <= now_; });
    std::sort(armed_.begin(), left);
    for (auto timer = armed_.begin(); timer != left; ++timer) expected_.push_back(timer->name);
    armed_.erase(armed_.begin(), left);
  }
  nanoseconds earliest_armed() const {
    return armed_.empty() ? nanoseconds::max()
                          : std::min_element(armed_.begin(), armed_.end())->when;
  }

  std::mt19937_64 random_{20240613};
  TimerQueue queue_;
  nanoseconds now_{};
  int next_name_ = 0;
  std::vector<Armed> armed_;
  Names fired_;
  Names expected_;
};

TEST_P(CrowdOfTimers, LeavesInOrderWithHalfOfItCancelled) {
  constexpr int kStart = 50'000;
  constexpr int kSteps = 100;
  for (int i = 0; i < kStart; ++i) {
    arm_one();
    if (i % 2 == 0) cancel_one();
  }
  for (int step = 0; step < kSteps; ++step) {
    run_due();
    ASSERT_EQ(fired_, expected_) << "after step " << step;
    ASSERT_GT(queue_.earliest(), now_);
    ASSERT_LE(queue_.earliest(), earliest_armed());
    for (int i = 0; i < 100; ++i) arm_one();
    for (int i = 0; i < 50; ++i) cancel_one();
    now_ += GetParam().stride;
  }
  now_ += GetParam().reach;
  run_due();
  EXPECT_EQ(fired_, expected_);
  EXPECT_EQ(queue_.earliest(), nanoseconds::max());
}

INSTANTIATE_TEST_SUITE_P(
    Reach, CrowdOfTimers,
    ::testing::Values(Crowd{"Microseconds", nanoseconds(5000), nanoseconds(50)},
                      Crowd{"Seconds", std::chrono::seconds(30), std::chrono::milliseconds(300)},
                      Crowd{"Hours", std::chrono::hours(3), std::chrono::minutes(2)},
                      Crowd{"HoursThatAreSleptThrough", std::chrono::hours(1),
                            std::chrono::minutes(59)},
                      Crowd{"Years", std::chrono::hours(24 * 365 * 20), std::chrono::hours(1)}),
    [](const auto& crowd) { return std::string(crowd.param.name); });

// An hour of nothing but this must not be an hour of looking.
TEST_F(TimerQueueTest, OneThatIsFarOffIsTheOnlyReasonToLook) {
  constexpr nanoseconds kHour = std::chrono::hours(1);
  queue_.arm(kHour, [] {});
  EXPECT_FALSE(queue_.take_due(nanoseconds(1)));
  EXPECT_EQ(queue_.earliest(), kHour);
  EXPECT_FALSE(queue_.take_due(std::chrono::minutes(30)));
  EXPECT_EQ(queue_.earliest(), kHour);
  EXPECT_TRUE(queue_.take_due(kHour));
}

}  // namespace
}  // namespace collet

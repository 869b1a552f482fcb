// SPDX-License-Identifier: MIT
// event_loop_timer_test.cc: timers of an event loop, by a clock that the test moves.
#include <collet/event_loop.h>

#include <functional>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/scripted_loop.h"

namespace collet {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

class EventLoopTimerTest : public ScriptedLoopTest {
 protected:
  void stop_after(nanoseconds delay) {
    loop_.call_after(delay, [this] { loop_.stop(); });
  }
  void name_after(nanoseconds delay, int name) {
    loop_.call_after(delay, [this, name] { fired_.push_back(name); });
  }

  std::vector<int> fired_;
};

using Names = std::vector<int>;

TEST_F(EventLoopTimerTest, FiresAtItsTimeAndNotBefore) {
  const nanoseconds start = loop_.now();
  nanoseconds fired_at{};
  loop_.call_after(milliseconds(5), [&] { fired_at = loop_.now(); });
  stop_after(seconds(1));
  loop_.run();
  EXPECT_EQ(fired_at, start + milliseconds(5));
  EXPECT_EQ(proactor_->deadlines()[0], start + milliseconds(5));
  EXPECT_EQ(proactor_->deadlines()[1], start + seconds(1));
}

// The kernel's clocks are coarser than ours, signals interrupt, wakes come: run() may return at any
// time before the deadline.
TEST_F(EventLoopTimerTest, NeverFiresEarlyHoweverOftenTheWaitReturnsBeforeTheDeadline) {
  std::mt19937 random(7);
  int early = 0;
  constexpr int kTimers = 500;
  for (int i = 0; i < kTimers; ++i) {
    const nanoseconds when = loop_.now() + nanoseconds(random() % 1'000'000);
    loop_.call_at(when, [&, when] { early += loop_.read_clock() < when ? 1 : 0; });
  }
  for (int i = 0; i < 5000; ++i) {
    const nanoseconds advance(random() % 300);
    proactor_->then([this, advance](CompletionSink&) { proactor_->advance(advance); });
  }
  stop_after(seconds(1));
  loop_.run();
  EXPECT_EQ(early, 0);
  EXPECT_EQ(loop_.stats().timers, std::uint64_t{kTimers} + 1);
}

TEST_F(EventLoopTimerTest, APassFiresABoundedNumberOfTimers) {
  int fired = 0;
  for (int i = 0; i < 2000; ++i) loop_.call_at(loop_.now(), [&fired] { ++fired; });
  int after_one_pass = 0;
  proactor_->then([&](CompletionSink&) { after_one_pass = fired; });
  stop_after(seconds(1));
  loop_.run();
  EXPECT_EQ(fired, 2000);
  EXPECT_EQ(after_one_pass, 1024);
  EXPECT_EQ(loop_.stats().bounded_timers, 1U);
}

TEST_F(EventLoopTimerTest, DelaysCountFromTheCallAndNotFromTheStartOfThePass) {
  nanoseconds armed_at{};
  nanoseconds fired_at{};
  loop_.post([&] {
    proactor_->advance(milliseconds(3));  // a task that takes its time
    armed_at = loop_.read_clock();
    EXPECT_EQ(loop_.now(), armed_at - milliseconds(3));
    loop_.call_after(milliseconds(1), [&] {
      fired_at = loop_.read_clock();
      loop_.stop();
    });
  });
  loop_.run();
  EXPECT_EQ(fired_at, armed_at + milliseconds(1));
}

TEST_F(EventLoopTimerTest, EqualTimesFireInTheOrderOfArming) {
  for (int name = 0; name < 50; ++name) name_after(milliseconds(1), name);
  stop_after(milliseconds(1));
  loop_.run();
  ASSERT_EQ(fired_.size(), 50U);
  for (int name = 0; name < 50; ++name) EXPECT_EQ(fired_[static_cast<std::size_t>(name)], name);
}

TEST_F(EventLoopTimerTest, CancelledTimerNeverFiresAndItsTaskIsDestroyed) {
  const auto owned = std::make_shared<int>(0);
  const TimerId timer = loop_.call_after(milliseconds(1), [owned] { ++*owned; });
  stop_after(milliseconds(2));
  EXPECT_TRUE(loop_.cancel(timer));
  EXPECT_EQ(owned.use_count(), 1);
  EXPECT_FALSE(loop_.cancel(timer));
  loop_.run();
  EXPECT_EQ(*owned, 0);
}

TEST_F(EventLoopTimerTest, ACallbackMayCancelATimerThatIsDueInTheSamePass) {
  TimerId victim{};
  loop_.call_after(milliseconds(1), [&] { EXPECT_TRUE(loop_.cancel(victim)); });
  victim = loop_.call_after(milliseconds(1), [this] { fired_.push_back(1); });
  stop_after(milliseconds(2));
  loop_.run();
  EXPECT_EQ(fired_, Names{});
}

TEST_F(EventLoopTimerTest, ACallbackCannotCancelItself) {
  TimerId self{};
  bool cancelled = true;
  self = loop_.call_after(milliseconds(1), [&] { cancelled = loop_.cancel(self); });
  stop_after(milliseconds(2));
  loop_.run();
  EXPECT_FALSE(cancelled);
}

TEST_F(EventLoopTimerTest, ATimerArmedInTheDistantPastFiresInTheNextPass) {
  loop_.call_at(nanoseconds::min(), [this] { loop_.stop(); });
  loop_.run();
  EXPECT_EQ(loop_.stats().timers, 1U);
}

TEST_F(EventLoopTimerTest, ANegativeDelayIsNone) {
  const nanoseconds start = loop_.now();
  loop_.call_after(nanoseconds(-5), [this] { loop_.stop(); });
  loop_.run();
  EXPECT_EQ(loop_.now(), start);
}

TEST_F(EventLoopTimerTest, ADelayBeyondTheEndOfTimeIsForEver) {
  bool fired = false;
  loop_.call_after(nanoseconds::max(), [&] { fired = true; });
  loop_.call_after(nanoseconds::max() - nanoseconds(1), [&] { fired = true; });
  proactor_->then([this](CompletionSink&) {
    EXPECT_EQ(proactor_->deadlines().back(), nanoseconds::max());
    loop_.stop();
  });
  loop_.run();
  EXPECT_FALSE(fired);
}

TEST_F(EventLoopTimerTest, ATimerThatArmsItselfForNowStarvesNobody) {
  int turns = 0;
  std::function<void()> again = [&] {
    if (++turns == 1'000'000) return;  // starved: the wait below was never reached
    loop_.call_after(nanoseconds(0), [&] { again(); });
  };
  again();
  proactor_->then([this](CompletionSink&) { loop_.stop(); });
  loop_.run();
  EXPECT_LT(turns, 10'000);
  EXPECT_EQ(loop_.complete_passes(), 1U);
}

TEST_F(EventLoopTimerTest, AHundredThousandTimersFireInOrder) {
  constexpr int kTimers = 100'000;
  std::mt19937 random(99);
  int fired = 0;
  nanoseconds last{};
  bool in_order = true;
  for (int i = 0; i < kTimers; ++i) {
    const nanoseconds when = loop_.now() + nanoseconds(random() % 1'000'000'000);
    loop_.call_at(when, [&, when] {
      in_order = in_order && last <= when && when <= loop_.now();
      last = when;
      ++fired;
    });
  }
  stop_after(seconds(2));
  loop_.run();
  EXPECT_EQ(fired, kTimers);
  EXPECT_TRUE(in_order);
}

}  // namespace
}  // namespace collet

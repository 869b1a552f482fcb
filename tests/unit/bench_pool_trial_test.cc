// SPDX-License-Identifier: MIT
// bench_pool_trial_test.cc: what the micro-benchmarks are made of.
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "bench/pools/trial.h"
#include "bench/pools/work.h"
#include "tests/support/builtin_registry.h"

namespace collet::bench {
namespace {

using namespace std::chrono_literals;

TEST(ReliablePercentileTest, TakesTenSamplesBeyond) {
  Histogram times;
  for (int i = 0; i < 999; ++i) times.record(1us);
  EXPECT_EQ(reliable_percentile(times, 99), std::nullopt);
  EXPECT_NE(reliable_percentile(times, 50), std::nullopt);
  times.record(1us);
  EXPECT_NE(reliable_percentile(times, 99), std::nullopt);
  EXPECT_EQ(reliable_percentile(Histogram(), 50), std::nullopt);
}

TEST(CountdownTest, SeesWhatEachTaskDidAndTellsIfOneRanTwice) {
  Countdown countdown;
  countdown.expect(400);
  std::vector<int> done(400);
  std::vector<std::jthread> threads;
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < 100; ++i) {
        done[100 * t + i] = 1;
        countdown.arrive();
      }
    });
  }
  countdown.wait();
  EXPECT_EQ(std::ranges::count(done, 1), 400);
  EXPECT_EQ(countdown.left(), 0);
  countdown.arrive();
  EXPECT_EQ(countdown.left(), -1);
  countdown.wait();
}

TEST(BudgetTest, GoesOnUntilItHasItsSamplesButNoLongerThanItMay) {
  const Budget patient(10, 0ns, 1h);
  EXPECT_TRUE(patient.goes_on(9));
  EXPECT_FALSE(patient.goes_on(10));
  const Budget hasty(10, 0ns, 0ns);
  EXPECT_FALSE(hasty.goes_on(0));
  const Budget steady(0, 1h, 1h);
  EXPECT_TRUE(steady.goes_on(1'000'000));
}

TEST(PaceTest, MoreTimeIsMoreWork) {
  const Pace pace;
  EXPECT_GT(pace.rounds_in(1ms), 100 * pace.rounds_in(1us));
  EXPECT_GE(pace.rounds_in(0ns), 1U);
}

TEST(TrialTest, KeepsCountsAndLeavesUnreliablePercentilesUnknown) {
  auto pool = registry().pool("inline")->make(0);
  ASSERT_TRUE(pool.ok());
  Trial trial(**pool, 1, 1);
  int ran = 0;
  trial.submit([&ran] { ++ran; });
  trial.drain();
  EXPECT_EQ(ran, 1);
  trial.count(2, 1);
  trial.count(3, 3);
  EXPECT_EQ(trial.submitted(), 5);
  EXPECT_EQ(trial.run(), 4);
  Histogram times;
  for (int i = 0; i < 100; ++i) times.record(2us);
  trial.set_percentile("p50_us", times, 50, 1us);
  trial.set_percentile("p99_us", times, 99, 1us);
  EXPECT_NEAR(trial.figures().at("p50_us").value(), 2, 0.01);
  EXPECT_EQ(trial.figures().at("p99_us"), std::nullopt);
}

}  // namespace
}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// bench_goal_test.cc: the search for the highest rate that holds a latency goal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <vector>

#include "bench/statistics/rate_search.h"

namespace collet::bench {
namespace {

using Holds = std::function<bool(std::int64_t)>;

// Probes until the search is content.
std::vector<ProbeResult> search(double reach, const Holds& holds) {
  std::vector<ProbeResult> history;
  while (const auto probe = next_probe(history, reach)) {
    history.push_back({*probe, holds(probe->rate_per_s)});
  }
  return history;
}

Holds up_to(std::int64_t capacity) {
  return [capacity](std::int64_t rate) { return rate <= capacity; };
}

TEST(RateSearchTest, TheBracketHoldsTheCapacityAndIsConfirmed) {
  for (const std::int64_t capacity : {30, 777, 20'000, 123'456, 290'000, 299'000, 900'000}) {
    const auto history = search(300'000, up_to(capacity));
    const Bracket bracket = bracket_of(history);
    if (capacity < 3'000) {
      EXPECT_FALSE(bracket.holds_per_s) << capacity;  // less than a hundredth of the reach
      continue;
    }
    ASSERT_TRUE(bracket.holds_per_s && bracket.fails_per_s) << capacity;
    EXPECT_LE(*bracket.holds_per_s, capacity);
    EXPECT_GT(*bracket.fails_per_s, capacity);
    EXPECT_LE(static_cast<double>(*bracket.fails_per_s),
              kResolution * static_cast<double>(*bracket.holds_per_s));
    EXPECT_EQ(bracket.confirmations, kConfirmations);
    EXPECT_LE(history.size(), 16U);
  }
}

TEST(RateSearchTest, ARateThatIsNotConfirmedStepsDown) {
  std::vector<ProbeResult> history;
  bool failed_once = false;
  while (const auto probe = next_probe(history, 1000)) {
    bool held = probe->rate_per_s <= 800;
    if (probe->confirms && !failed_once) held = !(failed_once = true);
    history.push_back({*probe, held});
  }
  const Bracket bracket = bracket_of(history);
  EXPECT_LT(*bracket.fails_per_s, 800);  // the one that was not confirmed
  EXPECT_LT(*bracket.holds_per_s, *bracket.fails_per_s);
  EXPECT_EQ(bracket.confirmations, kConfirmations);
}

TEST(RateSearchTest, NoiseNeitherFoolsNorStopsIt) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> wobble(-0.05, 0.05);
  for (int i = 0; i < 200; ++i) {
    const auto history = search(100'000, [&](std::int64_t rate) {
      return static_cast<double>(rate) <= 60'000 * (1 + wobble(random));
    });
    const Bracket bracket = bracket_of(history);
    ASSERT_TRUE(bracket.holds_per_s);
    EXPECT_LE(*bracket.holds_per_s, 63'000);
    EXPECT_GT(*bracket.holds_per_s, 50'000);
    EXPECT_LE(history.size(), 40U);
  }
}

TEST(RateSearchTest, RatesHaveThreeDigits) {
  EXPECT_EQ(round_rate(0.2), 1);
  EXPECT_EQ(round_rate(123.4), 123);
  EXPECT_EQ(round_rate(123'456), 123'000);
  EXPECT_EQ(round_rate(999'700), 1'000'000);
}

}  // namespace
}  // namespace collet::bench

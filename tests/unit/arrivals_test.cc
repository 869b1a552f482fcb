// SPDX-License-Identifier: MIT
// arrivals_test.cc: the schedule of an open loop.
#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "apps/workloads/arrivals.h"

namespace collet::apps {
namespace {

using std::chrono::nanoseconds;

std::vector<nanoseconds> first(std::size_t count, const ArrivalPlan& plan, nanoseconds begin) {
  Arrivals arrivals(plan, begin);
  std::vector<nanoseconds> due;
  for (std::size_t i = 0; i < count; ++i) {
    due.push_back(arrivals.due());
    arrivals.advance();
  }
  return due;
}

TEST(ArrivalsTest, AreEvenlySpacedFromTheBeginning) {
  EXPECT_EQ(first(3, {.rate_per_s = 1000}, nanoseconds(500)),
            (std::vector{nanoseconds(500), nanoseconds(1'000'500), nanoseconds(2'000'500)}));
}

TEST(ArrivalsTest, DoNotDrift) {
  const auto due = first(3'000'001, {.rate_per_s = 300'000}, nanoseconds(0));
  EXPECT_EQ(due.back(), std::chrono::seconds(10));
}

TEST(ArrivalsTest, OfSeveralPartsInterleave) {
  std::vector<nanoseconds> all;
  for (std::size_t part = 0; part < 3; ++part) {
    const auto due = first(1000, {.rate_per_s = 50'000, .parts = 3, .part = part}, nanoseconds(7));
    all.insert(all.end(), due.begin(), due.end());
  }
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, first(3000, {.rate_per_s = 50'000}, nanoseconds(7)));
}

// Kolmogorov-Smirnov: the gaps follow the exponential distribution. The bound is that of a
// significance of 1 %; the numbers are always the same, so the test is as well.
TEST(ArrivalsTest, AtRandomHaveExponentialGaps) {
  constexpr std::size_t kGaps = 20'000;
  for (const std::size_t parts : {1U, 4U}) {
    const ArrivalPlan plan{
        .rate_per_s = 10'000, .spacing = Spacing::poisson, .parts = parts, .part = parts - 1};
    const auto due = first(kGaps + 1, plan, nanoseconds(0));
    std::vector<double> gaps;
    for (std::size_t i = 0; i < kGaps; ++i) {
      gaps.push_back(static_cast<double>((due[i + 1] - due[i]).count()));
    }
    std::sort(gaps.begin(), gaps.end());
    const double mean = 1e5 * static_cast<double>(parts);
    double distance = 0;
    for (std::size_t i = 0; i < kGaps; ++i) {
      const double expected = 1 - std::exp(-gaps[i] / mean);
      distance = std::max(distance, std::abs(expected - static_cast<double>(i) / kGaps));
    }
    EXPECT_LT(distance, 1.63 / std::sqrt(kGaps));
  }
}

TEST(ArrivalsTest, AtRandomDifferBetweenParts) {
  const ArrivalPlan one{.rate_per_s = 1000, .spacing = Spacing::poisson, .parts = 2, .part = 0};
  const ArrivalPlan other{.rate_per_s = 1000, .spacing = Spacing::poisson, .parts = 2, .part = 1};
  EXPECT_NE(first(10, one, nanoseconds(0)), first(10, other, nanoseconds(0)));
}

}  // namespace
}  // namespace collet::apps

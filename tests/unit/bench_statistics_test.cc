// SPDX-License-Identifier: MIT
// bench_statistics_test.cc: what collet-bench concludes from figures, against values worked out by
// hand or published with R and SciPy.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <random>
#include <utility>
#include <vector>

#include <collet/histogram.h>

#include "bench/measure/steady.h"
#include "bench/statistics/comparison.h"
#include "bench/statistics/merged_times.h"
#include "bench/statistics/statistics.h"

namespace collet::bench {
namespace {

using testing::DoubleNear;
using testing::Pointwise;

TEST(StatisticsTest, MedianIsTheMiddleOrTheMeanOfTheMiddleTwo) {
  EXPECT_EQ(summarize({3, 1, 2}).median, 2);
  EXPECT_EQ(summarize({4, 1, 2, 3}).median, 2.5);
  EXPECT_EQ(summarize({5}).median, 5);
  const Summary summary = summarize({3, 1, 2});
  EXPECT_EQ(summary.n, 3U);
  EXPECT_EQ(summary.min, 1);
  EXPECT_EQ(summary.max, 3);
}

TEST(StatisticsTest, NoValuesGiveZeros) {
  EXPECT_EQ(summarize({}).n, 0U);
  EXPECT_EQ(summarize({}).median, 0);
  EXPECT_FALSE(summarize({}).interval);
}

std::vector<double> up_to(int n) {
  std::vector<double> values;
  for (int i = n; i > 0; --i) values.push_back(i);
  return values;
}

// Coverage of the k-th from each end is 1 - 2 P(B < k), B binomial (n, 1/2): for n = 6 and k = 1
// 1 - 2/64, for n = 10 and k = 2 1 - 22/1024, for n = 20 and k = 6 0.958610534667969 (R: 1 - 2 *
// pbinom(5, 20, 0.5)).
TEST(StatisticsTest, MedianIntervalIsThatOfTheBinomialDistribution) {
  struct Case {
    int n;
    double low, high, coverage;
  };
  for (const Case& c : {Case{6, 1, 6, 0.96875}, Case{8, 1, 8, 0.9921875}, Case{9, 2, 8, 0.9609375},
                        Case{10, 2, 9, 0.978515625}, Case{20, 6, 15, 0.958610534667969}}) {
    const auto interval = median_interval(up_to(c.n));
    ASSERT_TRUE(interval) << c.n;
    EXPECT_EQ(interval->low, c.low) << c.n;
    EXPECT_EQ(interval->high, c.high) << c.n;
    EXPECT_NEAR(interval->coverage, c.coverage, 1e-12) << c.n;
  }
}

TEST(StatisticsTest, TooFewValuesSaySo) {
  EXPECT_FALSE(median_interval({7}));
  EXPECT_NEAR(median_interval(up_to(2))->coverage, 0.5, 1e-12);
  const auto five = median_interval(up_to(5));
  EXPECT_NEAR(five->coverage, 0.9375, 1e-12);
  EXPECT_LT(five->coverage, kCoverage);
  EXPECT_EQ(five->low, 1);
  EXPECT_EQ(five->high, 5);
}

TEST(StatisticsTest, TheIntervalCoversTheMedianAsOftenAsItSays) {
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> figures(0, 1);  // its median is 1
  int covered = 0;
  constexpr int kTrials = 20'000;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> values(6);
    for (double& value : values) value = figures(random);
    const auto interval = median_interval(values);
    covered += interval->low <= 1 && 1 <= interval->high ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(covered) / kTrials, 0.96875, 0.005);
}

// The first example of scipy.stats.wilcoxon: Darwin's maize, p = 0.041259765625.
TEST(SignedRankTest, AgreesWithSciPyOnDarwinsMaize) {
  const std::vector<double> differences = {6,  8,   14, 16, 23, 24,  28, 29,
                                           41, -48, 49, 56, 60, -67, 75};
  EXPECT_NEAR(signed_rank_p(differences), 0.041259765625, 1e-12);
}

TEST(SignedRankTest, TheSmallestPIsThatOfAllSignsAlike) {
  EXPECT_NEAR(signed_rank_p(up_to(6)), 0.03125, 1e-12);
  EXPECT_NEAR(signed_rank_p(up_to(10)), 0.001953125, 1e-12);
  EXPECT_NEAR(signed_rank_p(std::vector<double>{1}), 1.0, 1e-12);
}

// Ranks 1.5, 1.5 and 3: of the eight signs those with a sum of 1.5 or less are {}, {1.5}, {1.5}.
TEST(SignedRankTest, TiesShareTheirRanksAndZerosAreLeftOut) {
  EXPECT_NEAR(signed_rank_p(std::vector<double>{-1, 1, 2, 0}), 2 * 3 / 8.0, 1e-12);
  EXPECT_EQ(signed_rank_p(std::vector<double>{0, 0}), 1);
  EXPECT_EQ(signed_rank_p(std::vector<double>{}), 1);
}

TEST(SignedRankTest, TheApproximationForManyGoesOnWhereTheExactOneEnds) {
  std::vector<double> differences;
  for (int i = 1; i <= 200; ++i) differences.push_back(i % 9 < 5 ? i : -i);
  const double exact = signed_rank_p(differences);
  differences.push_back(201);
  differences.push_back(-202);
  EXPECT_NEAR(signed_rank_p(differences), exact, 0.03);
}

// R: p.adjust(c(0.01, 0.02, 0.03, 0.04), "holm") and p.adjust(c(0.04, 0.001, 0.5), "holm").
TEST(HolmTest, AgreesWithR) {
  EXPECT_THAT(adjust_holm(std::vector<double>{0.01, 0.02, 0.03, 0.04}),
              Pointwise(DoubleNear(1e-12), {0.04, 0.06, 0.06, 0.06}));
  EXPECT_THAT(adjust_holm(std::vector<double>{0.04, 0.001, 0.5}),
              Pointwise(DoubleNear(1e-12), {0.08, 0.003, 0.5}));
}

TEST(QuantileTest, IsOneOfTheValues) {
  EXPECT_EQ(quantile(up_to(20), 0.95), 19);
  EXPECT_EQ(quantile(up_to(6), 0.95), 6);
  EXPECT_EQ(quantile({}, 0.95), 0);
}

ByBlock figures(std::vector<double> values) {
  ByBlock by_block;
  for (std::size_t i = 0; i < values.size(); ++i) by_block[static_cast<int>(i)] = values[i];
  return by_block;
}

TEST(ComparisonTest, RatiosArePairedByBlock) {
  // The machine gets slower from block to block; the cell always takes a quarter more.
  const ByBlock baseline = figures({10, 11, 12, 13, 14, 15});
  ByBlock cell;
  for (const auto& [block, figure] : baseline) cell[block] = 1.25 * figure;
  cell[99] = 1000;  // of a block that the baseline lacks
  const auto table = compare_to_baseline(baseline, baseline, {cell});
  const Comparison& comparison = table.cells[0];
  EXPECT_EQ(comparison.n, 6U);
  EXPECT_NEAR(comparison.ratio, 1.25, 1e-12);
  EXPECT_NEAR(comparison.interval->low, 1.25, 1e-12);
  EXPECT_EQ(comparison.verdict, Verdict::higher);
  EXPECT_TRUE(comparison.indicative);
}

TEST(ComparisonTest, TheDeadBandIsWhatTheBaselineDiffersFromItself) {
  const ByBlock baseline = figures({10, 10, 10, 10, 10, 10});
  EXPECT_NEAR(dead_band(baseline, baseline), 0.02, 1e-12);
  EXPECT_NEAR(dead_band(baseline, figures({10, 10.5, 9, 10, 10, 10})), 1 / 0.9 - 1, 1e-12);
  EXPECT_NEAR(dead_band(baseline, {}), 0.02, 1e-12);
}

TEST(ComparisonTest, WithinTheDeadBandThereIsNoDifference) {
  const ByBlock baseline = figures({10, 10, 10, 10, 10, 10});
  const ByBlock twin = figures({10, 11, 10, 10, 10, 10});
  const ByBlock cell = figures({10.9, 10.9, 10.9, 10.9, 10.9, 10.9});
  EXPECT_EQ(compare_to_baseline(baseline, twin, {cell}).cells[0].verdict, Verdict::same);
  EXPECT_EQ(compare_to_baseline(baseline, baseline, {cell}).cells[0].verdict, Verdict::higher);
}

TEST(ComparisonTest, FewBlocksGiveNoVerdict) {
  const auto table =
      compare_to_baseline(figures({10, 10, 10}), {}, {figures({20, 20, 20}), ByBlock{}});
  EXPECT_EQ(table.cells[0].verdict, Verdict::none);
  EXPECT_EQ(table.cells[1].verdict, Verdict::none);
  EXPECT_EQ(table.cells[1].n, 0U);
}

// With ten blocks the smallest p is 0.00195: enough for Holm over 15 comparisons; over 30 no result
// could be, so that their verdicts rest on the interval alone.
TEST(ComparisonTest, TenBlocksConfirmAVerdictThatHolmUpholds) {
  const ByBlock baseline = figures(std::vector<double>(10, 10.0));
  std::vector<double> slower;
  for (int i = 0; i < 10; ++i) slower.push_back(11 + 0.01 * i);
  const auto few = compare_to_baseline(baseline, baseline, std::vector(15, figures(slower)));
  EXPECT_EQ(few.cells[0].verdict, Verdict::higher);
  EXPECT_FALSE(few.cells[0].indicative);
  EXPECT_NEAR(few.cells[0].adjusted_p, 15 * 0.001953125, 1e-12);
  const auto many = compare_to_baseline(baseline, baseline, std::vector(30, figures(slower)));
  EXPECT_EQ(many.cells[0].verdict, Verdict::higher);
  EXPECT_TRUE(many.cells[0].indicative);
  EXPECT_EQ(blocks_to_confirm(15), 10U);
  EXPECT_EQ(blocks_to_confirm(30), 11U);
  EXPECT_EQ(blocks_to_confirm(52), 12U);
}

// 20 comparisons of a cell with itself, with drift and heavy tails: at most one verdict. The
// seeds are not chosen: each of 50 sessions is looked at, and the worst counts.
TEST(ComparisonTest, ACellDiffersFromItselfInAtMostOneOfTwentyTables) {
  for (unsigned session = 0; session < 50; ++session) {
    std::mt19937_64 random(session);
    std::student_t_distribution<double> noise(3);
    ByBlock baseline;
    ByBlock twin;
    std::vector<ByBlock> cells(20);
    for (int block = 0; block < 6; ++block) {
      const double drift = 10 + 0.3 * block;
      const auto figure = [&] { return drift * std::exp(0.01 * noise(random)); };
      baseline[block] = figure();
      twin[block] = figure();
      for (ByBlock& cell : cells) cell[block] = figure();
    }
    int verdicts = 0;
    for (const Comparison& cell : compare_to_baseline(baseline, twin, cells).cells) {
      verdicts += cell.verdict != Verdict::same ? 1 : 0;
    }
    EXPECT_LE(verdicts, 1) << "session " << session;
  }
}

// What a run with these times (in µs) and this many requests of each would have written.
RunTimes times_of(const std::vector<std::pair<int, int>>& counts) {
  Histogram histogram;
  for (const auto& [us, count] : counts) {
    for (int i = 0; i < count; ++i) histogram.record(std::chrono::microseconds(us));
  }
  return {histogram.encode(), ""};
}

TEST(MergedTimesTest, PercentilesAreThoseOfAllRequestsAndNoMeanOfRuns) {
  // One run of three has all the slow requests: 2 % of all, which no single run shows.
  const MergedTimes merged = merge_times(std::vector<RunTimes>{
      times_of({{100, 1000}}), times_of({{100, 1000}}), times_of({{100, 940}, {9000, 60}})});
  EXPECT_EQ(merged.requests, 3000U);
  ASSERT_EQ(merged.percentiles.size(), 3U);  // p99.9 would have three requests beyond it
  EXPECT_EQ(merged.percentiles[0].percent, 50);
  EXPECT_NEAR(merged.percentiles[0].us, 100, 0.4);
  EXPECT_EQ(merged.percentiles[2].percent, 99);
  EXPECT_NEAR(merged.percentiles[2].us, 9000, 36);
  // Without that run, which resampling leaves out in more than one case of forty, p99 is 100 µs.
  EXPECT_NEAR(merged.percentiles[2].low_us, 100, 0.4);
  EXPECT_NEAR(merged.percentiles[2].high_us, 9000, 36);
}

TEST(MergedTimesTest, CurvesAscendAndEndWhereNothingCanBeTold) {
  const MergedTimes merged =
      merge_times(std::vector<RunTimes>{times_of({{10, 500}, {20, 300}, {40, 150}, {80, 50}})});
  ASSERT_GT(merged.latency.size(), 10U);
  EXPECT_EQ(merged.latency.front().percent, 0);
  EXPECT_NEAR(merged.latency.back().percent, 99, 1e-6);
  for (std::size_t i = 1; i < merged.latency.size(); ++i) {
    EXPECT_GE(merged.latency[i].us, merged.latency[i - 1].us);
    EXPECT_GT(merged.latency[i].percent, merged.latency[i - 1].percent);
  }
  EXPECT_TRUE(merged.service.empty());
}

TEST(MergedTimesTest, NoHistogramsGiveNothing) {
  EXPECT_EQ(merge_times({}).requests, 0U);
  EXPECT_EQ(merge_times(std::vector<RunTimes>{{"", ""}, {"no histogram", ""}}).requests, 0U);
}

TEST(SteadyTest, AWindowThatSlowsDownIsNotSteady) {
  const auto counts = [](const std::vector<std::int64_t>& values) { return is_steady(values); };
  EXPECT_TRUE(counts({100, 103, 98, 101, 99, 102, 100, 97}));
  EXPECT_FALSE(counts({100, 103, 98, 101, 79, 82, 80, 77}));
  EXPECT_FALSE(counts({0, 0, 0, 0, 0, 0, 100, 100, 100, 100, 100, 100}));
}

TEST(SteadyTest, ScatterAloneIsNoTrend) {
  const std::vector<std::int64_t> counts = {20, 180, 30, 170, 200, 90, 190, 40};
  EXPECT_TRUE(is_steady(counts));
}

TEST(SteadyTest, TooFewTenthsTellNothing) {
  const std::vector<std::int64_t> counts = {100, 100, 1, 1};
  EXPECT_TRUE(is_steady(counts));
}

}  // namespace
}  // namespace collet::bench

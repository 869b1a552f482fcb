// SPDX-License-Identifier: MIT
// histogram_test.cc: percentiles against the exact ones of sorted data.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <collet/histogram.h>

namespace collet {
namespace {

using std::chrono::nanoseconds;

constexpr double kMaxRelativeError = 0.004;

Histogram record_all(const std::vector<std::int64_t>& values) {
  Histogram histogram;
  for (const std::int64_t value : values) histogram.record(nanoseconds(value));
  return histogram;
}

// The smallest value that at least `percent` of all do not exceed.
std::int64_t exact_percentile(std::vector<std::int64_t> values, double percent) {
  std::ranges::sort(values);
  const double rank = std::ceil(percent * static_cast<double>(values.size()) / 100 - 1e-9);
  return values[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

void expect_percentiles_of(const std::vector<std::int64_t>& values) {
  const Histogram histogram = record_all(values);
  for (const double percent : {0.0, 0.1, 1.0, 10.0, 50.0, 90.0, 99.0, 99.9, 99.99, 100.0}) {
    const auto exact = static_cast<double>(exact_percentile(values, percent));
    const auto read = static_cast<double>(histogram.percentile(percent).count());
    EXPECT_LE(std::abs(read - exact), exact * kMaxRelativeError)
        << "p" << percent << " of " << values.size() << ": " << read << " for " << exact;
  }
}

struct Shape {
  const char* name;
  std::function<std::int64_t(std::mt19937_64&)> draw;
};

std::vector<Shape> shapes() {
  using Random = std::mt19937_64;
  return {
      {"Constant", [](Random&) { return std::int64_t{123'456'789}; }},
      {"Small", [](Random& random) { return static_cast<std::int64_t>(random() % 300); }},
      {"Uniform", [](Random& random) { return static_cast<std::int64_t>(random() % 10'000'000); }},
      {"LogUniform",
       [](Random& random) {
         return static_cast<std::int64_t>(
             std::exp(std::uniform_real_distribution(0.0, 30.0)(random)));
       }},
      {"Bimodal",
       [](Random& random) {
         const std::int64_t mode = random() % 100 == 0 ? 40'000'000 : 20'000;
         return mode + static_cast<std::int64_t>(random() % 1000);
       }},
  };
}

std::vector<std::int64_t> draw_many(const Shape& shape, std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::int64_t> values(count);
  std::ranges::generate(values, [&] { return shape.draw(random); });
  return values;
}

TEST(HistogramTest, PercentilesAreWithinFourPerMilleOfTheExactOnes) {
  for (const Shape& shape : shapes()) {
    SCOPED_TRACE(shape.name);
    for (const std::size_t count : {1U, 2U, 3U, 10U, 1000U, 20'000U}) {
      for (std::uint64_t seed = 0; seed < 5; ++seed) {
        expect_percentiles_of(draw_many(shape, count, seed));
      }
    }
  }
}

TEST(HistogramTest, EveryMagnitudeIsWithinFourPerMille) {
  for (std::int64_t value = 1; value < (std::int64_t{1} << Histogram::kRangeBits); value *= 2) {
    for (const std::int64_t near : {value - 1, value, value + 1, value + value / 3}) {
      // Larger ones on both sides: the answer must come from the bucket, not from the extremes.
      const Histogram histogram = record_all({0, near, near * 3 + 1});
      const auto read = static_cast<double>(histogram.percentile(50).count());
      EXPECT_LE(std::abs(read - static_cast<double>(near)),
                static_cast<double>(near) * kMaxRelativeError)
          << near;
    }
  }
}

TEST(HistogramTest, MergingEqualsRecordingEverything) {
  for (const Shape& shape : shapes()) {
    SCOPED_TRACE(shape.name);
    auto values = draw_many(shape, 5000, 1);
    const auto others = draw_many(shape, 3000, 2);
    Histogram merged = record_all(values);
    merged.merge(record_all(others));
    values.insert(values.end(), others.begin(), others.end());
    const Histogram whole = record_all(values);
    EXPECT_EQ(merged.count(), whole.count());
    EXPECT_EQ(merged.min(), whole.min());
    EXPECT_EQ(merged.max(), whole.max());
    EXPECT_EQ(merged.mean(), whole.mean());
    for (double percent = 0; percent <= 100; percent += 0.5) {
      EXPECT_EQ(merged.percentile(percent), whole.percentile(percent)) << percent;
    }
  }
}

TEST(HistogramTest, HundredPercentIsTheMaximumExactly) {
  EXPECT_EQ(record_all({1, 5, 1'000'003}).percentile(100), nanoseconds(1'000'003));
}

TEST(HistogramTest, PercentilesNeverLeaveTheRecordedRange) {
  const Histogram histogram = record_all({1'000'003});
  EXPECT_EQ(histogram.percentile(0), nanoseconds(1'000'003));
  EXPECT_EQ(histogram.percentile(50), nanoseconds(1'000'003));
}

TEST(HistogramTest, EmptyIsZeroEverywhere) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.min(), nanoseconds(0));
  EXPECT_EQ(histogram.max(), nanoseconds(0));
  EXPECT_EQ(histogram.mean(), nanoseconds(0));
  EXPECT_EQ(histogram.percentile(50), nanoseconds(0));
  EXPECT_EQ(histogram.percentile(100), nanoseconds(0));
}

TEST(HistogramTest, NegativeCountsAsZero) {
  const Histogram histogram = record_all({-5});
  EXPECT_EQ(histogram.count(), 1U);
  EXPECT_EQ(histogram.max(), nanoseconds(0));
}

TEST(HistogramTest, LongerThanItsRangeStillHasItsMaximum) {
  const std::int64_t day = 86'400'000'000'000;
  const Histogram histogram = record_all({1, day});
  EXPECT_EQ(histogram.max(), nanoseconds(day));
  EXPECT_EQ(histogram.percentile(99), nanoseconds(day));
}

TEST(HistogramTest, RoundPercentOfARoundCountHasNoRoundingError) {
  std::vector<std::int64_t> values(1000, 10);
  values.back() = 100;
  EXPECT_EQ(record_all(values).percentile(99.9), nanoseconds(10));
}

TEST(HistogramTest, ClearForgetsEverything) {
  Histogram histogram = record_all({7, 8, 9});
  histogram.clear();
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.percentile(50), nanoseconds(0));
  histogram.record(nanoseconds(3));
  EXPECT_EQ(histogram.min(), nanoseconds(3));
}

TEST(HistogramTest, ComesBackFromBytesAsItWas) {
  const std::int64_t day = 86'400'000'000'000;
  for (const auto& values : std::vector<std::vector<std::int64_t>>{
           {}, {0}, {5, 5, 127, 128, 129, 1'000'003}, {1, day}, {day}}) {
    const Histogram before = record_all(values);
    const auto after = Histogram::decode(before.encode());
    ASSERT_TRUE(after);
    EXPECT_EQ(after->count(), before.count());
    EXPECT_EQ(after->min(), before.min());
    EXPECT_EQ(after->max(), before.max());
    EXPECT_EQ(after->mean(), before.mean());
    for (const double percent : {0.0, 10.0, 50.0, 99.0, 100.0}) {
      EXPECT_EQ(after->percentile(percent), before.percentile(percent));
    }
  }
}

TEST(HistogramTest, BytesOfSomethingElseAreRefused) {
  const std::string bytes = record_all({5, 700, 1'000'003}).encode();
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto cut = Histogram::decode(bytes.substr(0, length));
    EXPECT_TRUE(!cut || cut->count() < 3) << length;
  }
  EXPECT_FALSE(Histogram::decode("\x02" + bytes.substr(1)));
  EXPECT_FALSE(Histogram::decode(bytes + std::string("\xFF\xFF\xFF\x7F\x01")));
  EXPECT_FALSE(Histogram::decode(bytes + std::string("\x01\x00", 2)));
  EXPECT_FALSE(Histogram::decode(std::string(30, '\xFF')));
}

TEST(HistogramTest, BucketsAreVisitedInOrder) {
  std::vector<std::pair<std::int64_t, std::uint64_t>> seen;
  record_all({7, 7, 3}).for_each_bucket(
      [&](nanoseconds value, std::uint64_t count) { seen.emplace_back(value.count(), count); });
  EXPECT_EQ(seen, (std::vector<std::pair<std::int64_t, std::uint64_t>>{{3, 1}, {7, 2}}));
}

}  // namespace
}  // namespace collet

// SPDX-License-Identifier: MIT
// quantity_test.cc: durations, sizes, counts and ratios as people type them.
#include <limits>
#include <string>

#include <gtest/gtest.h>
#include <collet/quantity.h>

namespace collet {
namespace {

using std::chrono::nanoseconds;

std::string error_of(const absl::Status& status) { return std::string(status.message()); }

void expect_duration(std::string_view text, std::int64_t expected) {
  const auto parsed = parse_duration(text);
  ASSERT_TRUE(parsed.ok()) << text << ": " << parsed.status();
  EXPECT_EQ(parsed->count(), expected) << text;
}

TEST(DurationTest, EveryUnitIsUnderstood) {
  expect_duration("250ns", 250);
  expect_duration("50us", 50'000);
  expect_duration("1ms", 1'000'000);
  expect_duration("2s", 2'000'000'000);
  expect_duration("1m", 60'000'000'000);
  expect_duration("1h", 3'600'000'000'000);
}

TEST(DurationTest, ZeroNeedsNoUnit) {
  expect_duration("0", 0);
  expect_duration("0ms", 0);
}

TEST(DurationTest, FractionsAreExact) {
  expect_duration("1.5s", 1'500'000'000);
  expect_duration("0.1us", 100);
  expect_duration("1.000000001s", 1'000'000'001);
  expect_duration("1.50ms", 1'500'000);
  expect_duration("2.0ns", 2);
}

TEST(DurationTest, WhatIsNoDurationIsRefused) {
  for (const char* text : {"", "5", "5 minutes", "ms", "-1s", "+1s", "1S", "1.s", ".5s", "1,5s",
                           "1s ", " 1s", "0x10s", "1e3s", "1.2.3s", "five"}) {
    EXPECT_FALSE(parse_duration(text).ok()) << text;
  }
}

TEST(DurationTest, ErrorNamesTheValueAndWhatWorks) {
  EXPECT_EQ(
      error_of(parse_duration("5 minutes").status()),
      "\"5 minutes\" is not a duration: write a number with a unit, such as 50us, 1ms, 2s or 1m");
  EXPECT_EQ(
      error_of(parse_duration("0.1ns").status()),
      "\"0.1ns\" is too fine a duration: write a number with a unit, such as 50us, 1ms, 2s or 1m");
}

TEST(DurationTest, TooLargeIsRefusedNotWrapped) {
  expect_duration("9223372036854775807ns", std::numeric_limits<std::int64_t>::max());
  for (const char* text : {"9223372036854775808ns", "9223372036.854775808s", "2562048h",
                           "99999999999999999999999999h"}) {
    EXPECT_EQ(
        error_of(parse_duration(text).status()),
        "\"" + std::string(text) +
            "\" is too large a duration: write a number with a unit, such as 50us, 1ms, 2s or "
            "1m");
  }
}

TEST(DurationTest, FormatIsTheLargestWholeUnit) {
  EXPECT_EQ(format_duration(nanoseconds(0)), "0");
  EXPECT_EQ(format_duration(nanoseconds(1)), "1ns");
  EXPECT_EQ(format_duration(std::chrono::microseconds(1500)), "1500us");
  EXPECT_EQ(format_duration(std::chrono::seconds(2)), "2s");
  EXPECT_EQ(format_duration(std::chrono::seconds(60)), "1m");
  EXPECT_EQ(format_duration(std::chrono::seconds(90)), "90s");
  EXPECT_EQ(format_duration(std::chrono::hours(24)), "24h");
}

TEST(DurationTest, FormattedTextParsesBack) {
  for (const std::int64_t count : {std::int64_t{0}, std::int64_t{999}, std::int64_t{1'000'001},
                                   std::int64_t{86'400'000'000'000}, nanoseconds::max().count()}) {
    expect_duration(format_duration(nanoseconds(count)), count);
  }
}

void expect_bytes(std::string_view text, std::int64_t expected) {
  const auto parsed = parse_bytes(text);
  ASSERT_TRUE(parsed.ok()) << text << ": " << parsed.status();
  EXPECT_EQ(*parsed, expected) << text;
}

TEST(BytesTest, UnitsArePowersOf1024InAnyCase) {
  expect_bytes("0", 0);
  expect_bytes("64", 64);
  expect_bytes("4k", 4096);
  expect_bytes("4K", 4096);
  expect_bytes("16KiB", 16 * 1024);
  expect_bytes("16kb", 16 * 1024);
  expect_bytes("1m", 1024 * 1024);
  expect_bytes("1MiB", 1024 * 1024);
  expect_bytes("3g", std::int64_t{3} << 30);
}

TEST(BytesTest, WhatIsNoSizeIsRefused) {
  for (const char* text : {"", "k", "b", "4 k", "-1", "1.5k", "4kk", "4ib", "4x", "64b64"}) {
    EXPECT_FALSE(parse_bytes(text).ok()) << text;
  }
  EXPECT_EQ(error_of(parse_bytes("lots").status()),
            "\"lots\" is not a size: write a whole number of bytes, such as 64, 16k or 1m");
  EXPECT_EQ(
      error_of(parse_bytes("9000000000g").status()),
      "\"9000000000g\" is too large a size: write a whole number of bytes, such as 64, 16k or "
      "1m");
}

TEST(BytesTest, FormattedTextParsesBack) {
  EXPECT_EQ(format_bytes(0), "0");
  EXPECT_EQ(format_bytes(1000), "1000");
  EXPECT_EQ(format_bytes(4096), "4k");
  EXPECT_EQ(format_bytes(1 << 20), "1m");
  EXPECT_EQ(format_bytes(std::int64_t{5} << 30), "5g");
  for (const std::int64_t bytes : {std::int64_t{1}, std::int64_t{1536}, std::int64_t{1} << 40}) {
    expect_bytes(format_bytes(bytes), bytes);
  }
}

void expect_count(std::string_view text, std::int64_t expected) {
  const auto parsed = parse_count(text);
  ASSERT_TRUE(parsed.ok()) << text << ": " << parsed.status();
  EXPECT_EQ(*parsed, expected) << text;
}

TEST(CountTest, UnitsArePowersOf1000) {
  expect_count("0", 0);
  expect_count("1000", 1000);
  expect_count("50k", 50'000);
  expect_count("1.5M", 1'500'000);
  expect_count("0.001k", 1);
  expect_count("2g", 2'000'000'000);
}

TEST(CountTest, WhatIsNoCountIsRefused) {
  for (const char* text : {"", "k", "-1", "1.5", "many", "1kb"}) {
    EXPECT_FALSE(parse_count(text).ok()) << text;
  }
  EXPECT_EQ(error_of(parse_count("many").status()),
            "\"many\" is not a count: write a whole number, such as 1000, 50k or 1.5M");
}

TEST(RatioTest, PartsPerMillionAreExact) {
  for (const auto& [text, parts] :
       {std::pair{"0", 0}, std::pair{"0.1", 100'000}, std::pair{"0.000001", 1},
        std::pair{"1", 1'000'000}, std::pair{"2.5", 2'500'000}}) {
    const auto parsed = parse_ratio(text);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, parts);
    EXPECT_EQ(format_ratio(parts), text);
  }
}

TEST(RatioTest, WhatIsNoRatioIsRefused) {
  for (const char* text : {"", "-1", "10%", "half", ".5", "1k"}) {
    EXPECT_FALSE(parse_ratio(text).ok()) << text;
  }
  EXPECT_EQ(error_of(parse_ratio("0.0000001").status()),
            "\"0.0000001\" is too fine a ratio: write a number with at most six decimals, as 0.1");
}

}  // namespace
}  // namespace collet

// SPDX-License-Identifier: MIT
// watcher_test.cc: shards become a row, and a row becomes a line of the file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include <absl/strings/str_split.h>
#include <collet/watcher.h>

namespace collet {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

void finish_one(WatcherShard& shard, nanoseconds lifetime) {
  shard.lifetime.record(lifetime);
  ++shard.finished;
}

TEST(WatcherTest, RowCountsWhatIsOpenAndWhatFinished) {
  const auto shard = std::make_unique<WatcherShard>();
  shard->opened = 4;
  shard->open = 3;
  finish_one(*shard, microseconds(1500));
  finish_one(*shard, microseconds(2500));
  const WatcherRow row = WatcherRow::of(*shard, 4096);
  EXPECT_EQ(row.total, 5U);
  EXPECT_EQ(row.finished, 2U);
  EXPECT_DOUBLE_EQ(row.average_ms, 2.0);
  EXPECT_DOUBLE_EQ(row.min_ms, 1.5);
  EXPECT_DOUBLE_EQ(row.max_ms, 2.5);
  EXPECT_NEAR(row.p50_ms, 1.5, 0.006);
  EXPECT_NEAR(row.p99_ms, 2.5, 0.010);
  EXPECT_EQ(row.rss_bytes, 4096U);
}

TEST(WatcherTest, ConnectionsShorterThanAMillisecondAreSeen) {
  const auto shard = std::make_unique<WatcherShard>();
  finish_one(*shard, microseconds(7));
  EXPECT_TRUE(WatcherRow::of(*shard, 0).csv().starts_with(
      "1,1,0.007,0.007,0.007,0.007,0.007,0.007,,,0,0,0,0,"));
}

TEST(WatcherTest, CsvBeginsWithTheColumnsOfOlderFiles) {
  EXPECT_TRUE(WatcherRow::csv_header().starts_with("total,finished,average,min,max,"));
}

TEST(WatcherTest, CsvHasAValueForEveryColumn) {
  WatcherRow row;
  row.total = 1;
  row.rss_bytes = 9;
  const std::vector<std::string> names = absl::StrSplit(WatcherRow::csv_header(), ',');
  const std::vector<std::string> values = absl::StrSplit(row.csv(), ',');
  ASSERT_EQ(names.size(), 15U);
  ASSERT_EQ(values.size(), names.size());
  EXPECT_EQ(values.front(), "1");
  EXPECT_EQ(values[13], "9");
}

TEST(WatcherTest, ShardsOfAllLoopsAddUp) {
  const auto one = std::make_unique<WatcherShard>();
  const auto two = std::make_unique<WatcherShard>();
  one->open = 2;
  one->requests = 10;
  one->bytes_in = 100;
  finish_one(*one, microseconds(100));
  two->open = 3;
  two->requests = 5;
  two->bytes_out = 7;
  two->first_byte.record(microseconds(20));
  finish_one(*two, microseconds(300));
  one->merge(*two);
  const WatcherRow row = WatcherRow::of(*one, 0);
  EXPECT_EQ(row.total, 7U);
  EXPECT_EQ(row.finished, 2U);
  EXPECT_EQ(row.requests, 15U);
  EXPECT_EQ(row.bytes_in, 100U);
  EXPECT_EQ(row.bytes_out, 7U);
  EXPECT_DOUBLE_EQ(row.min_ms, 0.1);
  EXPECT_DOUBLE_EQ(row.max_ms, 0.3);
  EXPECT_NEAR(row.first_byte_p50_ms, 0.02, 0.0001);
}

TEST(WatcherTest, NewIntervalKeepsOnlyWhatIsOpen) {
  const auto shard = std::make_unique<WatcherShard>();
  shard->open = 4;
  shard->opened = 9;
  shard->requests = 1;
  shard->bytes_in = shard->bytes_out = 2;
  shard->first_byte.record(microseconds(1));
  finish_one(*shard, microseconds(5));
  shard->begin_interval();
  const WatcherRow row = WatcherRow::of(*shard, 0);
  EXPECT_EQ(row.total, 4U);
  EXPECT_EQ(shard->opened, 0U);
  EXPECT_TRUE(row.csv().starts_with("4,0,,,,,,,,,0,0,0,0,"));
}

TEST(WatcherTest, ResidentMemoryIsKnown) { EXPECT_GT(resident_bytes(), 100'000U); }

}  // namespace
}  // namespace collet

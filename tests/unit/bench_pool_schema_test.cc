// SPDX-License-Identifier: MIT
// bench_pool_schema_test.cc: every line of pools.jsonl is as bench/pools.schema.json says.
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include <nlohmann/json.hpp>

#include "bench/pools/benchmark.h"
#include "bench_pool_session.h"
#include "bench_schema.h"

namespace collet::bench {
namespace {

using Json = nlohmann::json;

class PoolSchemaTest : public testing::Test {
 protected:
  // What is wrong with a line, or an empty string.
  static std::string complaint(const std::string& line) {
    return find_breach(COLLET_POOLS_SCHEMA, line);
  }
  static std::string complaint(const Json& json) { return complaint(json.dump()); }

  PoolSession session_ = sample_pool_session(6);
};

TEST_F(PoolSchemaTest, ASessionIsValid) {
  EXPECT_EQ(complaint(format_pool_session(session_)), "");
  session_.environment = look_around();
  session_.not_a_result = "a Debug build";
  EXPECT_EQ(complaint(format_pool_session(session_)), "");
  session_.cells.clear();
  session_.benchmarks.clear();
  EXPECT_EQ(complaint(format_pool_session(session_)), "");
}

TEST_F(PoolSchemaTest, RunsAreValidWhetherTheyWentWellOrNot) {
  PoolRunRecord record{{0, 2, 9, true},
                       1,
                       session_.started_utc,
                       good_pool_run({{"p50_us", 1.5}, {"cpu_us", std::nullopt}})};
  EXPECT_EQ(complaint(format_pool_run(session_, record)), "");
  record.outcome.flags = {"noisy_foreign"};
  EXPECT_EQ(complaint(format_pool_run(session_, record)), "");
  record.outcome = bad_pool_run("garbage \xff");
  EXPECT_EQ(complaint(format_pool_run(session_, record)), "");
}

TEST_F(PoolSchemaTest, EveryLineOfTheFixtureIsValidAndRead) {
  const std::string directory = COLLET_REPORT_FIXTURES "/fixture";
  std::ifstream file(directory + "/" + kPoolResultsName);
  std::size_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    EXPECT_EQ(complaint(line), "") << number;
  }
  EXPECT_GT(number, 80U);
  const auto results = read_pool_results(directory);
  EXPECT_TRUE(results.ok()) << results.status();
}

TEST_F(PoolSchemaTest, NothingElseIsValid) {
  const Json run = Json::parse(format_pool_run(
      session_, {{0, 0, 0, false}, 0, session_.started_utc, good_pool_run({{"p50_us", 1.5}})}));
  EXPECT_EQ(complaint(run), "");
  const auto with = [&](const char* pointer, const Json& value) {
    Json changed = run;
    changed[Json::json_pointer(pointer)] = value;
    return complaint(changed);
  };
  EXPECT_NE(with("/type", "dance"), "");
  EXPECT_NE(with("/status", "fast"), "");
  EXPECT_NE(with("/block", -1), "");
  EXPECT_NE(with("/wall_ns", 1.5), "");
  EXPECT_NE(with("/figures/p50_us", "quick"), "");
  EXPECT_NE(with("/figures/p50_us", -1.5), "");
  EXPECT_NE(with("/more", 1), "");
  Json less = run;
  less.erase("tasks");
  EXPECT_NE(complaint(less), "");
}

TEST(PoolBenchmarkTableTest, NamesAndKeysAreUniqueAndUnitsStandInTheKeys) {
  std::map<std::string, int> names;
  for (const PoolBenchmark& benchmark : pool_benchmarks()) {
    EXPECT_EQ(++names[benchmark.name], 1) << benchmark.name;
    EXPECT_EQ(find_pool_benchmark(benchmark.name), &benchmark);
    EXPECT_GE(benchmark.figures.size(), 2U);
    std::map<std::string, int> keys;
    for (const PoolFigure& figure : benchmark.figures) {
      const std::string key = figure.key;
      EXPECT_EQ(++keys[key], 1) << key;
      const std::string unit = figure.unit;
      const std::string suffix = unit == "µs" ? "us" : unit == "%" ? "percent" : unit;
      EXPECT_NE(key.find("_" + suffix), std::string::npos) << key;
    }
  }
  EXPECT_EQ(find_pool_benchmark("fib"), nullptr);
}

TEST(PoolBenchmarkTableTest, WhatDoesNotApplyHasAReason) {
  const PoolBenchmark& ping_pong = *find_pool_benchmark("ping-pong");
  EXPECT_EQ(why_not_applicable(ping_pong, true, 2), "");
  EXPECT_EQ(why_not_applicable(ping_pong, true, 1), "it takes 2 workers, and there is --workers 1");
  EXPECT_NE(why_not_applicable(ping_pong, false, 2), "");
  EXPECT_EQ(why_not_applicable(*find_pool_benchmark("fork-join"), false, 1), "");
}

}  // namespace
}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// bench_pools_test.cc: collet-bench pools with the real pools: every figure is plausible, every
// task ran once, and a session ends as it should. Nothing here depends on how quick this machine
// is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include "bench/session/pool_results.h"
#include "bench/statistics/pool_summary.h"
#include "tests/integration/bench_program.h"
#include "tests/support/patience.h"

namespace collet::bench {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class BenchPoolsTest : public BenchProgramTest {
 protected:
  std::vector<std::string> pools(std::vector<std::string> more,
                                 const std::string& reps = "1") const {
    std::vector<std::string> arguments = {
        "pools",   "--reps", reps,        "--max-repeats",     "0", "--seed", "7",
        "--quiet", "-o",     directory(), "--accept-any-build"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  PoolReport report() const {
    auto read = read_pool_report(directory());
    EXPECT_TRUE(read.ok()) << read.status();
    return read.ok() && *read ? **std::move(read) : PoolReport();
  }
};

// Of each run that is known: p50 is not above the higher percentile, nor that above the maximum.
void expect_ordered(const PoolOutcome& outcome, const std::string& low, const std::string& high) {
  const auto figure = [&](const std::string& key) {
    const auto found = outcome.figures.find(key);
    return found == outcome.figures.end() ? std::nullopt : found->second;
  };
  if (!figure(low) || !figure(high)) return;
  EXPECT_LE(*figure(low), *figure(high)) << low << " " << high;
}

TEST_F(BenchPoolsTest, EveryBenchmarkOfEveryPoolRunsEachTaskOnceAndHasPlausibleFigures) {
  const Ended ended = run_bench(pools({"--workers", "2"}));
  ASSERT_EQ(ended.code, 0) << ended.output << ended.last_words;
  const auto results = read_pool_results(directory());
  ASSERT_TRUE(results.ok()) << results.status();
  EXPECT_EQ(results->runs.size(), make_pool_plan(results->session).size());
  for (const PoolRunRecord& run : results->runs) {
    const PoolOutcome& outcome = run.outcome;
    SCOPED_TRACE(pool_cell_key(results->session.cells[run.run.cell]));
    ASSERT_EQ(outcome.status, RunStatus::ok) << outcome.reason;
    EXPECT_GT(outcome.tasks, 0);
    EXPECT_GT(outcome.wall_ns, 0);
    EXPECT_GT(outcome.cpu_ns, 0);
    for (const auto& [key, value] : outcome.figures) {
      EXPECT_GT(value.value_or(1), 0) << key;
    }
    expect_ordered(outcome, "single_p50_us", "single_p99_us");
    expect_ordered(outcome, "bulk_p50_us", "bulk_p99_us");
    expect_ordered(outcome, "round_trip_p50_us", "round_trip_p99_us");
    expect_ordered(outcome, "start_p50_us", "start_p90_us");
    expect_ordered(outcome, "start_p50_us", "start_p99_us");
    // A percentile is its bucket's midpoint, up to 0.4 % above the maximum.
    if (outcome.figures.contains("wait_max_us") && outcome.figures.at("wait_p50_us")) {
      EXPECT_LE(*outcome.figures.at("wait_p50_us"), 1.005 * *outcome.figures.at("wait_max_us"));
    }
  }
  EXPECT_THAT(ended.output, AllOf(HasSubstr("2 workers on "), HasSubstr("baseline mutex")));
}

TEST_F(BenchPoolsTest, WhatDoesNotApplyIsShownWithItsReasonAndEveryFormatComesFromOneFile) {
  const Ended ended = run_bench(pools({"--workers", "1", "--pool", "mutex,inline,tbb:linger=1ms",
                                       "--benchmark", "ping-pong,fork-join"}));
  ASSERT_EQ(ended.code, 0) << ended.last_words;
  EXPECT_THAT(ended.output, AllOf(HasSubstr("it takes 2 workers, and there is --workers 1"),
                                  HasSubstr("tbb:linger=1ms"), HasSubstr("fork-join")));
  EXPECT_EQ(run_bench({"report", directory()}).output, ended.output);
  EXPECT_THAT(run_bench({"report", directory(), "--format", "csv"}).output,
              HasSubstr("\nping-pong,inline,0,inapplicable,"));
  EXPECT_THAT(run_bench({"report", directory(), "--format", "json"}).output,
              HasSubstr("\"collet-bench-pool-summary/1\""));
  EXPECT_THAT(run_bench({"report", directory(), "--format", "md"}).output,
              HasSubstr("| wall/task, ns | CPU/task, ns |"));
  const std::string page = directory() + "/page.html";
  EXPECT_EQ(run_bench({"report", directory(), "-o", page}).code, 0);
  EXPECT_TRUE(std::filesystem::exists(page));

  const Ended again = run_bench(pools({"--benchmark", "fork-join"}));
  EXPECT_EQ(again.code, 2) << "never overwritten";
  EXPECT_THAT(again.last_words, AllOf(HasSubstr("--output: "), HasSubstr("pools.jsonl is there")));
}

TEST_F(BenchPoolsTest, OneThatIsInterruptedKeepsWhatItHas) {
  auto child = start_bench(pools({"--benchmark", "fork-join"}, "1000"));
  ASSERT_TRUE(child.ok());
  const auto runs = [&] {
    const auto results = read_pool_results(directory());
    return results.ok() ? results->runs.size() : 0;
  };
  ASSERT_TRUE(integration::eventually([&] { return runs() >= 2; }));
  const Deadline deadline = std::chrono::steady_clock::now() + integration::kPatience;
  const auto ended = child->end(SIGINT, deadline);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code, 128 + SIGINT);
  EXPECT_GE(runs(), 2U);
  EXPECT_THAT(run_bench({"report", directory()}).output, HasSubstr("Incomplete: "));
}

TEST_F(BenchPoolsTest, APoolWhoseProgramFailsIsFailedNotDropped) {
  // A program that is found by its name, and is not the one that it should be.
  const auto programs = root_ / "programs";
  std::filesystem::create_directories(programs);
  std::filesystem::copy_file("/bin/false", programs / "collet-pool-load");
  const Ended ended =
      run_bench(pools({"--bin-dir", programs.string(), "--benchmark", "fork-join"}));
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.output, HasSubstr("failed: exit code 1"));
}

}  // namespace
}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// bench_rates_test.cc: collet-bench with rates that are shares of what the baseline reaches: closed
// loops come first, and may be noisy, fail, or be interrupted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/integration/bench_program.h"
#include "tests/support/patience.h"
#include "tests/unit/bench_schema.h"

namespace collet::bench {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class BenchRatesTest : public BenchProgramTest {};

TEST_F(BenchRatesTest, RatesThatAreSharesFollowFromTheBaseline) {
  const Ended ended = run_bench(quick({"-R", "closed,1%,2%", "--no-baselines"}));
  ASSERT_EQ(ended.code, 0) << ended.output << ended.last_words;
  const Report report = this->report();
  ASSERT_EQ(report.tables.size(), 3U);
  ASSERT_EQ(report.session.capacities.size(), 1U);
  const double reach = report.session.capacities[0].requests_per_s;
  EXPECT_FALSE(report.tables[0].open_loop);
  for (const int percent : {1, 2}) {
    const TableSummary& table = report.tables[static_cast<std::size_t>(percent)];
    const auto rate = static_cast<double>(table.cells[0].cell.rate_per_s);
    EXPECT_TRUE(table.open_loop);
    EXPECT_EQ(table.judged_by(), Metric::p99);
    EXPECT_NEAR(rate, reach * percent / 100, 0.01 * reach * percent / 100);
  }
  EXPECT_THAT(ended.output, HasSubstr("Response time p99 by rate: echo, 4 connections"));
  std::istringstream lines(text_of_results());
  for (std::string line; std::getline(lines, line);) {
    EXPECT_EQ(find_breach(COLLET_SOURCE_DIR "/bench/results.schema.json", line), "") << line;
  }
}

TEST_F(BenchRatesTest, AClosedLoopThatIsNoisyIsRepeatedLikeARun) {
  if (allowed_cpus().size() < 2) GTEST_SKIP() << "with one CPU nothing is pinned";
  const Spinner spinner(allowed_cpus().front());  // the server's
  std::vector<std::string> arguments = quick({"-R", "2%", "--no-baselines", "--reps", "1"});
  set(arguments, "--max-repeats", "1");
  set(arguments, "-d", "400ms");  // so that the server has its turns
  const Ended ended = run_bench(arguments);
  ASSERT_EQ(ended.code, 0) << ended.output << ended.last_words;
  const auto results = read_results(directory());
  ASSERT_TRUE(results.ok()) << results.status();
  std::vector<std::pair<int, int>> course;  // blocks and attempts
  for (const CapacityRun& run : results->capacity_runs) {
    EXPECT_TRUE(is_noisy(run.flags));
    course.emplace_back(run.block, run.attempt);
  }
  using testing::Pair;
  EXPECT_THAT(course, testing::ElementsAre(Pair(0, 0), Pair(0, 1), Pair(1, 0), Pair(1, 1),
                                           Pair(2, 0), Pair(2, 1)));
  EXPECT_THAT(ended.output, HasSubstr("3 of the 3 closed loops that rates are shares of stayed "));
}

TEST_F(BenchRatesTest, ABaselineThatFailsInItsClosedLoopEndsTheSessionAsAFailure) {
  const Ended ended = run_bench(quick({"-R", "40%", "--no-baselines", "--baseline", "broken",
                                       "--external", "broken=/bin/false {port}"}));
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.last_words, HasSubstr("--rate: the baseline, of which it is a share, failed: "
                                          "echo c=4 p=64 split broken: "));
  EXPECT_TRUE(runs().empty());
}

TEST_F(BenchRatesTest, TwoRatesThatTurnOutToBeOneAreABadFlag) {
  run_bench(quick({"-R", "2k,50%", "--no-baselines", "--reps", "1"}));
  std::string text = text_of_results();
  text.resize(text.find('\n') + 1);  // the session alone
  for (int block = 0; block < 3; ++block) {
    text += format_capacity_run({"echo c=4 p=64 split", block, 0, utc_now(), 4'000, {}}) + "\n";
  }
  std::ofstream(results_path(), std::ios::trunc) << text;
  const Ended ended = run_bench({"resume", directory(), "-q"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.last_words, HasSubstr("--rate: two of them are the same here: "));
  EXPECT_TRUE(runs().empty());
}

// Before there are rates there are closed loops, which are results too.
TEST_F(BenchRatesTest, OneThatIsInterruptedBeforeItsRatesAreKnownGoesOnWhereItWas) {
  auto bench = start_bench(quick({"-R", "2%", "--no-baselines", "--reps", "1"}));
  ASSERT_TRUE(bench.ok()) << bench.status();
  const auto loops = [&] {
    const std::string text = text_of_results();
    std::size_t count = 0;
    for (std::size_t at = 0; (at = text.find("{\"type\":\"capacity\"", at)) != text.npos; ++at) {
      ++count;
    }
    return count;
  };
  const Deadline deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  ASSERT_TRUE(integration::eventually([&] { return loops() > 0; }));
  const auto ended = bench->end(SIGINT, deadline);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code, 128 + SIGINT);
  EXPECT_THAT(bench->last_words(), HasSubstr("collet-bench resume " + directory()));
  const std::string before = text_of_results();
  EXPECT_THAT(before, testing::EndsWith("}\n"));
  EXPECT_LT(loops(), 3U);
  EXPECT_TRUE(runs().empty());
  const Ended shown = run_bench({"report", directory()});
  EXPECT_EQ(shown.code, 0) << shown.last_words;
  EXPECT_THAT(shown.output, HasSubstr("not run"));

  const Ended resumed = run_bench({"resume", directory(), "-q"});
  ASSERT_EQ(resumed.code, 0) << resumed.last_words;
  EXPECT_THAT(text_of_results(), StartsWith(before));
  EXPECT_EQ(loops(), 3U);
  const Report report = this->report();
  ASSERT_EQ(report.session.capacities.size(), 1U);
  EXPECT_GT(report.tables.at(0).cells.at(0).cell.rate_per_s, 0);
  EXPECT_EQ(runs().size(), 2U);
}

}  // namespace
}  // namespace collet::bench

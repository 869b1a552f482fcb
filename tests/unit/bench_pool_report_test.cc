// SPDX-License-Identifier: MIT
// bench_pool_report_test.cc: pool sessions: their plan, their file, what is concluded, and what is
// shown.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <tuple>

#include <nlohmann/json.hpp>

#include "bench/session/pool_options.h"
#include "bench/show/bench_tools.h"
#include "bench/show/figures.h"
#include "bench/show/pool_exports.h"
#include "bench/show/pool_html.h"
#include "bench/show/pool_table.h"
#include "bench/show/report_data.h"
#include "bench_pool_session.h"

namespace collet::bench {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

PoolReport sample_report(int blocks, double slower = 1.5) {
  return summarize_pools(sample_pool_results(blocks, slower), "x/pools.jsonl");
}

TEST(PoolPlanTest, EachBlockVisitsWhatIsMeasuredOnceAndTheBaselineTwice) {
  const PoolSession session = sample_pool_session(4);
  std::map<std::tuple<int, std::size_t>, int> visits;
  std::set<std::vector<std::size_t>> orders;
  std::map<int, std::vector<std::size_t>> by_block;
  for (const PlannedRun& run : make_pool_plan(session)) {
    ++visits[{run.block, run.cell}];
    by_block[run.block].push_back(run.cell);
  }
  for (int block = 0; block < 4; ++block) {
    EXPECT_EQ((visits[{block, 0}]), 2);
    EXPECT_EQ((visits[{block, 1}]), 1);
    EXPECT_EQ((visits[{block, 2}]), 0) << "inapplicable";
    EXPECT_EQ((visits[{block, 3}]), 2);
    EXPECT_EQ((visits[{block, 4}]), 0) << "unavailable";
    orders.insert(by_block[block]);
  }
  EXPECT_GT(orders.size(), 1U);
}

TEST(PoolResultsTest, WhatIsWrittenIsRead) {
  const PoolResults written = sample_pool_results(2, 1.5);
  PoolResults read;
  ASSERT_TRUE(read_pool_line(format_pool_session(written.session), read).ok());
  for (const PoolRunRecord& run : written.runs) {
    const auto status = read_pool_line(format_pool_run(written.session, run), read);
    ASSERT_TRUE(status.ok()) << status;
  }
  EXPECT_EQ(format_pool_session(read.session), format_pool_session(written.session));
  ASSERT_EQ(read.runs.size(), written.runs.size());
  for (std::size_t i = 0; i < read.runs.size(); ++i) {
    EXPECT_EQ(format_pool_run(read.session, read.runs[i]),
              format_pool_run(written.session, written.runs[i]));
  }
}

TEST(PoolResultsTest, AMalformedLineIsNamedByFileAndLine) {
  const std::string directory = testing::TempDir() + "/pool_results_test";
  std::filesystem::create_directories(directory);
  const PoolSession session = sample_pool_session(1);
  const PoolRunRecord run{{0, 0, 0, false}, 0, session.started_utc, bad_pool_run("x")};
  const std::string good = format_pool_run(session, run);
  for (const auto& [second, words] :
       {std::pair{std::string("{"), "not JSON"},
        std::pair{std::string(R"({"type":"dance"})"), "\"dance\" are unknown"},
        std::pair{std::string(R"({"type":"run","cell":"hop nobody"})"), "none of the session's"}}) {
    std::ofstream(directory + "/pools.jsonl") << format_pool_session(session) << "\n"
                                              << second << "\n"
                                              << good << "\n";
    const auto results = read_pool_results(directory);
    ASSERT_FALSE(results.ok());
    EXPECT_THAT(std::string(results.status().message()),
                AllOf(HasSubstr("pools.jsonl:2: "), HasSubstr(words)));
  }
  std::filesystem::remove_all(directory);
}

TEST(PoolResultsTest, ANumberOrWordThatNoRunWritesIsRefused) {
  const PoolResults written = sample_pool_results(1, 1.5);
  PoolResults read;
  ASSERT_TRUE(read_pool_line(format_pool_session(written.session), read).ok());
  const auto good = nlohmann::json::parse(format_pool_run(written.session, written.runs[0]));
  const auto complaint = [&](const char* pointer, const nlohmann::json& value) {
    nlohmann::json changed = good;
    changed[nlohmann::json::json_pointer(pointer)] = value;
    return std::string(read_pool_line(changed.dump(), read).message());
  };
  EXPECT_EQ(complaint("/block", 3), "");
  EXPECT_THAT(complaint("/block", -3), HasSubstr("no whole number from 0 on: -3"));
  EXPECT_THAT(complaint("/block", 1.7), HasSubstr("no whole number from 0 on: 1.7"));
  EXPECT_THAT(complaint("/block", 10'000), HasSubstr("block 10000 is out of range"));
  EXPECT_THAT(complaint("/cpu_ns", -1), HasSubstr("no whole number from 0 on: -1"));
  EXPECT_THAT(complaint("/figures/p50_us", -0.5), HasSubstr("a figure is negative: -0.5"));
  EXPECT_THAT(complaint("/status", "banana"), HasSubstr("the status \"banana\" is unknown"));
}

TEST(PoolLoadReportTest, OnlyWhatIsWholeAndWasAskedForCounts) {
  const PoolCell cell = sample_pool_session(1).cells[0];
  const nlohmann::json good = {{"benchmark", "hop"}, {"pool_spec", "mutex:capacity=0"},
                               {"workers", 2},       {"producers", 1},
                               {"build", "Release"}, {"wall_ns", 5},
                               {"cpu_ns", 6},        {"tasks_submitted", 7},
                               {"tasks_run", 7},     {"figures", {{"p50_us", nullptr}}}};
  const auto outcome = parse_pool_load(good.dump(), cell);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->tasks, 7);
  EXPECT_EQ(outcome->figures.at("p50_us"), std::nullopt);
  const auto with = [&](const char* key, const nlohmann::json& value) {
    nlohmann::json changed = good;
    changed[key] = value;
    return std::string(parse_pool_load(changed.dump(), cell).status().message());
  };
  EXPECT_THAT(with("tasks_run", 6), HasSubstr("6 tasks ran of 7"));
  EXPECT_THAT(with("benchmark", "spin"), HasSubstr("measured spin"));
  EXPECT_THAT(with("pool_spec", "tbb"), HasSubstr("of tbb instead"));
  EXPECT_THAT(with("figures", nullptr), testing::IsEmpty()) << "no figures are unknown ones";
  EXPECT_FALSE(parse_pool_load("Segmentation fault", cell).ok());
}

TEST(PoolSummaryTest, ADifferenceIsFoundWherePairsOfABlockDiffer) {
  const PoolReport report = sample_report(10);
  ASSERT_EQ(report.tables.size(), 2U);
  const PoolTable& hop = report.tables[0];
  ASSERT_EQ(hop.rows.size(), 3U);
  EXPECT_THAT(hop.twins, ElementsAre(10U, 10U));
  const PoolRow& tbb = hop.rows[1];
  EXPECT_EQ(tbb.values[0].n, 10U);
  EXPECT_NEAR(tbb.to_baseline[0].ratio, 1.5, 1e-9) << "though blocks drift by 90 %";
  EXPECT_EQ(tbb.to_baseline[0].verdict, Verdict::higher);
  EXPECT_FALSE(tbb.to_baseline[0].indicative);
  EXPECT_EQ(tbb.to_baseline[1].verdict, Verdict::same);
  EXPECT_GT(tbb.to_baseline[0].adjusted_p, tbb.to_baseline[0].p) << "both figures count";
  EXPECT_NEAR(hop.rows[0].to_baseline[0].ratio, 1.01, 1e-9) << "the baseline against itself";
  EXPECT_FALSE(report.has_failures());
  EXPECT_EQ(report.missing, 0U);
}

TEST(PoolSummaryTest, AFigureThatOneRunLacksIsUnknown) {
  PoolResults results = sample_pool_results(3, 1.5);
  results.runs[2].outcome.figures["p50_us"] = std::nullopt;
  const PoolReport report = summarize_pools(std::move(results), "");
  const PoolRow& tbb = report.tables[0].rows[1];
  EXPECT_TRUE(tbb.has_figures());
  EXPECT_EQ(tbb.values[0].n, 0U);
  EXPECT_EQ(tbb.to_baseline[0].n, 0U);
  EXPECT_EQ(tbb.values[1].n, 3U);
  EXPECT_EQ(describe_value(tbb, 0), "–");
}

TEST(PoolSummaryTest, APoolThatFailedOnceHasNoFiguresAndABaselineThatFailedNoComparisons) {
  PoolResults results = sample_pool_results(6, 1.5);
  results.runs[0].outcome = bad_pool_run("signal 11 (Segmentation fault)");
  const PoolReport report = summarize_pools(std::move(results), "");
  EXPECT_TRUE(report.has_failures());
  EXPECT_STREQ(state_of(report.tables[0].rows[0]), "failed");
  EXPECT_EQ(report.tables[0].rows[0].reason(), "signal 11 (Segmentation fault)");
  EXPECT_TRUE(report.tables[0].rows[1].has_figures());
  EXPECT_EQ(report.tables[0].rows[1].to_baseline[0].n, 0U);
  EXPECT_EQ(report.tables[1].baseline(), &report.tables[1].rows[0]) << "the other table's";
  EXPECT_THAT(render_pool_tables(report),
              AllOf(ContainsRegex("mutex +failed: signal 11"), HasSubstr("nothing is compared")));
}

TEST(PoolTableTest, FitsIn100ColumnsAndSaysAllThatIsNeeded) {
  const std::string text = render_pool_tables(sample_report(10));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(display_width(line), kPoolTableWidth) << line;
  }
  EXPECT_THAT(text, AllOf(HasSubstr("hop: from worker to worker, n=10"), HasSubstr("hop p50, µs"),
                          HasSubstr("tbb         21.8 +50.0%"), HasSubstr(" ~ ["),
                          HasSubstr("inline      inapplicable: it has no worker"),
                          HasSubstr("tbb         unavailable: no threads are left"),
                          HasSubstr("dead band   ±2.0%")));
  EXPECT_THAT(text,
              AllOf(HasSubstr("baseline mutex"), HasSubstr("2 workers on 2 CPUs (0-1)"),
                    HasSubstr("~ no difference beyond the dead band"), HasSubstr("x/pools.jsonl")));
  EXPECT_THAT(text, Not(HasSubstr("NOT A RESULT")));
}

TEST(PoolTableTest, ABuildThatSaysNothingAboutSpeedIsMarkedAboveAndBelow) {
  PoolResults results = sample_pool_results(1, 1.5);
  results.session.not_a_result = "a Debug build";
  const std::string text = render_pool_tables(summarize_pools(std::move(results), ""));
  EXPECT_NE(text.find("NOT A RESULT"), text.rfind("NOT A RESULT"));
}

TEST(PoolExportsTest, JsonHasSummariesAndComparisonsByKey) {
  const auto json = nlohmann::json::parse(render_pool_json(sample_report(10)));
  EXPECT_EQ(json.at("workers"), 2);
  EXPECT_EQ(json.at("cpus"), 2);
  const auto& hop = json.at("benchmarks").at(0);
  EXPECT_EQ(hop.at("figures").at(0).at("unit"), "µs");
  const auto& tbb = hop.at("rows").at(1);
  EXPECT_EQ(tbb.at("state"), "ok");
  EXPECT_EQ(tbb.at("figures").at("p50_us").at("n"), 10);
  EXPECT_EQ(tbb.at("to_baseline").at("p50_us").at("verdict"), "higher");
  const auto& gap = hop.at("rows").at(2);
  EXPECT_EQ(gap.at("state"), "inapplicable");
  EXPECT_EQ(gap.at("reason"), "it has no worker");
  EXPECT_TRUE(gap.at("figures").at("p50_us").is_null());
}

TEST(PoolExportsTest, CsvHasALineForEachFigure) {
  const std::string text = render_pool_csv(sample_report(10));
  EXPECT_EQ(std::ranges::count(text, '\n'), 1 + 3 * 2 + 2);
  EXPECT_THAT(text, HasSubstr("\nhop,inline,0,inapplicable,it has no worker,p50_us,µs,0,0,,,,"));
}

TEST(PoolExportsTest, ToolsOfOtherBenchmarksGetARowForEachRunThatCounts) {
  const PoolReport report = sample_report(3);
  const std::string go = render_go_benchmark(report);
  EXPECT_THAT(go, HasSubstr("\nUnit efficiency_percent better=higher\n"));
  EXPECT_THAT(go, HasSubstr("\nBenchmarkHop/pool=tbb 1000 15 p50_us 4 cpu_us\n"));
  EXPECT_THAT(go, Not(HasSubstr("10.1 p50_us"))) << "the baseline's second visit";
  const auto google = nlohmann::json::parse(render_google_benchmark(report));
  ASSERT_EQ(google.at("benchmarks").size(), 3U * 3 + 1);
  EXPECT_EQ(google.at("benchmarks").at(9).at("error_message"), "unavailable: no threads are left");
  EXPECT_THAT(go, HasSubstr("\n# BenchmarkSpin/pool=tbb unavailable: no threads are left\n"));
  const auto& row = google.at("benchmarks").at(0);
  EXPECT_EQ(row.at("name"), "Hop/pool=mutex");
  EXPECT_EQ(row.at("real_time"), 250'000.0) << "a task";
  EXPECT_EQ(row.at("p50_us"), 10.0);
}

TEST(PoolPageTest, TheReportHasPoolsOrNull) {
  const PoolReport pools = sample_report(6);
  const Report around = report_around(pools);
  const auto data = nlohmann::json::parse(render_report_data(around, &pools));
  EXPECT_EQ(data.at("pools").at("benchmarks").size(), 2U);
  EXPECT_EQ(data.at("session").at("id"), pools.session.id);
  EXPECT_TRUE(nlohmann::json::parse(render_report_data(around)).at("pools").is_null());
  EXPECT_THAT(render_pool_html(pools), AllOf(HasSubstr("<h2>hop: from worker to worker</h2>"),
                                             HasSubstr("inapplicable: it has no worker")));
}

absl::StatusOr<PoolSession> prepared(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "pools");
  const int count = static_cast<int>(arguments.size());
  const auto options = parse_pool_options(count, arguments.data());
  if (!options.ok()) return options.status();
  return prepare_pools(*options, count, arguments.data());
}

TEST(PoolOptionsTest, EveryMistakeIsOneSentenceThatNamesFlagValueAndWhatWorks) {
  using Arguments = std::vector<const char*>;
  for (const auto& [arguments, flag, value, way_out] :
       {std::tuple{Arguments{"--pool", "mutxe"}, "--pool", "mutxe", "mutex"},
        std::tuple{Arguments{"--pool", "mutex,,tbb"}, "--pool", "mutex,,tbb", "one comma"},
        std::tuple{Arguments{"--pool", "tbb,tbb"}, "--pool", "tbb", "once"},
        std::tuple{Arguments{"--benchmark", "fib"}, "--benchmark", "fib", "fork-join"},
        std::tuple{Arguments{"--workers", "0"}, "--workers", "0", "from 1 to"},
        std::tuple{Arguments{"--workers", "two"}, "--workers", "two", "such as"},
        std::tuple{Arguments{"--producers", "-1"}, "--producers", "-1", "such as"},
        std::tuple{Arguments{"--reps", "0"}, "--reps", "0", "from 1 to"},
        std::tuple{Arguments{"--seed", "x"}, "--seed", "x", "such as"},
        std::tuple{Arguments{"--format", "xml"}, "--format", "xml", "gobench"},
        std::tuple{Arguments{"--pool", "mutex", "--baseline", "tbb"}, "--baseline", "tbb",
                   "mutex"}}) {
    const auto session = prepared(arguments);
    ASSERT_FALSE(session.ok()) << flag;
    EXPECT_THAT(std::string(session.status().message()),
                AllOf(HasSubstr(flag), HasSubstr(value), HasSubstr(way_out)));
  }
}

}  // namespace
}  // namespace collet::bench

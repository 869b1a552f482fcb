// SPDX-License-Identifier: MIT
// bench_report_test.cc: from the lines of results.jsonl to tables and exports.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <string>
#include <vector>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <collet/histogram.h>
#include <nlohmann/json.hpp>

#include "bench/session/results.h"
#include "bench/show/bench_tools.h"
#include "bench/show/exports.h"
#include "bench/show/figures.h"
#include "bench/show/table.h"
#include "bench/statistics/session_diff.h"
#include "bench/statistics/summary.h"
#include "bench_session.h"

namespace collet::bench {
namespace {

using Json = nlohmann::json;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

class ReportTest : public testing::Test {
 protected:
  // Every cell in every block: the baseline takes 2 us, asio + inline 25 % more, epoll + mutex the
  // same as the baseline, and the external server half.
  ReportTest() : results_{sample_session(6), {}} {
    for (int block = 0; block < 6; ++block) {
      const double drift = 1 + 0.01 * block;
      add(0, block, 2.0 * drift);
      add(0, block, 2.0 * drift * (block % 2 == 0 ? 1.01 : 0.99), true);
      add(1, block, 2.5 * drift);
      add(2, block, 2.0 * drift);
      add(3, block, 1.0 * drift);
    }
  }

  RunRecord& add(std::size_t cell, int block, double cpu_us, bool twin = false) {
    const int order = static_cast<int>(results_.runs.size());
    results_.runs.push_back({{cell, block, order, twin}, 0, kNoon, good_run(cpu_us)});
    return results_.runs.back();
  }
  RunRecord& run(std::size_t cell, int block) {
    return *std::ranges::find_if(results_.runs, [&](const RunRecord& record) {
      return record.run.cell == cell && record.run.block == block && !record.run.twin;
    });
  }

  // As from a file: every line is written and read.
  Report report() {
    Results read;
    EXPECT_TRUE(read_line(format_session(results_.session), read).ok());
    for (const RunRecord& record : results_.runs) {
      const auto status = read_line(format_run(results_.session, record), read);
      EXPECT_TRUE(status.ok()) << status;
    }
    for (const CountRecord& record : results_.counts) {
      const auto status = read_line(format_count(results_.session, record), read);
      EXPECT_TRUE(status.ok()) << status;
    }
    return summarize_results(std::move(read), "results/x/results.jsonl");
  }
  std::string tables() { return render_tables(report()); }

  Results results_;
};

TEST_F(ReportTest, CallsThatADecoratorCountedAreSaidForEachRequest) {
  EXPECT_THAT(tables(), Not(HasSubstr("calls for each request")));
  run(1, 0).outcome.counted = CountedCalls{1'000, {{"wait", 900}, {"wake", 0}, {"add", 4}}};
  run(1, 3).outcome.counted = CountedCalls{3'000, {{"wait", 700}, {"wake", 60}, {"add", 4}}};
  EXPECT_THAT(tables(), HasSubstr("calls for each request, asio + inline, echo, 64 connections: "
                                  "wait 0.40, wake 0.01\n"));
  EXPECT_THAT(render_json(report()), HasSubstr("\"wait\": 0.4,"));
}

// What was counted of epoll + mutex.
CountRecord count_of_mutex() {
  CountRecord record;
  record.cell = 2;
  record.started_utc = kNoon;
  record.syscalls_per_request = 2.5;
  record.allocations_per_request = 0.25;
  record.handoff_p50_us = 4.5;
  record.handoff_p99_us = 31.5;
  return record;
}

TEST_F(ReportTest, HandOffsStandBelowTheTablesAndInTheExports) {
  EXPECT_THAT(tables(), Not(HasSubstr("hand-off")));
  results_.counts = {count_of_mutex()};
  const std::string line =
      "hand-off to mutex, p50 and p99, echo, 64 connections, 64 B, split: epoll 4.50µs 31.5µs\n";
  EXPECT_THAT(tables(), HasSubstr(line));
  EXPECT_THAT(render_markdown(report()), HasSubstr(line));
  EXPECT_THAT(render_csv(report()), HasSubstr(",2.5,0.25,4.5,31.5,server_cpu_us_per_request,"));
  const std::string json = render_json(report());
  for (const char* figure : {"handoff_p50_us", "handoff_p99_us"}) {
    const std::string key = absl::StrCat("\"", figure, "\": ");
    EXPECT_THAT(json, AllOf(HasSubstr(key + "{"), HasSubstr(key + "null"))) << figure;
  }
  EXPECT_THAT(json, HasSubstr("\"median\": 31.5"));
  results_.counts[0].handoff_p99_us.reset();
  EXPECT_THAT(tables(), HasSubstr("split: epoll 4.50µs –\n"));
}

TEST_F(ReportTest, ACountOfBeforeHandOffsWereTimedIsReadAndComplete) {
  CountRecord record = count_of_mutex();
  record.handoff_p50_us.reset();
  record.handoff_p99_us.reset();
  const std::string line = format_count(results_.session, record);
  const std::string before = absl::StrReplaceAll(
      line, {{",\"handoff_p50_us\":null", ""}, {",\"handoff_p99_us\":null", ""}});
  ASSERT_LT(before.size(), line.size());
  Results read{results_.session, {}};
  ASSERT_TRUE(read_line(before, read).ok());
  EXPECT_TRUE(read.counts.at(0).is_complete());
  read.counts[0].reason = "hand-offs: it died";
  EXPECT_FALSE(read.counts[0].is_complete());
}

TEST_F(ReportTest, CountsThatAreMissingAreThreeRunsWhereAPoolHasWorkers) {
  results_.session.settings.counts = true;
  run(2, 0).outcome.listening->workers = 1;
  EXPECT_THAT(tables(), HasSubstr("Incomplete: 9 runs are missing"));  // of four cells
  results_.counts = {count_of_mutex()};
  EXPECT_THAT(tables(), HasSubstr("Incomplete: 6 runs are missing"));
}

TEST_F(ReportTest, ARunOfBeforeCallsWereCountedIsRead) {
  const std::string line = format_run(results_.session, run(1, 0));
  const std::string counted = ",\"counted\":null";
  std::string before = line;
  ASSERT_NE(before.find(counted), before.npos) << line;
  before.erase(before.find(counted), counted.size());
  Results read{results_.session, {}};
  EXPECT_TRUE(read_line(before, read).ok());
}

TEST_F(ReportTest, TheBaselineStandsInWordsAndTheOthersRelativeToIt) {
  const std::string text = tables();
  EXPECT_THAT(text, HasSubstr("echo, 64 connections, 64 B, split, n=6\n"
                              "baseline epoll + inline, dead band ±2.0% (against itself in 6 "
                              "blocks)\n"));
  EXPECT_THAT(text, HasSubstr("\ninline   2.05 [2.00–2.10]              2.56 +25.0% "
                              "[+25.0–+25.0]\n         50.0k/s  p99 412µs  5.00MiB   50.0k/s"));
  EXPECT_THAT(text, HasSubstr("\nmutex    2.05 ~ [+0.0–+0.0]            unavailable\n"));
  EXPECT_THAT(text, HasSubstr("\nnginx   1.02 -50.0% [-50.0–-50.0]   50.0k/s"));
  EXPECT_THAT(text, HasSubstr("unavailable asio + mutex, echo, 64 connections: no such thing\n"));
  EXPECT_THAT(text, HasSubstr("covers the true median with 96.9 %.\n"));
  EXPECT_THAT(text, HasSubstr("Verdicts are indicative: 10 blocks"));
  EXPECT_THAT(text, HasSubstr("results/x/results.jsonl"));
  for (const char* absent : {">=", "NOT A RESULT", "NOISY", "Incomplete"}) {
    EXPECT_THAT(text, Not(HasSubstr(absent)));
  }
}

TEST_F(ReportTest, FewBlocksSayWhatTheyLack) {
  std::erase_if(results_.runs, [](const RunRecord& record) { return record.run.block > 4; });
  EXPECT_THAT(tables(), HasSubstr("with 93.8 %, less than 95: take six blocks or more."));
  EXPECT_THAT(tables(), HasSubstr("Incomplete: 5 runs are missing"));
  std::erase_if(results_.runs, [](const RunRecord& record) { return record.run.block > 0; });
  EXPECT_THAT(tables(), HasSubstr("One run of each cell: no ranges and no verdicts.\n"));
  EXPECT_THAT(tables(), Not(HasSubstr("+25")));
}

TEST_F(ReportTest, ASessionThatWasCutOffClaimsNoMoreThanItsRunsDo) {
  results_.session.settings.blocks = 10;  // of which six took place
  EXPECT_THAT(tables(), HasSubstr("with 96.9 %"));
  EXPECT_THAT(tables(), HasSubstr("Verdicts are indicative"));
}

TEST_F(ReportTest, ACellThatFailedOnceHasNoFigures) {
  run(1, 3).outcome = bad_run("7 wrong bytes in the replies");
  EXPECT_TRUE(report().has_failures());
  EXPECT_THAT(tables(), HasSubstr("failed\n"));
  EXPECT_THAT(tables(), HasSubstr("1 of 6 runs"));
  EXPECT_THAT(tables(), HasSubstr("FAILED asio + inline, echo, 64 connections: 7 wrong bytes"));
  EXPECT_THAT(render_csv(report()), HasSubstr("asio,inline,,0,failed,7 wrong bytes in the replies,"
                                              "5,0,0,0,0,,,"));
  EXPECT_THAT(render_json(report()), HasSubstr("\"server_cpu_us_per_request\": null"));
}

TEST_F(ReportTest, WithoutABaselineNothingIsCompared) {
  run(0, 2).outcome = bad_run("it died");
  EXPECT_THAT(tables(), HasSubstr("no baseline: it has no figures"));
  EXPECT_THAT(tables(), Not(HasSubstr("+25")));
}

TEST_F(ReportTest, ARateThatTheClientLimitedIsALowerBound) {
  for (int block = 0; block < 2; ++block) run(1, block).outcome.flags = {"client_bound"};
  EXPECT_THAT(tables(), Not(HasSubstr(">=50")));  // the median run was not
  run(1, 2).outcome.flags = {"client_bound"};
  EXPECT_THAT(tables(), HasSubstr(">=50.0k/s"));
}

TEST_F(ReportTest, OfSeveralAttemptsTheLastCountsAndNoneIsForgotten) {
  run(1, 0).outcome = good_run(9);
  run(1, 0).outcome.flags = {"noisy_steal"};
  add(1, 0, 2.5).attempt = 1;
  EXPECT_THAT(tables(), HasSubstr("2.56 +25.0% [+25.0–+25.0]"));
  EXPECT_THAT(tables(), HasSubstr("1 noisy runs were taken again"));
  EXPECT_THAT(tables(), Not(HasSubstr("NOISY")));
  results_.runs.back().outcome.flags = {"noisy_steal", "noisy_foreign"};
  EXPECT_THAT(tables(), HasSubstr("5.00MiB  !1"));
  EXPECT_THAT(tables(), HasSubstr("NOISY: 1 of 30 runs stayed so (foreign 1, steal 1)"));
}

TEST_F(ReportTest, FiguresOfADebugBuildAreMarkedBeforeAndAfter) {
  results_.session.not_a_result = "a Debug build";
  const std::string text = tables();
  EXPECT_EQ(text.find("*** NOT A RESULT: a Debug build"), 0U);
  EXPECT_NE(text.rfind("*** NOT A RESULT"), 0U);
  EXPECT_THAT(render_markdown(report()), HasSubstr("NOT A RESULT"));
  EXPECT_THAT(render_csv(report()), HasSubstr(",a Debug build\n"));
  EXPECT_THAT(render_go_benchmark(report()), HasSubstr("not-a-result: a Debug build\n"));
}

TEST_F(ReportTest, ASessionWithoutRunsShowsItsCells) {
  results_.runs.clear();
  EXPECT_THAT(tables(), HasSubstr("not run"));
  EXPECT_THAT(tables(), HasSubstr("n=0"));
  EXPECT_THAT(render_json(report()), Not(HasSubstr("nan")));
  EXPECT_THAT(render_csv(report()), Not(HasSubstr("nan")));
}

TEST_F(ReportTest, ColumnsThatDoNotFitGoBelow) {
  const std::string text = render_tables(report(), 65);
  EXPECT_THAT(text, HasSubstr("\n         asio\ninline "));
  std::istringstream lines(text.substr(0, text.find("unavailable asio")));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("baseline")) continue;
    EXPECT_LE(display_width(line), 65U) << line;
  }
}

TEST_F(ReportTest, CsvHasALineForEachCellAndAsManyFieldsAsItsHead) {
  std::istringstream lines(render_csv(report()));
  std::vector<std::ptrdiff_t> commas;
  for (std::string line; std::getline(lines, line);)
    commas.push_back(std::ranges::count(line, ','));
  ASSERT_EQ(commas.size(), 6U);
  EXPECT_EQ(std::ranges::count(commas, commas[0]), 6);
  EXPECT_THAT(render_csv(report()),
              HasSubstr("\necho,64,64,1,split,,service,asio,inline,,0,ok,,6,0,0,0,0,2.5625,"
                        "2.5,2.625,"));
  EXPECT_THAT(render_csv(report()),
              HasSubstr(",server_cpu_us_per_request,1.25,1.25,1.25,higher,1,\n"));
}

TEST_F(ReportTest, CsvQuotesAWorkloadWithOptions) {
  for (SessionCell& cell : results_.session.cells) cell.cell.workload = "mine:a=1,b=2";
  EXPECT_THAT(render_csv(report()), HasSubstr("\n\"mine:a=1,b=2\",64,64,1,split,,service,asio,"));
}

TEST_F(ReportTest, OtherBenchmarksToolsGetARowForEachRun) {
  const std::string go = render_go_benchmark(report());
  EXPECT_EQ(std::ranges::count(go, '\n'), 2 + 4 * 6 + 1);  // without the twin's
  EXPECT_THAT(go, HasSubstr("\nBenchmarkEcho/backend=asio/pool=inline/c=64/p=64/placement=split "
                            "100000 2500.0 ns/op 50000.0 req/s 412000 service-p99-ns\n"));
  EXPECT_THAT(go, HasSubstr("\nBenchmarkEcho/external=nginx/"));
  const std::string google = render_google_benchmark(report());
  EXPECT_THAT(google, HasSubstr("\"run_type\": \"iteration\""));
  EXPECT_THAT(google, HasSubstr("\"cpu_time\": 2500.0"));
  EXPECT_THAT(google, HasSubstr("\"service-p99-ns\": 412000"));
}

TEST_F(ReportTest, OtherBenchmarksToolsAreToldOfCellsWithoutFigures) {
  run(1, 3).outcome = bad_run("it died:\n signal 11");
  const std::string go = render_go_benchmark(report());
  EXPECT_THAT(go, Not(HasSubstr("\nBenchmarkEcho/backend=asio/pool=inline")));
  EXPECT_THAT(go, HasSubstr("\n# BenchmarkEcho/backend=asio/pool=inline/c=64/p=64/placement=split "
                            "failed: it died:  signal 11\n"));
  EXPECT_THAT(go, HasSubstr("\n# BenchmarkEcho/backend=asio/pool=mutex/c=64/p=64/placement=split "
                            "unavailable: no such thing\n"));
  const auto google = nlohmann::json::parse(render_google_benchmark(report())).at("benchmarks");
  ASSERT_EQ(google.size(), 3U * 6 + 2);
  EXPECT_EQ(google.at(18).at("name"), "Echo/backend=asio/pool=inline/c=64/p=64/placement=split");
  EXPECT_EQ(google.at(18).at("error_occurred"), true);
  EXPECT_EQ(google.at(18).at("error_message"), "failed: it died:\n signal 11");
  EXPECT_FALSE(google.at(18).contains("cpu_time")) << "no time is fast";
  EXPECT_EQ(google.at(19).at("error_message"), "unavailable: no such thing");
}

TEST_F(ReportTest, OtherBenchmarksToolsGetTheTimesOfTwoKindsOfLoadUnderTwoNames) {
  for (RunRecord& record : results_.runs) {
    if (record.run.cell != 1) continue;
    record.outcome.load->open_loop = true;
    record.outcome.load->verdict = "ok";
  }
  const std::string go = render_go_benchmark(report());
  EXPECT_THAT(go, HasSubstr("2500.0 ns/op 50000.0 req/s 412000 response-p99-ns\n"));
  EXPECT_THAT(go, HasSubstr("2000.0 ns/op 50000.0 req/s 412000 service-p99-ns\n"));
  const auto google = nlohmann::json::parse(render_google_benchmark(report())).at("benchmarks");
  for (const auto& row : google) {
    if (row.contains("error_occurred")) continue;
    const bool open = row.at("cpu_time").get<double>() > 2400;
    EXPECT_EQ(row.contains("response-p99-ns"), open) << row;
    EXPECT_EQ(row.contains("service-p99-ns"), !open) << row;
  }
}

TEST_F(ReportTest, MarkdownHasTheSameFigures) {
  const std::string text = render_markdown(report());
  EXPECT_THAT(text, HasSubstr("### echo, 64 connections"));
  EXPECT_THAT(text, HasSubstr("| asio + inline | 2.56 +25.0% [+25.0–+25.0] | 50.0k/s"));
}

TEST_F(ReportTest, ALineThatIsNotOursSaysWhatIsWrong) {
  Results read;
  const auto complaint = [&](const std::string& line) {
    return std::string(read_line(line, read).message());
  };
  EXPECT_THAT(complaint(format_run(results_.session, results_.runs[0])), HasSubstr("first line"));
  EXPECT_THAT(complaint(R"({"type":"session","schema":"collet-bench/1"})"), HasSubstr("/1"));
  ASSERT_TRUE(read_line(format_session(results_.session), read).ok());
  EXPECT_THAT(complaint("{"), EndsWith("is not JSON: it breaks at byte 2"));
  EXPECT_THAT(complaint(R"({"type":"dance"})"), HasSubstr("dance"));
  Session other = results_.session;
  other.cells[0].cell.connections = 65;
  EXPECT_THAT(complaint(format_run(other, results_.runs[0])), HasSubstr("c=65"));
}

// Whatever the JSON library throws, its own words are for programmers.
TEST_F(ReportTest, WhatIsWrongWithALineIsSaidInOurWords) {
  Results read;
  ASSERT_TRUE(read_line(format_session(results_.session), read).ok());
  const std::string run = format_run(results_.session, results_.runs[0]);
  const auto complaint = [&](const std::string& from, const std::string& to) {
    const std::string line = absl::StrReplaceAll(run, {{from, to}});
    EXPECT_NE(line, run);
    return std::string(read_line(line, read).message());
  };
  EXPECT_THAT(complaint("\"twin\"", "\"win\""), EndsWith("it has no \"twin\""));
  EXPECT_THAT(complaint("\"twin\":false", "\"twin\":\"\""),
              EndsWith("one of its values should be of type boolean, and is string"));
  EXPECT_THAT(complaint("\"latency_ns\":{", "\"latency_ns\":null,\"x\":{"),
              EndsWith("not of the type it should be"));
  EXPECT_THAT(complaint("\"block\":0", "\"block\":1e999"), EndsWith("too large"));
  for (std::size_t i = 0; i < run.size(); ++i) {
    const auto status = read_line(run.substr(0, i) + run.substr(i + 1), read);
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("exception"))) << i;
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("json"))) << i;
  }
}

// The library would cut the one, take the other for a large number, and anything for a failure.
TEST_F(ReportTest, ANumberOrWordThatNoRunWritesIsRefused) {
  Results read;
  ASSERT_TRUE(read_line(format_session(results_.session), read).ok());
  run(1, 2).outcome.load->latency_histogram = Histogram().encode();
  const Json good = Json::parse(format_run(results_.session, run(1, 2)));
  EXPECT_TRUE(read_line(good.dump(), read).ok());
  const auto complaint = [&](const char* pointer, const Json& value) {
    Json changed = good;
    changed[Json::json_pointer(pointer)] = value;
    return std::string(read_line(changed.dump(), read).message());
  };
  EXPECT_THAT(complaint("/block", 1.7), EndsWith("no whole number from 0 on: 1.7"));
  EXPECT_THAT(complaint("/block", 100'001), EndsWith("out of range"));
  EXPECT_THAT(complaint("/load/requests", -5), EndsWith("no whole number from 0 on: -5"));
  EXPECT_THAT(complaint("/load/latency_ns/p99", -5), EndsWith("no whole number from 0 on: -5"));
  EXPECT_EQ(complaint("/load/littles_law_gap", -0.01), "");
  EXPECT_THAT(complaint("/machine/busy_ns", 0.5), EndsWith("no whole number from 0 on: 0.5"));
  EXPECT_THAT(complaint("/status", "banana"), EndsWith("the status \"banana\" is unknown"));
  EXPECT_THAT(complaint("/load/mode", "ajar"), EndsWith("the mode \"ajar\" is unknown"));
  EXPECT_THAT(complaint("/load/verdict", "fine"), EndsWith("the verdict \"fine\" is unknown"));
  EXPECT_THAT(complaint("/load/latency_histogram", "////"),
              EndsWith("none that collet-load wrote"));
}

TEST_F(ReportTest, ANumberThatNoSessionWritesIsRefused) {
  results_.session.goal = Goal{99, std::chrono::milliseconds(2), true};
  const Json good = Json::parse(format_session(results_.session));
  const auto complaint = [&](const char* pointer, const Json& value) {
    Json changed = good;
    changed[Json::json_pointer(pointer)] = value;
    Results read;
    return std::string(read_line(changed.dump(), read).message());
  };
  EXPECT_EQ(complaint("/seed", 7), "");
  EXPECT_THAT(complaint("/seed", -7), EndsWith("no whole number from 0 on: -7"));
  EXPECT_THAT(complaint("/settings/blocks", 1.7), EndsWith("no whole number from 0 on: 1.7"));
  EXPECT_THAT(complaint("/cells/0/params/connections", -1), EndsWith("from 0 on: -1"));
  EXPECT_THAT(complaint("/goal/percent", 50), HasSubstr("its goal is no p99 or p99.9"));
  EXPECT_THAT(complaint("/goal/limit_ns", 0), HasSubstr("its goal is no p99 or p99.9"));
}

TEST_F(ReportTest, TwoSessionsDifferWhereTheirIntervalsLieApart) {
  const Report before = report();
  for (RunRecord& record : results_.runs) {
    if (record.run.cell == 1) record.outcome = good_run(2.9);
    if (record.run.cell == 3) record.outcome = good_run(0.9);
  }
  run(2, 0).outcome = bad_run("it died");
  const auto diff = diff_sessions(before, report(), 0.05);
  ASSERT_EQ(diff.size(), 5U);
  EXPECT_EQ(diff[0].verdict, Verdict::same);
  EXPECT_EQ(diff[1].verdict, Verdict::higher);
  EXPECT_EQ(diff[2].why_not, "second: failed: it died");
  EXPECT_EQ(diff[3].verdict, Verdict::lower);
  EXPECT_EQ(diff[4].why_not, "first: unavailable: no such thing");
  EXPECT_THAT(render_diff(diff), HasSubstr("SLOWER"));
  EXPECT_EQ(diff_sessions(before, report(), 0.5)[1].verdict, Verdict::same);
}

// Nothing else of the two sessions differs.
TEST_F(ReportTest, WhoeverKeptUpAndIsOverloadedNowGotSlower) {
  const Report kept_up = report();
  const auto flag = [&](std::size_t cell, const std::string& name) {
    for (RunRecord& record : results_.runs) {
      if (record.run.cell == cell) record.outcome.flags = {name};
    }
  };
  flag(1, "overloaded");
  flag(2, "client_late");
  const Report overloaded = report();
  const auto diff = diff_sessions(kept_up, overloaded, 0.05);
  EXPECT_EQ(diff[1].verdict, Verdict::higher);
  EXPECT_THAT(render_diff(diff), HasSubstr("SLOWER: now overloaded\n"));
  EXPECT_EQ(diff[2].verdict, Verdict::none) << "the client's fault";
  EXPECT_EQ(diff_sessions(overloaded, overloaded, 0.05)[1].verdict, Verdict::none);
  EXPECT_EQ(diff_sessions(overloaded, kept_up, 0.05)[1].verdict, Verdict::none);
  flag(1, "client_late");
  EXPECT_EQ(diff_sessions(report(), overloaded, 0.05)[1].verdict, Verdict::none);
}

TEST_F(ReportTest, FewBlocksTellNothingOfTwoSessions) {
  const Report before = report();
  std::erase_if(results_.runs, [](const RunRecord& record) { return record.run.block > 3; });
  for (RunRecord& record : results_.runs) record.outcome.flags = {"overloaded"};
  const auto diff = diff_sessions(before, report(), 0.05);
  EXPECT_EQ(diff[1].verdict, Verdict::none);
  EXPECT_TRUE(diff[1].few_blocks);
  EXPECT_FALSE(diff_sessions(before, before, 0.05)[1].few_blocks);
}

}  // namespace
}  // namespace collet::bench

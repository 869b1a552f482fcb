// SPDX-License-Identifier: MIT
// bench_test.cc: the parts of collet-bench that decide what is run and what is reported.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "bench/environment.h"
#include "bench/exports.h"
#include "bench/figures.h"
#include "bench/placement.h"
#include "bench/plan.h"
#include "bench/proc_sample.h"
#include "bench/progress.h"
#include "bench/results.h"
#include "bench/summary.h"
#include "bench/table.h"

namespace collet::bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Axes small_axes() {
  return {{"epoll:events=64", "asio"}, {"inline", "mutex"}, {"echo", "greet"}, {1, 64}, {"epoll"}};
}

TEST(PlanTest, CellsAreEveryPairAndTheServersByHand) {
  const auto cells = make_cells(small_axes());
  ASSERT_EQ(cells.size(), 4U * 5U);
  EXPECT_EQ(cells[0], (Cell{"epoll:events=64", "inline", "echo", 1, false}));
  EXPECT_EQ(cells[4], (Cell{"epoll:events=64", "", "echo", 1, true}));
}

TEST(PlanTest, AServerByHandStandsOnceEvenIfItsBackendIsThereTwice) {
  Axes axes = small_axes();
  axes.backends = {"epoll:events=64", "epoll:events=512"};
  const auto cells = make_cells(axes);
  EXPECT_EQ(std::ranges::count(cells, true, &Cell::by_hand), 4);
}

TEST(PlanTest, EveryBlockVisitsEveryCellOnce) {
  const auto cells = make_cells(small_axes());
  const auto plan = make_plan(cells, 3, 7);
  ASSERT_EQ(plan.size(), 3 * cells.size());
  for (int block = 0; block < 3; ++block) {
    std::set<std::size_t> visited;
    std::vector<int> orders;
    for (const PlannedRun& run : plan) {
      if (run.block != block) continue;
      visited.insert(run.cell);
      orders.push_back(run.order);
    }
    EXPECT_EQ(visited.size(), cells.size());
    EXPECT_TRUE(std::ranges::is_sorted(orders));
    EXPECT_EQ(orders.back(), static_cast<int>(cells.size()) - 1);
  }
}

std::vector<std::size_t> order_of(const std::vector<PlannedRun>& plan) {
  std::vector<std::size_t> order;
  for (const PlannedRun& run : plan) order.push_back(run.cell);
  return order;
}

TEST(PlanTest, OrderFollowsFromTheSeedAlone) {
  const auto cells = make_cells(small_axes());
  EXPECT_EQ(order_of(make_plan(cells, 2, 7)), order_of(make_plan(cells, 2, 7)));
  EXPECT_NE(order_of(make_plan(cells, 2, 7)), order_of(make_plan(cells, 2, 8)));
}

TEST(PlanTest, BlocksHaveDifferentOrders) {
  const auto cells = make_cells(small_axes());
  const auto order = order_of(make_plan(cells, 2, 7));
  const auto half = order.begin() + static_cast<std::ptrdiff_t>(cells.size());
  EXPECT_FALSE(std::equal(order.begin(), half, half));
}

TEST(PlanTest, CellsOfOneTableRunNextToEachOther) {
  const auto cells = make_cells(small_axes());
  const auto plan = make_plan(cells, 1, 7);
  int changes = 0;
  for (std::size_t i = 1; i < plan.size(); ++i) {
    const Cell& before = cells[plan[i - 1].cell];
    const Cell& now = cells[plan[i].cell];
    changes += before.workload != now.workload || before.connections != now.connections ? 1 : 0;
  }
  EXPECT_EQ(changes, 3);  // four tables
}

TEST(PlanTest, AListOfSpecsIsSplitBetweenSpecsNotBetweenTheirOptions) {
  EXPECT_THAT(split_specs("epoll,asio"), ElementsAre("epoll", "asio"));
  EXPECT_THAT(split_specs("epoll:events=64,edge=true,asio:buffer=4k,mutex"),
              ElementsAre("epoll:events=64,edge=true", "asio:buffer=4k", "mutex"));
  EXPECT_THAT(split_specs("a,,b"), ElementsAre("a", "", "b"));
}

TEST(PlacementTest, ServerGetsTheFirstHalfAndClientTheRest) {
  const Placement four = split_cpus({0, 1, 2, 3});
  EXPECT_THAT(four.server, ElementsAre(0, 1));
  EXPECT_THAT(four.client, ElementsAre(2, 3));
  const Placement three = split_cpus({4, 6, 7});
  EXPECT_THAT(three.server, ElementsAre(4));
  EXPECT_THAT(three.client, ElementsAre(6, 7));
  EXPECT_FALSE(three.shared());
}

TEST(PlacementTest, OneCpuIsShared) {
  EXPECT_TRUE(split_cpus({5}).shared());
  EXPECT_THAT(split_cpus({5}).client, ElementsAre(5));
}

TEST(PlacementTest, RangesOfCpusAreShort) {
  EXPECT_EQ(format_cpus({0, 1, 2, 3, 8}), "0-3,8");
  EXPECT_EQ(format_cpus({1}), "1");
}

TEST(ProcSampleTest, SchedstatBeginsWithTheCpuTime) {
  EXPECT_EQ(parse_schedstat("123456789 42 7\n"), 123456789);
  EXPECT_EQ(parse_schedstat(""), std::nullopt);
}

TEST(ProcSampleTest, StatusFieldsAreFoundByTheirWholeName) {
  const char* status =
      "Name:\tx\nVmRSS:\t    1234 kB\nvoluntary_ctxt_switches:\t5\n"
      "nonvoluntary_ctxt_switches:\t6\n";
  EXPECT_EQ(parse_status_field(status, "VmRSS"), 1234);
  EXPECT_EQ(parse_status_field(status, "voluntary_ctxt_switches"), 5);
  EXPECT_EQ(parse_status_field(status, "nonvoluntary_ctxt_switches"), 6);
  EXPECT_EQ(parse_status_field(status, "VmHWM"), std::nullopt);
  EXPECT_EQ(parse_status_field(status, "Name"), std::nullopt);
}

TEST(ProcSampleTest, CpuLineSeparatesWhatTheHostTook) {
  const MachineSample sample = parse_cpu_line("cpu  100 10 50 900 70 5 35 25 0 0\ncpu0 1", 100);
  EXPECT_DOUBLE_EQ(sample.busy_s, 2.0);
  EXPECT_DOUBLE_EQ(sample.stolen_s, 0.25);
}

class ProcTreeTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string path = testing::TempDir() + "/procXXXXXX";
    ASSERT_NE(mkdtemp(path.data()), nullptr);
    root_ = path;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }

  std::filesystem::path root_;
};

TEST_F(ProcTreeTest, ThreadsAreSummed) {
  const std::string switches = "voluntary_ctxt_switches: 3\nnonvoluntary_ctxt_switches: 4\n";
  write("42/status", "VmRSS:  100 kB\n");
  write("42/task/42/schedstat", "1000 1 1");
  write("42/task/42/status", switches);
  write("42/task/43/schedstat", "2000 1 1");
  write("42/task/43/status", switches);
  write("42/task/44/status", switches);  // ended while its files were read
  const auto sample = sample_process(42, root_.string());
  ASSERT_TRUE(sample.has_value());
  EXPECT_EQ(sample->cpu_ns, 3000);
  EXPECT_EQ(sample->voluntary_switches, 6);
  EXPECT_EQ(sample->involuntary_switches, 8);
  EXPECT_EQ(sample->rss_bytes, 102400);
  EXPECT_EQ(sample->threads, 2);
}

TEST_F(ProcTreeTest, AProcessThatIsGoneHasNoSample) {
  EXPECT_EQ(sample_process(42, root_.string()), std::nullopt);
}

TEST(ProcSampleTest, ThisProcessCanBeSampled) {
  const auto sample = sample_process(getpid());
  ASSERT_TRUE(sample.has_value());
  EXPECT_GT(sample->rss_bytes, 0);
  EXPECT_GE(sample->threads, 1);
}

TEST(FiguresTest, ThreeDigitsAndAUnit) {
  EXPECT_EQ(format_figure(4.618), "4.62");
  EXPECT_EQ(format_figure(9.996), "10.0");
  EXPECT_EQ(format_figure(46.18), "46.2");
  EXPECT_EQ(format_figure(461.8), "462");
  EXPECT_EQ(format_rate(950), "950/s");
  EXPECT_EQ(format_rate(216432), "216k/s");
  EXPECT_EQ(format_rate(999600), "1.00M/s");
  EXPECT_EQ(format_microseconds(412.3), "412µs");
  EXPECT_EQ(format_microseconds(6160), "6.16ms");
  EXPECT_EQ(format_microseconds(1.2e6), "1.20s");
  EXPECT_EQ(format_memory(812 * 1024), "812KiB");
  EXPECT_EQ(format_memory(5.12 * 1024 * 1024), "5.12MiB");
}

TEST(FiguresTest, WidthCountsCharactersNotBytes) { EXPECT_EQ(display_width("1–2µs"), 5U); }

TEST(ProgressTest, TimeLeftIsShort) {
  using std::chrono::seconds;
  EXPECT_EQ(format_time_left(seconds(45)), "45s");
  EXPECT_EQ(format_time_left(seconds(125)), "2m05s");
  EXPECT_EQ(format_time_left(seconds(3720)), "1h02m");
}

TEST(EnvironmentTest, CpuinfoFieldIsTheTextAfterTheColon) {
  EXPECT_EQ(cpuinfo_field("processor\t: 0\nmodel name\t: Some CPU @ 2\nflags\t: a\n", "model name"),
            "Some CPU @ 2");
  EXPECT_EQ(cpuinfo_field("", "model name"), "unknown");
}

RunOutcome good_run(double cpu_s, double requests_per_s = 50000) {
  RunOutcome outcome;
  outcome.status = RunStatus::ok;
  outcome.listening.emplace();
  outcome.load.emplace();
  outcome.load->requests = 100000;
  outcome.load->seconds = 1;
  outcome.load->requests_per_s = requests_per_s;
  outcome.load->p99_us = 412;
  outcome.server.seconds = 1;
  outcome.server.cpu_s = cpu_s;
  outcome.server.rss_bytes = 5 << 20;
  return outcome;
}

RunOutcome bad_run(const std::string& reason) {
  RunOutcome outcome;
  outcome.status = RunStatus::failed;
  outcome.reason = reason;
  return outcome;
}

class ReportTest : public testing::Test {
 protected:
  ReportTest() {
    const Axes axes{{"epoll", "asio"}, {"inline", "mutex"}, {"echo"}, {64}, {"epoll"}};
    cells_ = make_cells(axes);
    outcomes_.assign(cells_.size(), {good_run(0.3), good_run(0.1), good_run(0.2)});
    report_.settings.workloads["echo"] = {64, true};
    report_.settings.placement = split_cpus({0, 1});
    report_.blocks = 3;
    report_.results_path = "results/x/results.jsonl";
  }

  const Report& report() {
    report_.cells = summarize_cells(cells_, outcomes_);
    return report_;
  }

  std::vector<Cell> cells_;  // epoll+inline, asio+inline, epoll+mutex, asio+mutex, by hand
  std::vector<std::vector<RunOutcome>> outcomes_;
  Report report_;
};

TEST_F(ReportTest, TableHasRowsOfPoolsColumnsOfBackendsAndTheServersByHand) {
  const std::string text = render_tables(report());
  EXPECT_THAT(text, HasSubstr("echo, 64 connections, 64 B, n=3\n"));
  EXPECT_THAT(text, HasSubstr("\n          epoll                         asio\n"));
  EXPECT_THAT(text, HasSubstr("\ninline    2.00 [1.00–3.00]              2.00 [1.00–3.00]\n"
                              "          50.0k/s  p99 412µs  5.00MiB   50.0k/s  p99 412µs  "));
  EXPECT_THAT(text, HasSubstr("\nby hand   2.00 [1.00–3.00]              –\n"));
  EXPECT_THAT(text, HasSubstr("results/x/results.jsonl"));
  EXPECT_THAT(text, Not(HasSubstr(">=")));
  EXPECT_THAT(text, Not(HasSubstr("NOT A RESULT")));
}

TEST_F(ReportTest, ACellThatFailedOnceHasNoFigures) {
  outcomes_[0][1] = bad_run("7 wrong bytes in the replies");
  const std::string text = render_tables(report());
  EXPECT_TRUE(report().has_failures());
  EXPECT_THAT(text, HasSubstr("inline    failed "));
  EXPECT_THAT(text, HasSubstr("1 of 3 runs"));
  EXPECT_THAT(text, HasSubstr("FAILED epoll + inline, echo, 64 connections: 7 wrong bytes"));
  EXPECT_THAT(render_csv(report()), HasSubstr("echo,64,64,1,epoll,inline,0,2,1,0,,,,"));
  EXPECT_THAT(render_json(report()), HasSubstr("\"server_cpu_us_per_request\": null"));
}

TEST_F(ReportTest, ARateThatTheClientLimitedIsALowerBound) {
  outcomes_[1][0].flags.emplace_back("client_bound");
  EXPECT_THAT(render_tables(report()), Not(HasSubstr(">=50")));  // the median run was not
  outcomes_[1][1].flags.emplace_back("client_bound");
  EXPECT_THAT(render_tables(report()), HasSubstr(">=50.0k/s"));
}

TEST_F(ReportTest, ABusyMachineIsSaidSo) {
  outcomes_[1][0].flags.emplace_back("noisy");
  outcomes_[1][0].machine.foreign_cores = 1.25;
  EXPECT_THAT(render_tables(report()), HasSubstr("BUSY MACHINE: in 1 of 15 runs"));
}

TEST_F(ReportTest, FiguresOfADebugBuildAreMarkedBeforeAndAfter) {
  report_.not_release = true;
  const std::string text = render_tables(report());
  EXPECT_EQ(text.find("*** NOT A RESULT"), 0U);
  EXPECT_NE(text.rfind("*** NOT A RESULT"), 0U);
}

TEST_F(ReportTest, AnInterruptedSessionShowsWhatThereIs) {
  report_.interrupted = true;
  outcomes_[0].clear();
  outcomes_[1].pop_back();
  const std::string text = render_tables(report());
  EXPECT_THAT(text, HasSubstr("n=0–3"));
  EXPECT_THAT(text, HasSubstr("not run"));
}

TEST_F(ReportTest, ColumnsThatDoNotFitGoBelow) {
  const std::string text = render_tables(report(), 60);
  EXPECT_THAT(text, HasSubstr("\n          asio\ninline "));
  std::istringstream lines(text.substr(0, text.find("Each cell")));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(display_width(line), 60U) << line;
}

TEST_F(ReportTest, CsvHasALineForEachCell) {
  const std::string csv = render_csv(report());
  EXPECT_EQ(std::ranges::count(csv, '\n'), 6);
  EXPECT_THAT(csv, HasSubstr("\necho,64,64,1,epoll,inline,0,3,0,0,2,1,3,50000,50000,50000,"));
}

TEST_F(ReportTest, AResultLineSaysWhatRanWhereAndInWhichOrder) {
  RunOutcome outcome = good_run(0.2);
  outcome.listening->backend_spec = "epoll:events=256";
  Environment environment;
  environment.kernel = "Linux 6";
  const std::string line = format_result(cells_[0], {0, 2, 9}, outcome, report_.settings,
                                         environment, "2026-03-01T12:00:05Z");
  for (const char* part :
       {"\"block\":2", "\"order\":9", "\"status\":\"ok\"", "\"backend_spec\":\"epoll:events=256\"",
        "\"server_cpu_us_per_request\":2.0", "\"kernel\":\"Linux 6\"", "\"connections\":64"}) {
    EXPECT_THAT(line, HasSubstr(part));
  }
  EXPECT_THAT(line, Not(HasSubstr("\n")));
}

TEST_F(ReportTest, AFailedRunHasNoMetricsAndAReasonThatIsAlwaysText) {
  const std::string line =
      format_result(cells_[0], {}, bad_run("garbage \xff"), report_.settings, Environment{}, "");
  EXPECT_THAT(line, HasSubstr("\"metrics\":null"));
  EXPECT_THAT(line, HasSubstr("\"reason\":\"garbage "));
}

}  // namespace
}  // namespace collet::bench

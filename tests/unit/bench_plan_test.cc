// SPDX-License-Identifier: MIT
// bench_plan_test.cc: what collet-bench decides to run, where, and in which order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "bench/session/matrix.h"
#include "bench/session/placement.h"
#include "bench/session/plan.h"

namespace collet::bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int64_t kFiles = 20'000;

class PlanTest : public testing::Test {
 protected:
  PlanTest() {
    axes_.backends = {"epoll", "asio"};
    axes_.pools = {"inline", "mutex"};
    axes_.workloads = {"echo", "greet"};
    axes_.payload_bytes = {{"echo", 64}, {"greet", 3072}};
    axes_.by_hand = {"by-hand-epoll"};
    options_.connections = {1, 64};
    options_.placements = {Placement::split};
    options_.settings.cpus = {0, 1};
    options_.settings.externals = {{"by-hand-epoll", "x {port}"}};
  }

  std::vector<SessionCell> cells() {
    auto cells = make_cells(axes_, options_, kFiles);
    EXPECT_TRUE(cells.ok()) << cells.status();
    return cells.ok() ? *cells : std::vector<SessionCell>();
  }
  std::string refusal() {
    const auto cells = make_cells(axes_, options_, kFiles);
    return cells.ok() ? "accepted" : std::string(cells.status().message());
  }
  std::vector<std::string> baselines() {
    std::vector<std::string> names;
    for (const SessionCell& one : cells()) {
      if (one.baseline) names.push_back(cell_key(one.cell));
    }
    return names;
  }

  Axes axes_;
  Options options_;
};

TEST_F(PlanTest, CellsAreEveryPairAndTheExternalServers) {
  const auto all = cells();
  ASSERT_EQ(all.size(), 4U * 5U);
  EXPECT_EQ(cell_key(all[0].cell), "echo c=1 p=64 split epoll/inline");
  EXPECT_EQ(cell_key(all[4].cell), "echo c=1 p=64 split by-hand-epoll");
  std::set<std::string> keys;
  for (const SessionCell& one : all) keys.insert(cell_key(one.cell));
  EXPECT_EQ(keys.size(), all.size());
}

TEST_F(PlanTest, EachPayloadAndEachRateIsATable) {
  options_.connections = {64};
  options_.payload_bytes = {64, 1024};
  options_.rates = {Rate{}, Rate{20'000, 0}, Rate{0, 40}};
  axes_.workloads = {"echo"};
  EXPECT_THAT(baselines(), testing::ElementsAre("echo c=64 p=64 split epoll/inline",
                                                "echo c=64 p=64 split r=20000 epoll/inline",
                                                "echo c=64 p=64 split r=40% epoll/inline",
                                                "echo c=64 p=1024 split epoll/inline",
                                                "echo c=64 p=1024 split r=20000 epoll/inline",
                                                "echo c=64 p=1024 split r=40% epoll/inline"));
  for (const SessionCell& one : cells()) {
    const bool open = one.cell.rate_per_s != 0 || one.cell.rate_percent != 0;
    EXPECT_EQ(one.cell.judged_by, open ? Metric::p99 : Metric::server_cpu);
  }
}

TEST_F(PlanTest, AnIdleCrowdIsJudgedByItsMemoryAndHasItsOwnRate) {
  options_.connections = {64};
  options_.rates = {Rate{20'000, 0}};
  axes_.workloads = {"echo"};
  axes_.idle_workloads = {"echo"};
  ASSERT_THAT(baselines(), testing::ElementsAre("echo c=64 p=64 split epoll/inline"));
  EXPECT_EQ(cells().front().cell.judged_by, Metric::memory_per_connection);
}

TEST_F(PlanTest, EachTableHasOneBaseline) {
  EXPECT_THAT(
      baselines(),
      ElementsAre("echo c=1 p=64 split epoll/inline", "echo c=64 p=64 split epoll/inline",
                  "greet c=1 p=3072 split epoll/inline", "greet c=64 p=3072 split epoll/inline"));
}

TEST_F(PlanTest, TheBaselineIsWhatWasAskedForAlsoIfItStandsInNoOtherRow) {
  options_.connections = {1};
  axes_.workloads = {"echo"};
  options_.baseline = "by-hand-epoll";
  EXPECT_THAT(baselines(), ElementsAre("echo c=1 p=64 split by-hand-epoll"));
  options_.baseline = "asio/tbb";
  EXPECT_THAT(baselines(), ElementsAre("echo c=1 p=64 split asio/tbb"));
  options_.baseline = "";
  axes_.backends = {"asio"};
  EXPECT_THAT(baselines(), ElementsAre("echo c=1 p=64 split asio/inline"));
  options_.baseline = "nginx";
  EXPECT_THAT(refusal(), HasSubstr("--baseline: \"nginx\" is no cell"));
}

TEST_F(PlanTest, ABaselineThatWasNamedAndCannotRunIsRefused) {
  axes_.workloads = {"http"};
  axes_.payload_bytes = {{"http", 64}};
  options_.baseline = "by-hand-epoll";
  EXPECT_EQ(refusal(),
            "--baseline: \"by-hand-epoll\" cannot run with --workload http: it is written for echo "
            "and greet only: name another, or leave it out");
  axes_.unavailable_backends["epoll"] = "no epoll here";
  options_.baseline = "epoll/inline";
  EXPECT_THAT(refusal(), HasSubstr("\"epoll/inline\" cannot run with --workload http: no epoll"));
  options_.baseline = "";
  EXPECT_EQ(refusal(), "accepted");
}

TEST_F(PlanTest, ATableOfWhichNothingRunsDoesNotBlameTheBaselineThatWasNamed) {
  options_.baseline = "epoll/inline";
  options_.connections = {1, 1'000'000};
  EXPECT_EQ(refusal(), "accepted");
}

TEST_F(PlanTest, WhatCannotRunSaysWhyAndIsNotPlanned) {
  axes_.unavailable_backends["epoll"] = "no epoll here";
  options_.connections = {1, 1'000'000};
  std::map<std::string, std::string> reasons;
  const auto all = cells();
  for (const SessionCell& one : all) reasons[cell_key(one.cell)] = one.unavailable;
  EXPECT_EQ(reasons["echo c=1 p=64 split epoll/inline"], "no epoll here");
  EXPECT_EQ(reasons["echo c=1 p=64 split asio/inline"], "");
  EXPECT_THAT(reasons["echo c=1000000 p=64 split asio/inline"], HasSubstr("ulimit -n"));
  EXPECT_EQ(baselines()[0], "echo c=1 p=64 split asio/inline");
  for (const PlannedRun& run : make_plan(all, 1, 7)) EXPECT_EQ(all[run.cell].unavailable, "");
}

TEST_F(PlanTest, APoolThatCannotRunCostsItsRowOnly) {
  options_.connections = {1};
  axes_.workloads = {"echo"};
  axes_.unavailable_pools["inline"] = "no inline here";
  EXPECT_THAT(baselines(), ElementsAre("echo c=1 p=64 split epoll/mutex"));
  for (const SessionCell& one : cells()) {
    EXPECT_EQ(one.unavailable, one.cell.pool == "inline" ? "no inline here" : "");
  }
}

TEST_F(PlanTest, IfNothingCanRunItIsRefused) {
  options_.settings.cpus = {0};
  EXPECT_THAT(refusal(), HasSubstr("use --placement shared"));
}

TEST_F(PlanTest, EveryBlockVisitsEveryCellOnceAndTheBaselineTwice) {
  const auto all = cells();
  const auto plan = make_plan(all, 3, 7);
  ASSERT_EQ(plan.size(), 3 * (all.size() + 4));
  std::map<std::tuple<std::size_t, int, bool>, int> visits;
  int order = 0;
  for (const PlannedRun& run : plan) {
    ++visits[{run.cell, run.block, run.twin}];
    order = run.block == plan[0].block ? order : 0;
  }
  for (int block = 0; block < 3; ++block) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ((visits[{i, block, false}]), 1);
      EXPECT_EQ((visits[{i, block, true}]), all[i].baseline ? 1 : 0);
    }
  }
}

TEST_F(PlanTest, TheTwinComesAfterTheFirstVisit) {
  const auto all = cells();
  std::set<std::pair<std::size_t, int>> visited;
  for (const PlannedRun& run : make_plan(all, 5, 7)) {
    EXPECT_EQ(visited.contains({run.cell, run.block}), run.twin);
    visited.insert({run.cell, run.block});
  }
}

std::vector<std::size_t> order_of(const std::vector<PlannedRun>& plan) {
  std::vector<std::size_t> order;
  for (const PlannedRun& run : plan) order.push_back(run.cell);
  return order;
}

TEST_F(PlanTest, OrderFollowsFromTheSeedAlone) {
  const auto all = cells();
  EXPECT_EQ(order_of(make_plan(all, 2, 7)), order_of(make_plan(all, 2, 7)));
  EXPECT_NE(order_of(make_plan(all, 2, 7)), order_of(make_plan(all, 2, 8)));
}

// What a session of seed 7 ran once, it runs again: mt19937_64 is the same everywhere.
TEST_F(PlanTest, TheOrderOfASeedIsTheSameOnEveryMachine) {
  axes_.workloads = {"echo"};
  options_.connections = {1};
  EXPECT_THAT(order_of(make_plan(cells(), 1, 7)), ElementsAre(4, 0, 3, 1, 0, 2));
}

TEST_F(PlanTest, MoreBlocksGoOnWhereFewerEnd) {
  const auto all = cells();
  const auto few = order_of(make_plan(all, 2, 7));
  const auto many = order_of(make_plan(all, 3, 7));
  EXPECT_TRUE(std::equal(few.begin(), few.end(), many.begin()));
  const auto half = few.begin() + static_cast<std::ptrdiff_t>(few.size() / 2);
  EXPECT_FALSE(std::equal(few.begin(), half, half));
}

TEST_F(PlanTest, CellsOfOneTableRunNextToEachOther) {
  const auto all = cells();
  const auto plan = make_plan(all, 1, 7);
  int changes = 0;
  for (std::size_t i = 1; i < plan.size(); ++i) {
    changes += table_key(all[plan[i - 1].cell].cell) != table_key(all[plan[i].cell].cell) ? 1 : 0;
  }
  EXPECT_EQ(changes, 3);  // four tables
}

TEST(SpecTest, AListOfSpecsIsSplitBetweenSpecsNotBetweenTheirOptions) {
  EXPECT_THAT(split_specs("epoll,asio"), ElementsAre("epoll", "asio"));
  EXPECT_THAT(split_specs("epoll:events=64,edge=true,asio:buffer=4k,mutex"),
              ElementsAre("epoll:events=64,edge=true", "asio:buffer=4k", "mutex"));
  EXPECT_THAT(split_specs("a,,b"), ElementsAre("a", "", "b"));
  EXPECT_THAT(
      split_specs("fault(epoll:events=64,edge=true):seed=7,short_read=0.1,trace(asio),epoll"),
      ElementsAre("fault(epoll:events=64,edge=true):seed=7,short_read=0.1", "trace(asio)",
                  "epoll"));
}

TEST(PlacementTest, SplitGivesTheServerTheFirstHalf) {
  const auto four = place(Placement::split, {0, 1, 2, 3});
  EXPECT_THAT(four->server, ElementsAre(0, 1));
  EXPECT_THAT(four->client, ElementsAre(2, 3));
  const auto three = place(Placement::split, {4, 6, 7});
  EXPECT_THAT(three->server, ElementsAre(4));
  EXPECT_THAT(three->client, ElementsAre(6, 7));
  EXPECT_TRUE(three->disjoint());
  EXPECT_FALSE(place(Placement::split, {5}).ok());
}

TEST(PlacementTest, SharedAndWideOverlap) {
  EXPECT_THAT(place(Placement::shared, {0, 1})->client, ElementsAre(0, 1));
  EXPECT_FALSE(place(Placement::shared, {0, 1})->disjoint());
  const auto wide = place(Placement::wide, {0, 1});
  EXPECT_THAT(wide->server, ElementsAre(0, 1));
  EXPECT_THAT(wide->client, ElementsAre(1));
  EXPECT_FALSE(parse_placement("narrow").ok());
}

TEST(PlacementTest, RangesOfCpusAreShort) {
  EXPECT_EQ(format_cpus({0, 1, 2, 3, 8}), "0-3,8");
  EXPECT_EQ(format_cpus({1}), "1");
}

}  // namespace
}  // namespace collet::bench

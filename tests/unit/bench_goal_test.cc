// SPDX-License-Identifier: MIT
// bench_goal_test.cc: the search for the highest rate that holds a latency goal, and what is said
// of several servers' searches.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <absl/strings/str_format.h>

#include "bench/show/goal_exports.h"
#include "bench/show/goal_words.h"
#include "bench/statistics/goal_summary.h"
#include "bench/statistics/rate_search.h"
#include "bench_session.h"

namespace collet::bench {
namespace {

using Holds = std::function<bool(std::int64_t)>;

// Probes until the search is content.
std::vector<ProbeResult> search(double reach, const Holds& holds) {
  std::vector<ProbeResult> history;
  while (const auto probe = next_probe(history, reach)) {
    history.push_back({*probe, holds(probe->rate_per_s)});
  }
  return history;
}

Holds up_to(std::int64_t capacity) {
  return [capacity](std::int64_t rate) { return rate <= capacity; };
}

TEST(RateSearchTest, TheBracketHoldsTheCapacityAndIsConfirmed) {
  for (const std::int64_t capacity : {30, 777, 20'000, 123'456, 290'000, 299'000, 900'000}) {
    const auto history = search(300'000, up_to(capacity));
    const Bracket bracket = bracket_of(history);
    if (capacity < 3'000) {
      EXPECT_FALSE(bracket.holds_per_s) << capacity;  // less than a hundredth of the reach
      continue;
    }
    ASSERT_TRUE(bracket.holds_per_s && bracket.fails_per_s) << capacity;
    EXPECT_LE(*bracket.holds_per_s, capacity);
    EXPECT_GT(*bracket.fails_per_s, capacity);
    EXPECT_LE(static_cast<double>(*bracket.fails_per_s),
              kResolution * static_cast<double>(*bracket.holds_per_s));
    EXPECT_EQ(bracket.confirmations, kConfirmations);
    EXPECT_LE(history.size(), 22U);
  }
}

TEST(RateSearchTest, ARateThatIsNotConfirmedStepsDown) {
  std::vector<ProbeResult> history;
  std::int64_t never_again = 0;  // the first rate that was to be confirmed
  while (const auto probe = next_probe(history, 1000)) {
    if (probe->confirms && never_again == 0) never_again = probe->rate_per_s;
    const bool fails = probe->confirms && probe->rate_per_s == never_again;
    history.push_back({*probe, probe->rate_per_s <= 800 && !fails});
  }
  const Bracket bracket = bracket_of(history);
  EXPECT_LT(*bracket.fails_per_s, 800);  // the one that was not confirmed
  EXPECT_LT(*bracket.holds_per_s, *bracket.fails_per_s);
  EXPECT_EQ(bracket.confirmations, kConfirmations);
}

TEST(RateSearchTest, OneRunThatWasHeldUpDecidesNothing) {
  const auto quiet = search(300'000, up_to(123'456));
  for (std::size_t held_up = 0; held_up < quiet.size(); ++held_up) {
    std::size_t run = 0;
    const auto history =
        search(300'000, [&](std::int64_t rate) { return run++ != held_up && rate <= 123'456; });
    const Bracket bracket = bracket_of(history);
    EXPECT_EQ(bracket.holds_per_s, bracket_of(quiet).holds_per_s) << held_up;
    EXPECT_EQ(bracket.fails_per_s, bracket_of(quiet).fails_per_s) << held_up;
    EXPECT_EQ(bracket.confirmations, kConfirmations) << held_up;
  }
}

TEST(RateSearchTest, NoiseNeitherFoolsNorStopsIt) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> wobble(-0.05, 0.05);
  for (int i = 0; i < 200; ++i) {
    const auto history = search(100'000, [&](std::int64_t rate) {
      return static_cast<double>(rate) <= 60'000 * (1 + wobble(random));
    });
    const Bracket bracket = bracket_of(history);
    ASSERT_TRUE(bracket.holds_per_s);
    EXPECT_LE(*bracket.holds_per_s, 63'000);
    EXPECT_GT(*bracket.holds_per_s, 50'000);
    EXPECT_LE(history.size(), 40U);
  }
}

TEST(RateSearchTest, RatesHaveThreeDigits) {
  EXPECT_EQ(round_rate(0.2), 1);
  EXPECT_EQ(round_rate(123.4), 123);
  EXPECT_EQ(round_rate(123'456), 123'000);
  EXPECT_EQ(round_rate(999'700), 1'000'000);
}

// What is left is estimated anew after each run, and never as nothing while something is to be
// tried.
TEST(RateSearchTest, ProbesAreExpectedToTheEndOfTheSearchAndNotBeyond) {
  for (const std::int64_t limit : {500, 30'000, 77'000, 80'000, 290'000}) {
    const auto history = search(100'000, up_to(limit));
    for (std::size_t made = 0; made <= history.size(); ++made) {
      const std::vector<ProbeResult> before(history.begin(),
                                            history.begin() + static_cast<std::ptrdiff_t>(made));
      const std::size_t expected = expected_probes(before, 100'000);
      EXPECT_EQ(expected == 0, made == history.size()) << limit << ", " << made;
      EXPECT_LE(made + expected, kMostProbes);
    }
  }
  EXPECT_EQ(expected_probes({}, 100'000), search(100'000, up_to(80'000)).size());
}

// Servers that hold 2 ms up to a rate, and cost so much a request.
class GoalSummaryTest : public testing::Test {
 protected:
  struct Server {
    std::int64_t capacity_per_s;
    double cpu_us;
  };

  GoalSummaryTest() {
    session_.cells.resize(3);  // epoll + inline, asio + inline, epoll + mutex
    session_.goal = Goal{99, std::chrono::milliseconds(2), true};
  }

  static RunOutcome run_at(const Server& server, std::int64_t rate) {
    RunOutcome outcome = good_run(server.cpu_us);
    outcome.load->open_loop = rate != 0;
    outcome.load->verdict = "ok";
    outcome.load->latency.p99_ns = rate <= server.capacity_per_s ? 1'500'000 : 9'000'000;
    return outcome;
  }

  // All that a session would run of these servers, one for each cell.
  void run(const std::vector<Server>& servers) {
    for (std::size_t i = 0; i < servers.size(); ++i) {
      add(i, Purpose::reach, run_at(servers[i], 0), 0, 0);
      std::map<Purpose, int> steps;
      const auto reach = records_.back().outcome.load->requests_per_s();
      for (const auto& result : search(reach, up_to(servers[i].capacity_per_s))) {
        const Purpose purpose = result.probe.confirms ? Purpose::confirm : Purpose::search;
        const std::int64_t rate = result.probe.rate_per_s;
        add(i, purpose, run_at(servers[i], rate), rate, steps[purpose]++);
      }
    }
    const GoalTable table = summarize();
    for (int block = 0; block < 6; ++block) {
      for (const std::size_t i : table.top()) {
        add(i, Purpose::compare, run_at(servers[i], 1), table.common_rate_per_s, block);
        if (i != table.baseline) continue;
        add(i, Purpose::compare, run_at(servers[i], 1), table.common_rate_per_s, block, true);
      }
    }
  }

  void add(std::size_t cell, Purpose purpose, RunOutcome outcome, std::int64_t rate, int block,
           bool twin = false) {
    records_.push_back({{cell, block, 0, twin}, 0, kNoon, std::move(outcome), rate, purpose});
  }

  GoalTable summarize() { return summarize_goals(session_, records_).at(0); }
  std::string advice() { return advise(*session_.goal, summarize()); }

  Session session_ = sample_session(6);
  std::vector<RunRecord> records_;
};

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST_F(GoalSummaryTest, ThoseWhoseBracketsOverlapShareTheTop) {
  run({{40'000, 3}, {30'000, 3}, {40'500, 3}});
  EXPECT_THAT(summarize().top(), ElementsAre(0, 2));
  EXPECT_THAT(advice(), HasSubstr("epoll + inline and epoll + mutex share the top"));
  EXPECT_THAT(advice(), HasSubstr("The next, asio + inline, held "));
}

TEST_F(GoalSummaryTest, WhatThoseAtTheTopCostIsComparedWithTheCheapest) {
  run({{40'000, 3}, {40'000, 4}, {40'000, 3.01}});
  EXPECT_THAT(summarize().top(), ElementsAre(0, 1, 2));
  EXPECT_THAT(advice(), HasSubstr("epoll + inline took 3.00 µs of server CPU a request; against "
                                  "that (6 blocks, dead band ±2.0 %, indicative): asio + inline "
                                  "4.00 (+33.3%), epoll + mutex 3.01 (no difference shown)."));
}

TEST_F(GoalSummaryTest, FewBlocksCompareNothing) {
  run({{40'000, 3}, {40'000, 4}, {20'000, 3}});
  std::erase_if(records_, [](const RunRecord& record) {
    return record.purpose == Purpose::compare && record.run.block >= 3;
  });
  EXPECT_THAT(advice(), HasSubstr("What they cost was not compared."));
  EXPECT_EQ(summarize().missing, 3U * 3U);
}

TEST_F(GoalSummaryTest, WhereTheClientWasTheLimitTheServerMayHoldMore) {
  run({{40'000, 3}, {30'000, 3}, {20'000, 3}});
  for (RunRecord& record : records_) {
    const bool failed = record.outcome.load->latency.p99_ns > 2'000'000;
    if (record.run.cell == 1 && failed) record.outcome.load->verdict = "client_late";
  }
  EXPECT_THAT(summarize().top(), ElementsAre(0, 1));
  EXPECT_THAT(advice(), HasSubstr("Of asio + inline that is a lower bound: the client could send"));
  EXPECT_THAT(render_goal(*session_.goal, summarize()), HasSubstr("asio + inline    >="));
}

TEST_F(GoalSummaryTest, TooFewRequestsAreNoAnswer) {
  run({{40'000, 3}, {40'000, 3}, {40'000, 3}});
  RunOutcome few = run_at({40'000, 3}, 100);
  few.load->latency.p99_ns = std::nullopt;
  add(1, Purpose::search, std::move(few), 100, 90);
  EXPECT_THAT(summarize().cells[1].failure, HasSubstr("give a longer --duration"));
}

TEST_F(GoalSummaryTest, WhoeverFailsWhileComparedChangesNothingForTheOthers) {
  run({{40'000, 3}, {30'500, 3}, {40'000, 3.01}});
  const std::int64_t rate = summarize().common_rate_per_s;
  records_.back().outcome = bad_run("signal 11");  // of epoll + mutex
  const GoalTable table = summarize();
  EXPECT_THAT(table.top(), ElementsAre(0, 2));
  EXPECT_EQ(table.common_rate_per_s, rate);
  EXPECT_EQ(table.cells[2].failure, "signal 11");
}

TEST_F(GoalSummaryTest, NoiseOfTheRunsThatAnAnswerRestsOnIsSaidInIt) {
  run({{40'000, 3}, {40'000, 3}, {20'000, 3}});
  EXPECT_THAT(advice(), Not(HasSubstr("NOISY")));
  records_[0].outcome.flags = {"noisy_steal"};  // the closed loop: the answer does not rest on it
  EXPECT_THAT(advice(), Not(HasSubstr("NOISY")));
  std::size_t rests_on = 0;
  for (const GoalCell& cell : summarize().cells) rests_on += cell.runs;
  records_.back().outcome.flags = {"noisy_steal"};
  records_[records_.size() - 2].outcome.flags = {"noisy_foreign", "client_bound"};
  records_[records_.size() - 3].outcome.flags = {"few_samples"};
  const std::string said = absl::StrFormat("NOISY: 2 of the %d runs", rests_on);
  EXPECT_THAT(advice(), HasSubstr(said));
  session_.goal->compares = false;
  EXPECT_THAT(render_goal(*session_.goal, summarize()), HasSubstr(said));
}

TEST_F(GoalSummaryTest, CsvQuotesAWorkloadWithOptions) {
  for (SessionCell& cell : session_.cells) cell.cell.workload = "mine:a=1,b=2";
  Report report;
  report.session = session_;
  report.goals = summarize_goals(session_, records_);
  EXPECT_THAT(render_capacities_csv(report),
              HasSubstr("\n\"mine:a=1,b=2\",64,64,1,split,epoll,inline,,99,2000,"));
}

TEST_F(GoalSummaryTest, OneAloneAtTheTopNeedsNoComparison) {
  run({{40'000, 3}, {20'000, 1}, {30'000, 1}});
  EXPECT_THAT(summarize().top(), ElementsAre(0));
  EXPECT_THAT(advice(), HasSubstr("epoll + inline holds the highest rate. It held "));
  EXPECT_THAT(advice(), HasSubstr("The next, epoll + mutex, held "));
}

TEST_F(GoalSummaryTest, AServerThatFailedHasNoBracketAndNoPlaceAtTheTop) {
  run({{40'000, 3}, {40'000, 3}, {10'000, 3}});
  RunOutcome wrong = good_run(1);
  wrong.status = RunStatus::failed;
  wrong.reason = "3 wrong bytes in the replies";
  add(0, Purpose::search, std::move(wrong), 9'000, 90);
  const GoalTable table = summarize();
  EXPECT_THAT(table.top(), ElementsAre(1));
  EXPECT_EQ(table.cells[0].failure, "3 wrong bytes in the replies");
  EXPECT_THAT(render_goal(*session_.goal, table), HasSubstr("epoll + inline   failed"));
}

TEST_F(GoalSummaryTest, ALateClientSaysNothingOfTheServers) {
  for (std::size_t i = 0; i < session_.cells.size(); ++i) {
    add(i, Purpose::reach, run_at({1, 1}, 0), 0, 0);
    int step = 0;
    for (const auto& result : search(50'000, up_to(0))) {
      RunOutcome outcome = run_at({1'000'000, 1}, 1);
      outcome.load->verdict = "client_late";
      add(i, Purpose::search, std::move(outcome), result.probe.rate_per_s, step++);
    }
  }
  EXPECT_THAT(advice(), HasSubstr("the client was late, so that this says nothing"));
}

TEST_F(GoalSummaryTest, NothingIsAdvisedBeforeTheSearchIsOver) {
  run({{40'000, 3}, {20'000, 1}});
  EXPECT_EQ(advice(), "");
  EXPECT_THAT(render_goal(*session_.goal, summarize()), HasSubstr("not run to its end"));
}

TEST_F(GoalSummaryTest, OfSeveralAttemptsAtAStepTheLastCounts) {
  run({{40'000, 3}, {40'000, 3}, {40'000, 3}});
  ASSERT_TRUE(summarize().cells[0].probes[0].held);
  RunRecord again = records_[1];  // the first step, now too slow
  again.attempt = 1;
  again.outcome.load->latency.p99_ns = 9'000'000;
  records_.push_back(again);
  EXPECT_FALSE(summarize().cells[0].probes[0].held);
}

}  // namespace
}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// bench_schema_test.cc: every line that collet-bench writes is as bench/results.schema.json says.
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <string>

#include <nlohmann/json.hpp>

#include "bench/session/environment.h"
#include "bench/session/results.h"
#include "bench_schema.h"
#include "bench_session.h"

namespace collet::bench {
namespace {

using Json = nlohmann::json;

class SchemaTest : public testing::Test {
 protected:
  // What is wrong with a line, or an empty string.
  static std::string complaint(const std::string& line) {
    return find_breach(COLLET_RESULTS_SCHEMA, line);
  }
  static std::string complaint(const Json& json) { return complaint(json.dump()); }

  Session session_ = sample_session(6);
};

TEST_F(SchemaTest, ASessionIsValidAlsoWithUnavailableCells) {
  EXPECT_EQ(complaint(format_session(session_)), "");
  session_.environment = look_around();
  session_.not_a_result = "a Debug build";
  session_.settings.plugins = {"/lib/mine.so"};
  EXPECT_EQ(complaint(format_session(session_)), "");
  EXPECT_EQ(complaint(format_resumption(session_, {"resume", "x"}, {"x is another build"})), "");
}

TEST_F(SchemaTest, AnEmptySessionIsValid) {
  session_.cells.clear();
  session_.programs.clear();
  session_.settings.externals.clear();
  session_.environment.clear();
  session_.profile.clear();
  EXPECT_EQ(complaint(format_session(session_)), "");
}

TEST_F(SchemaTest, RatesThatAreFoundOutAreValidAndReplaceTheCells) {
  Results read;
  session_.cells[0].cell.rate_percent = 40;
  ASSERT_TRUE(read_line(format_session(session_), read).ok());
  const std::string run = format_capacity_run({"echo", 2, 1, kNoon, 1e5, {"noisy_steal"}});
  EXPECT_EQ(complaint(run), "");
  ASSERT_TRUE(read_line(run, read).ok());
  session_.capacities = {{"echo", 1e5}};
  session_.cells[0].cell.rate_per_s = 40'000;
  const std::string rates = format_rates(session_);
  EXPECT_EQ(complaint(rates), "");
  ASSERT_TRUE(read_line(rates, read).ok());
  EXPECT_EQ(format_session(read.session), format_session(session_));
  ASSERT_EQ(read.capacity_runs.size(), 1U);
  EXPECT_EQ(read.capacity_runs[0].requests_per_s, 1e5);
  EXPECT_EQ(format_capacity_run(read.capacity_runs[0]), run);
}

// Loops had no blocks once.
TEST_F(SchemaTest, CapacitiesOfBeforeAreReadOneAfterTheOther) {
  Results read{session_, {}};
  Json run = Json::parse(format_capacity_run({"echo", 2, 1, kNoon, 1e5, {}}));
  run.erase("block");
  run.erase("attempt");
  EXPECT_EQ(complaint(run), "");
  for (int block = 0; block < 3; ++block) {
    ASSERT_TRUE(read_line(run.dump(), read).ok());
    EXPECT_EQ(read.capacity_runs.back().block, block);
    EXPECT_EQ(read.capacity_runs.back().attempt, 0);
  }
}

TEST_F(SchemaTest, ASessionWithAGoalAndItsRunsAreValid) {
  session_.goal = Goal{99.9, std::chrono::milliseconds(2), true};
  session_.capacities = {{"echo", 1e5}};
  session_.wake_floor = WakeFloor{3.5, 12};
  EXPECT_EQ(complaint(format_session(session_)), "");
  Results read;
  ASSERT_TRUE(read_line(format_session(session_), read).ok());
  for (const Purpose purpose :
       {Purpose::reach, Purpose::search, Purpose::confirm, Purpose::compare}) {
    RunRecord record{{0, 2, 9, false}, 0, kNoon, good_run(2), 50'000, purpose};
    const std::string line = format_run(session_, record);
    EXPECT_EQ(complaint(line), "");
    ASSERT_TRUE(read_line(line, read).ok());
    EXPECT_EQ(format_run(read.session, read.runs.back()), line);
  }
}

TEST_F(SchemaTest, CountsAreValidWhetherOrNotAllCouldBeCounted) {
  CountRecord record{1, kNoon, 3.2, {{"recvfrom", 1.1}, {"epoll_wait", 0.02}}, 0.5, 2, 40, ""};
  const std::string line = format_count(session_, record);
  EXPECT_EQ(complaint(line), "");
  Results read{session_, {}};
  ASSERT_TRUE(read_line(line, read).ok());
  EXPECT_EQ(format_count(read.session, read.counts.at(0)), line);
  record.syscalls_per_request.reset();
  record.by_name.clear();
  record.reason = "strace is not there";
  EXPECT_EQ(complaint(format_count(session_, record)), "");
  record.allocations_per_request = -1;
  EXPECT_NE(complaint(format_count(session_, record)), "");
}

// What real sessions wrote, which the tests of the page are about.
TEST_F(SchemaTest, EveryLineOfTheFixturesIsValidAndRead) {
  for (const char* name : {"fixture", "goal"}) {
    const std::string directory = std::string(COLLET_REPORT_FIXTURES) + "/" + name;
    std::ifstream file(directory + "/results.jsonl");
    std::size_t number = 0;
    for (std::string line; std::getline(file, line);) {
      ++number;
      EXPECT_EQ(complaint(line), "") << name << ":" << number;
    }
    EXPECT_GT(number, 100U) << name;
    const auto results = read_results(directory);
    ASSERT_TRUE(results.ok()) << results.status();
    EXPECT_EQ(results->cut_off, "");
  }
}

TEST_F(SchemaTest, RunsAreValidWhetherTheyWentWellOrNot) {
  RunRecord record{{0, 2, 9, true}, 1, kNoon, good_run(2)};
  record.outcome.flags = {"noisy_steal", "client_bound"};
  record.outcome.client = record.outcome.server;
  EXPECT_EQ(complaint(format_run(session_, record)), "");
  record.outcome.counted = CountedCalls{100'000, {{"wait", 50'000}, {"events", 0}}};
  EXPECT_EQ(complaint(format_run(session_, record)), "");
  record.outcome.load->open_loop = true;
  record.outcome.load->verdict = "overloaded";
  record.outcome.load->offered = 200'000;
  EXPECT_EQ(complaint(format_run(session_, record)), "");
  record.outcome = bad_run("garbage \xff");
  EXPECT_EQ(complaint(format_run(session_, record)), "");
  record.outcome.load = good_run(2).load;  // such as of wrong bytes
  record.outcome.load->errors = {{"reset", 2}};
  EXPECT_EQ(complaint(format_run(session_, record)), "");
}

TEST_F(SchemaTest, CountsAreValidWithAndWithoutHandOffs) {
  CountRecord record;
  record.cell = 2;
  record.started_utc = kNoon;
  record.reason = "system calls: strace cannot attach";
  EXPECT_EQ(complaint(format_count(session_, record)), "");
  record.syscalls_per_request = 2.5;
  record.by_name = {{"read", 2.5}};
  record.allocations_per_request = 0.25;
  record.handoff_p50_us = 4.5;
  record.handoff_p99_us = 31.5;
  record.reason.clear();
  EXPECT_EQ(complaint(format_count(session_, record)), "");
  Json line = Json::parse(format_count(session_, record));
  line.erase("handoff_p50_us");  // a session of before
  line.erase("handoff_p99_us");
  EXPECT_EQ(complaint(line), "");
  line["handoff_p50_us"] = -1;
  EXPECT_NE(complaint(line), "");
}

TEST_F(SchemaTest, NothingElseIsValid) {
  Json run = Json::parse(format_run(session_, {{0, 0, 0, false}, 0, kNoon, good_run(2)}));
  EXPECT_EQ(complaint(run), "");
  const auto with = [&](const char* pointer, const Json& value) {
    Json changed = run;
    changed[Json::json_pointer(pointer)] = value;
    return complaint(changed);
  };
  EXPECT_NE(with("/type", "dance"), "");
  EXPECT_NE(with("/status", "fast"), "");
  EXPECT_NE(with("/block", -1), "");
  EXPECT_NE(with("/load/requests", 1.5), "");
  EXPECT_NE(with("/load/requests", nullptr), "");
  EXPECT_NE(with("/more", 1), "");
  EXPECT_NE(with("/flags", {"nice"}), "");
  run.erase("server");
  EXPECT_NE(complaint(run), "");
}

}  // namespace
}  // namespace collet::bench

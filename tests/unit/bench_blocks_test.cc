// SPDX-License-Identifier: MIT
// Runs of a plan: each block once, and what was noisy in it again.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/session/blocks.h"

namespace collet::bench {
namespace {

using testing::ElementsAre;

constexpr int kMaxRepeats = 2;

struct Outcome {
  std::vector<std::string> flags;
};

struct Record {
  PlannedRun run;
  int attempt = 0;
  Outcome outcome;
};

const Outcome kQuiet{{"client_bound"}};
const Outcome kNoisy{{"noisy_steal"}};

std::string name_of(const PendingRun& pending) {
  return std::to_string(pending.run.block) + "/" + std::to_string(pending.run.cell) + "#" +
         std::to_string(pending.attempt);
}

std::vector<std::string> names_of(const std::vector<PendingRun>& runs) {
  std::vector<std::string> names;
  for (const PendingRun& one : runs) names.push_back(name_of(one));
  return names;
}

const std::vector<PlannedRun> kPlan = {{0, 0, 0, false}, {1, 0, 1, false}, {0, 1, 0, false}};

TEST(PendingRunsTest, NothingIsMadeTwiceThatWasQuiet) {
  const std::vector<Record> none;
  EXPECT_THAT(names_of(pending_runs(kPlan, none, kMaxRepeats)),
              ElementsAre("0/0#0", "0/1#0", "1/0#0"));
  const std::vector<Record> one = {{kPlan[1], 0, kQuiet}};
  EXPECT_THAT(names_of(pending_runs(kPlan, one, kMaxRepeats)), ElementsAre("0/0#0", "1/0#0"));
}

TEST(PendingRunsTest, ANoisyRunThatWasCutOffBeforeItsRepeatIsRepeated) {
  std::vector<Record> done = {{kPlan[0], 0, kNoisy}, {kPlan[1], 0, kQuiet}};
  EXPECT_THAT(names_of(pending_runs(kPlan, done, kMaxRepeats)), ElementsAre("0/0#1", "1/0#0"));
  done.push_back({kPlan[0], 1, kNoisy});
  EXPECT_THAT(names_of(pending_runs(kPlan, done, kMaxRepeats)), ElementsAre("0/0#2", "1/0#0"));
  done.push_back({kPlan[0], 2, kNoisy});
  EXPECT_THAT(names_of(pending_runs(kPlan, done, kMaxRepeats)), ElementsAre("1/0#0"));
}

TEST(PendingRunsTest, TheBaselinesSecondVisitIsAnotherRun) {
  PlannedRun twin = kPlan[0];
  twin.twin = true;
  const std::vector<Record> done = {{kPlan[0], 0, kQuiet}};
  EXPECT_THAT(names_of(pending_runs({kPlan[0], twin}, done, kMaxRepeats)), ElementsAre("0/0#0"));
}

class RunBlocksTest : public testing::Test {
 protected:
  absl::StatusOr<SessionEnd> run(const std::function<absl::StatusOr<Made>(const PendingRun&)>& as) {
    Progress progress(kPlan.size(), std::chrono::seconds(1), Progress::Style::silent);
    std::vector<PendingRun> plan;
    for (const PlannedRun& one : kPlan) plan.push_back({one, 0});
    return run_blocks(plan, kMaxRepeats, progress, [&](const PendingRun& pending) {
      made_.push_back(name_of(pending));
      return as(pending);
    });
  }

  std::vector<std::string> made_;
};

TEST_F(RunBlocksTest, NoisyRunsAreRepeatedAtTheEndOfTheirBlock) {
  const auto end = run([](const PendingRun& pending) {
    return pending.run.cell == 0 && pending.run.block == 0 ? Made::noisy : Made::quiet;
  });
  ASSERT_TRUE(end.ok());
  EXPECT_EQ(*end, SessionEnd::complete);
  EXPECT_THAT(made_, ElementsAre("0/0#0", "0/1#0", "0/0#1", "0/0#2", "1/0#0"));
}

TEST_F(RunBlocksTest, AnInterruptionEndsItAtOnce) {
  const auto end = run(
      [](const PendingRun& one) { return one.run.cell == 1 ? Made::interrupted : Made::noisy; });
  ASSERT_TRUE(end.ok());
  EXPECT_EQ(*end, SessionEnd::interrupted);
  EXPECT_THAT(made_, ElementsAre("0/0#0", "0/1#0"));
}

TEST_F(RunBlocksTest, AnErrorEndsItAtOnce) {
  const auto end = run([](const PendingRun&) -> absl::StatusOr<Made> {
    return absl::InternalError("the disk is full");
  });
  EXPECT_FALSE(end.ok());
  EXPECT_THAT(made_, ElementsAre("0/0#0"));
}

}  // namespace
}  // namespace collet::bench

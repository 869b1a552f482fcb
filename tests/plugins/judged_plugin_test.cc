// SPDX-License-Identifier: MIT
// judged_plugin_test.cc: what collet-conform says of plugins that would take it along, or cannot be
// told what a rule asks for.
#include <csignal>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <absl/strings/str_split.h>
#include <nlohmann/json.hpp>

#include "tests/plugins/plugin_fixture.h"

namespace collet::integration {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Json = nlohmann::json;

Ended judge(const std::string& name, std::vector<std::string> more) {
  more.insert(more.begin(), {COLLET_CONFORM_PROGRAM, "--backend", plugin(name), "--seed", "7"});
  return run(std::move(more));
}

std::vector<Json> lines_of(const Ended& ended) {
  std::vector<Json> lines;
  for (const auto line : absl::StrSplit(ended.output, '\n', absl::SkipEmpty())) {
    lines.push_back(Json::parse(line.begin(), line.end(), nullptr, false));
  }
  return lines;
}

TEST(JudgedPlugin, OneThatEndsTheProgramBreaksTheRuleThatRan) {
  const Ended ended = judge("exits_in_wait", {});
  EXPECT_EQ(ended.code, 1) << ended.errors;
  EXPECT_THAT(ended.output, AllOf(StartsWith("P1.1   BROKEN"), HasSubstr("it ended the program"),
                                  HasSubstr("--rule P1.1 --seed 7\n"),
                                  HasSubstr("not judged, for P1.1 ended the program: P1.2 P1.3 "),
                                  HasSubstr("exits_in_wait.so: 0 rules kept, 1 broken, ")));
}

TEST(JudgedPlugin, OneThatEndsTheProgramDoesSoInJsonToo) {
  const std::vector<Json> lines = lines_of(judge("exits_in_wait", {"--rule", "P1.1", "--json"}));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0]["outcome"], "broken");
  EXPECT_THAT(lines[0]["reason"].get<std::string>(), HasSubstr("it ended the program"));
  EXPECT_EQ(lines[1]["broken"], 1);
}

TEST(JudgedPlugin, OneThatCrashesIsNamedInJsonIfThatIsAskedFor) {
  const Ended ended = judge("crashes_in_wait", {"--rule", "P1.1", "--json"});
  EXPECT_EQ(ended.code, 1000 + SIGABRT);
  const std::vector<Json> lines = lines_of(ended);
  ASSERT_EQ(lines.size(), 1U) << ended.output;
  EXPECT_EQ(lines[0]["rule"], "P1.1") << ended.output;
  EXPECT_EQ(lines[0]["outcome"], "broken");
  EXPECT_EQ(lines[0]["reason"], "the program crashed");
  EXPECT_TRUE(lines[0]["ms"].is_null());
  EXPECT_THAT(lines[0]["repeat"].get<std::string>(), HasSubstr("--rule P1.1 --seed 7"));
}

TEST(JudgedPlugin, OneThatReportsMoreEventsThanThereIsRoomForBreaksRules) {
  for (const auto& [rule, room] :
       {std::pair{"P1.9", "32"}, std::pair{"P3.4", "64"}, std::pair{"P3.5", "64"}}) {
    const Ended ended = judge("reports_too_many", {"--rule", rule});
    EXPECT_EQ(ended.code, 1) << rule << ended.output << ended.errors;
    EXPECT_THAT(ended.output, HasSubstr("wait() has room for " + std::string(room) +
                                        " events and reports 18446744073709551615"));
  }
}

TEST(JudgedPlugin, AnOptionThatCannotBeAsSmallAsARuleAsksForIsNoMistake) {
  const Ended ended =
      run({COLLET_CONFORM_PROGRAM, "--pool", plugin("roomy_pool"), "--rule", "T1.4"});
  EXPECT_EQ(ended.code, 0) << ended.output << ended.errors;
  EXPECT_THAT(ended.output,
              AllOf(HasSubstr(" skip "), HasSubstr("its option capacity cannot be 16")));
}

}  // namespace
}  // namespace collet::integration

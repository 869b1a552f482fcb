// SPDX-License-Identifier: MIT
// plugin_matrix_test.cc: plugins in the tables of collet-bench.
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/plugins/plugin_fixture.h"

namespace collet::integration {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class PluginMatrixTest : public PluginFileTest {
 protected:
  // One short run of each backend with `inline`; `more` says what else.
  Ended measure(const std::string& backends, const std::vector<std::string>& more) const {
    std::vector<std::string> command{COLLET_BENCH_PROGRAM, "run", "--backend", backends};
    const std::vector<std::string> shape{
        "--pool",  "inline", "--reps",       "1",     "--max-repeats",  "0",
        "-c",      "2",      "-d",           "200ms", "--no-baselines", "--accept-any-build",
        "--quiet", "-o",     path("results")};
    command.insert(command.end(), shape.begin(), shape.end());
    command.insert(command.end(), more.begin(), more.end());
    return run(std::move(command));
  }
  Ended measure_echo(const std::string& file, const std::string& backends) const {
    return measure(backends, {"--plugin", file, "--workload", "echo"});
  }
};

TEST_F(PluginMatrixTest, APluginIsAColumnAndItsFileIsRecorded) {
  const Ended ended = measure_echo(COLLET_POLL_PLUGIN, "epoll,poll:reserve=8");
  EXPECT_EQ(ended.code, 0) << ended.output << ended.errors;
  EXPECT_THAT(ended.output, HasSubstr("poll:reserve=8"));
  const std::string results = contents(path("results/results.jsonl"));
  EXPECT_THAT(results, HasSubstr("\"plugins\":[\"" + std::string(COLLET_POLL_PLUGIN) + "\"]"));
  const auto recorded = results.find("\"name\":\"libpoll.so\"");
  ASSERT_NE(recorded, results.npos);
  EXPECT_THAT(results.substr(recorded, 1000),
              ::testing::ContainsRegex("\"sha256\":\"[0-9a-f]{64}"));
}

TEST_F(PluginMatrixTest, OneThatCrashesCostsItsCellOnly) {
  const Ended ended = measure_echo(plugin("crashes_in_wait"), "epoll,hermit");
  EXPECT_EQ(ended.code, 1) << ended.errors;
  EXPECT_THAT(ended.output, AllOf(HasSubstr("FAILED"), HasSubstr("signal 6"), HasSubstr("k/s")));
}

TEST_F(PluginMatrixTest, OneThatCrashesWhenItIsProbedIsUnavailable) {
  const Ended ended = measure_echo(plugin("crashes_in_factory"), "epoll,hermit");
  EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_THAT(ended.output, AllOf(HasSubstr("k/s"), HasSubstr("unavailable"),
                                  HasSubstr("\"hermit\" does not run here"), HasSubstr("Aborted")));
  const Ended listed =
      run({COLLET_BENCH_PROGRAM, "list", "--plugin", plugin("crashes_in_factory")});
  EXPECT_EQ(listed.code, 0);
  EXPECT_THAT(listed.output, HasSubstr("Aborted"));
}

TEST_F(PluginMatrixTest, WhereNothingRunsNothingIsBegun) {
  const Ended ended = measure_echo(plugin("crashes_in_factory"), "hermit");
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.errors, HasSubstr("\"hermit\" does not run here"));
  EXPECT_FALSE(std::filesystem::exists(path("results")));
}

TEST_F(PluginMatrixTest, AWorkloadIsATable) {
  const Ended ended = measure("epoll", {"--workload", plugin("lines")});
  EXPECT_EQ(ended.code, 0) << ended.output << ended.errors;
  EXPECT_THAT(ended.output, AllOf(HasSubstr("lines, 2 connections, 40 B"), HasSubstr("k/s")));
}

}  // namespace
}  // namespace collet::integration

// SPDX-License-Identifier: MIT
// plugin_matrix_test.cc: plugins in the tables of collet-bench.
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <absl/strings/str_split.h>
#include <collet/plugin_loader.h>
#include <collet/registry.h>

#include "bench/session/apart.h"
#include "tests/plugins/plugin_fixture.h"

namespace collet::integration {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class PluginMatrixTest : public PluginFileTest {
 protected:
  // One short run of each backend; `more` says of what.
  Ended measure(const std::string& backends, const std::vector<std::string>& more) const {
    std::vector<std::string> command =
        absl::StrSplit("run --reps 1 --max-repeats 0 -c 2 -d 200ms --no-baselines --quiet", ' ');
    command.insert(command.begin(), COLLET_BENCH_PROGRAM);
    command.insert(command.end(), {"--accept-any-build", "-o", path("results")});
    command.insert(command.end(), {"--backend", backends});
    command.insert(command.end(), more.begin(), more.end());
    return run(std::move(command));
  }
  Ended measure_echo(const std::string& file, const std::string& backends) const {
    return measure(backends, {"--plugin", file, "--pool", "inline", "--workload", "echo"});
  }
};

TEST_F(PluginMatrixTest, APluginIsAColumnAlsoInADecoratorAndItsFileIsRecorded) {
  const Ended ended = measure_echo(COLLET_POLL_PLUGIN, "poll:reserve=8,count(poll)");
  EXPECT_EQ(ended.code, 0) << ended.output << ended.errors;
  EXPECT_THAT(ended.output, HasSubstr("poll:reserve=8"));
  EXPECT_THAT(ended.output, HasSubstr("calls for each request, count(poll) + inline, echo, "
                                      "2 connections: bytes_in 64.0, bytes_out 64.0, "));
  const std::string results = contents(path("results/results.jsonl"));
  EXPECT_THAT(results, ::testing::ContainsRegex("\"counted\":.\"requests\":[1-9]"));
  EXPECT_THAT(results, HasSubstr("\"plugins\":[\"" + std::string(COLLET_POLL_PLUGIN) + "\"]"));
  const auto recorded = results.find("\"name\":\"libpoll.so\"");
  ASSERT_NE(recorded, results.npos);
  EXPECT_THAT(results.substr(recorded, 1000),
              ::testing::ContainsRegex("\"sha256\":\"[0-9a-f]{64}"));
}

TEST_F(PluginMatrixTest, OneThatCrashesCostsItsCellOnly) {
  const Ended ended = measure_echo(plugin("crashes_in_wait"), "epoll,hermit");
  EXPECT_EQ(ended.code, 1) << ended.errors;
  EXPECT_THAT(ended.output,
              AllOf(HasSubstr("FAILED"), HasSubstr("signal 6"), HasSubstr("/s  p99 ")));
}

TEST_F(PluginMatrixTest, OneThatCrashesWhenItIsProbedIsUnavailable) {
  const Ended ended = measure_echo(plugin("crashes_in_factory"), "epoll,hermit");
  EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_THAT(ended.output, AllOf(HasSubstr("/s  p99 "), HasSubstr("unavailable"),
                                  HasSubstr("\"hermit\" does not run here"), HasSubstr("Aborted")));
  const Ended listed =
      run({COLLET_BENCH_PROGRAM, "list", "--plugin", plugin("crashes_in_factory")});
  EXPECT_EQ(listed.code, 0);
  EXPECT_THAT(listed.output, HasSubstr("Aborted"));
  EXPECT_THAT(listed.output, HasSubstr("\nplugins\n  hermit       version "));
  EXPECT_THAT(listed.output, HasSubstr(", from " + plugin("crashes_in_factory") + "\n"));
}

TEST_F(PluginMatrixTest, WhereNothingRunsNothingIsBegun) {
  const Ended ended = measure_echo(plugin("crashes_in_factory"), "hermit");
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.errors, HasSubstr("\"hermit\" does not run here"));
  EXPECT_FALSE(std::filesystem::exists(path("results")));
}

// -- What ends or holds up whoever loads it ------------------------------------------------------

Ended list_in_bench(const std::string& file) {
  return run({COLLET_BENCH_PROGRAM, "list", "--plugin", file});
}

TEST_F(PluginMatrixTest, OneThatCrashesWhenItIsLoadedIsRefusedInOneSentence) {
  const std::string file = plugin("crashes_when_loaded");
  const std::vector<std::string> told{
      "\"" + file + "\" ended the process that tried it, by Aborted: do without it"};
  expect_refused(list_in_bench(file), told);
  for (const std::vector<std::string>& flags :
       std::vector<std::vector<std::string>>{{"plan", "--backend", file},
                                             {"run", "--plugin", file, "-o", path("results")},
                                             {"pools", "--pool", file, "-o", path("results")}}) {
    std::vector<std::string> command{COLLET_BENCH_PROGRAM};
    command.insert(command.end(), flags.begin(), flags.end());
    expect_refused(run(command), told);
  }
  EXPECT_FALSE(fs::exists(path("results")));
}

TEST_F(PluginMatrixTest, OneThatEndsTheProgramIsRefusedInOneSentence) {
  expect_refused(list_in_bench(plugin("exits_when_asked")), {"exits_when_asked.so", "exit()"});
  const Ended listed = list_in_bench(plugin("exits_in_probe"));
  EXPECT_EQ(listed.code, 0);
  EXPECT_EQ(listed.errors, "");
  EXPECT_THAT(listed.output, HasSubstr("\"hermit\" does not run here: it ended the process"));
}

TEST_F(PluginMatrixTest, OneThatHangsWhenItIsLoadedIsRefusedInTime) {
  Registry registry;
  Plugins plugins(registry, {}, [](const std::function<absl::Status()>& ask) {
    return bench::ask_apart_within(std::chrono::milliseconds(200), ask);
  });
  const auto status = plugins.load(plugin("hangs_when_asked"));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("hangs_when_asked.so\" did not answer within 0.2 s: do without it"));
}

TEST_F(PluginMatrixTest, AWorkloadIsATable) {
  const Ended ended = measure("epoll", {"--pool", "inline", "--workload", plugin("lines")});
  EXPECT_EQ(ended.code, 0) << ended.output << ended.errors;
  EXPECT_THAT(ended.output, AllOf(HasSubstr("lines, 2 connections, 40 B"), HasSubstr("/s  p99 ")));
}

// -- What does not run here ----------------------------------------------------------------------

TEST_F(PluginMatrixTest, APoolThatDoesNotRunHereIsAnUnavailableRow) {
  for (const auto& [name, reason] :
       {std::pair{"unwilling_pool", "no mood to run"}, std::pair{"crashing_pool", "by Aborted"}}) {
    const std::string file = plugin(name);
    const Ended listed = list_in_bench(file);
    EXPECT_EQ(listed.code, 0) << listed.errors;
    EXPECT_THAT(listed.output, AllOf(HasSubstr("\"idler\" does not run here"), HasSubstr(reason)));
    const Ended planned = run({COLLET_BENCH_PROGRAM, "plan", "--plugin", file, "--backend", "epoll",
                               "--workload", "echo", "--no-baselines"});
    EXPECT_EQ(planned.code, 0) << planned.errors;
    EXPECT_THAT(planned.output, AllOf(HasSubstr("epoll/inline  (baseline)"),
                                      HasSubstr("epoll/idler  unavailable: "), HasSubstr(reason)));
  }
  const Ended alone = run({COLLET_BENCH_PROGRAM, "pools", "--pool", plugin("unwilling_pool"), "-o",
                           path("pools"), "--accept-any-build", "--quiet", "--reps", "1"});
  expect_refused(alone, {"no mood to run"});
  const Ended beside =
      run({COLLET_BENCH_PROGRAM, "pools", "--plugin", plugin("crashing_pool"), "--pool",
           "inline,idler", "--benchmark", "task-size", "--reps", "1", "--max-repeats", "0", "-o",
           path("pools"), "--accept-any-build", "--quiet"});
  EXPECT_EQ(beside.code, 0) << beside.errors;
  EXPECT_THAT(beside.output, HasSubstr("\"idler\" does not run here: it ended the process"));
  const Ended served = list_with(plugin("unwilling_pool"));
  EXPECT_EQ(served.code, 0) << served.errors;
  EXPECT_THAT(served.output, AllOf(HasSubstr("idler"), HasSubstr("no mood to run")));
}

TEST_F(PluginMatrixTest, APoolThatDoesNotRunHereCostsItsCellsOnly) {
  const Ended ended =
      measure("epoll", {"--workload", "echo", "--pool", "inline," + plugin("unwilling_pool")});
  EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_THAT(ended.output,
              AllOf(HasSubstr("/s  p99 "), HasSubstr("unavailable epoll + idler, echo"),
                    HasSubstr("no mood to run")));
}

TEST_F(PluginMatrixTest, AWorkloadThatDoesNotRunHereIsListedWithItsReasonAndRefusedByName) {
  const std::string file = plugin("unwilling_workload");
  const Ended listed = list_in_bench(file);
  EXPECT_EQ(listed.code, 0) << listed.errors;
  EXPECT_THAT(listed.output,
              AllOf(HasSubstr("\"silence\" does not run here"), HasSubstr("no mood to run")));
  expect_refused(run({COLLET_BENCH_PROGRAM, "plan", "--workload", file}),
                 {"--workload", "\"silence\"", "no mood to run"});
}

}  // namespace
}  // namespace collet::integration

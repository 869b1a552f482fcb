// SPDX-License-Identifier: MIT
// full_output_test.cc: programs whose standard output is a disk without room.
#include <gmock/gmock.h>

#include "tests/integration/bench_program.h"

namespace collet::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Ended run_in_shell(const std::string& command) {
  return run_to_its_end({"/bin/sh", "-c", "exec " + command});
}

class FullOutput : public BenchProgramTest {
 protected:
  // Every one of the lists of arguments.
  static void expect_told(const std::string& program, const std::vector<std::string>& all) {
    for (const std::string& arguments : all) {
      const std::string command = program + " " + arguments;
      SCOPED_TRACE(command);
      const Ended lost = run_in_shell(command + " > /dev/full");
      EXPECT_EQ(lost.code, 2);
      EXPECT_THAT(lost.last_words, HasSubstr("not all of its output could be written"));
      EXPECT_THAT(lost.last_words, Not(HasSubstr("\n\n")));
    }
  }
};

TEST_F(FullOutput, OfServerIsAFailure) {
  expect_told(COLLET_SERVER_PROGRAM, {"--list", "--version", "--help"});
}

TEST_F(FullOutput, OfClientIsAFailure) {
  expect_told(COLLET_LOAD_PROGRAM, {"--version", "--help"});
  auto server =
      ChildProcess::spawn({COLLET_SERVER_PROGRAM, "--listen", "127.0.0.1:0"}, allowed_cpus());
  ASSERT_TRUE(server.ok()) << server.status();
  std::string line;
  const Deadline deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  ASSERT_EQ(server->read_line(line, deadline, -1, nullptr), Wait::ready);
  const std::string address = line.substr(line.find("127.0.0.1:"));
  const std::string at = address.substr(0, address.find(' '));
  expect_told(COLLET_LOAD_PROGRAM, {at + " -n 10", at + " -n 10 --json"});
}

TEST_F(FullOutput, OfConformIsAFailureEvenIfAllRulesAreKept) {
  expect_told(COLLET_CONFORM_PROGRAM, {"--help", "--pool inline --rule T1.1"});
}

TEST_F(FullOutput, OfNewPluginIsAFailure) {
  expect_told(COLLET_NEW_PLUGIN_PROGRAM, {"--help", "pool mine " + directory("mine")});
}

TEST_F(FullOutput, OfPoolLoadIsAFailure) {
  expect_told(COLLET_POOL_LOAD_PROGRAM, {"--list", "--benchmark task-size --pool inline"});
}

TEST_F(FullOutput, OfBenchIsAFailureAndResultsAreKept) {
  std::string run;
  for (const std::string& argument : quick({"--reps", "1"})) run += argument + " ";
  expect_told(COLLET_BENCH_PROGRAM, {run});
  EXPECT_FALSE(runs().empty());
  const std::string here = directory();
  expect_told(COLLET_BENCH_PROGRAM, {"--help", "list", "plan", "report " + here,
                                     "compare " + here + " " + here, "resume --force -q " + here});
  expect_told(COLLET_BENCH_PROGRAM, {"pools --accept-any-build -q --benchmark fan-out-8 --pool "
                                     "inline,mutex --reps 1 -o " +
                                     directory("pools")});
}

// A reader that has seen enough has lost nothing.
TEST_F(FullOutput, IsNotThatOfAPipeWhoseReaderHasGone) {
  const std::string until_it_has_gone = "while echo; do :; done 2>/dev/null; ";
  const Ended ended = run_to_its_end({"/bin/sh", "-c",
                                      "(trap '' PIPE; " + until_it_has_gone +
                                          COLLET_SERVER_PROGRAM + " --list; echo $? >&2)|true"});
  EXPECT_EQ(ended.last_words, "0");
}

}  // namespace
}  // namespace collet::bench

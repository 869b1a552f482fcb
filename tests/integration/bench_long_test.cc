// SPDX-License-Identifier: MIT
// bench_long_test.cc: whether what collet-bench concludes from real runs is true.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/integration/bench_program.h"

namespace collet::bench {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::HasSubstr;

class BenchTruthTest : public BenchProgramTest {
 protected:
  static std::string server(const std::string& more = "") {
    return std::string("exec " COLLET_SERVER_PROGRAM " --listen 127.0.0.1:{port} --workload ") +
           "{workload} --quiet" + more;
  }

  std::vector<std::string> arguments(const std::string& duration) const {
    return {"run",       "--backend",
            "epoll",     "--pool",
            "inline",    "--workload",
            "echo",      "-c",
            "16",        "-d",
            duration,    "--warmup",
            "100ms",     "--reps",
            "6",         "--max-repeats",
            "0",         "--no-baselines",
            "--quiet",   "-o",
            directory(), "--accept-any-build"};
  }

  Verdict verdict_of(const std::string& external) const {
    const Report shown = report();
    for (const CellSummary& cell : shown.tables.at(0).cells) {
      if (cell.cell.external == external) return cell.to_baseline.verdict;
    }
    return Verdict::none;
  }
};

TEST_F(BenchTruthTest, FiveMicrosecondsOfWorkAreFoundInSixBlocks) {
  auto flags = arguments("300ms");
  flags.insert(flags.end(), {"--external", "slow=" + server(" --work 5us")});
  const Ended ended = run_bench(flags);
  ASSERT_EQ(ended.code, 0) << ended.output;
  EXPECT_EQ(verdict_of("slow"), Verdict::higher) << ended.output;
}

TEST_F(BenchTruthTest, AServerDiffersFromItselfInAtMostOneOfTwentyComparisons) {
  constexpr int kCopies = 20;
  auto flags = arguments("250ms");
  flags.insert(flags.end(), {"--baseline", "itself", "--external", "itself=" + server()});
  for (int i = 0; i < kCopies; ++i) {
    flags.insert(flags.end(), {"--external", "copy" + std::to_string(i) + "=" + server()});
  }
  const Ended ended = run_bench(flags);
  ASSERT_EQ(ended.code, 0) << ended.output;
  int verdicts = 0;
  for (int i = 0; i < kCopies; ++i) {
    verdicts += verdict_of("copy" + std::to_string(i)) == Verdict::same ? 0 : 1;
  }
  EXPECT_LE(verdicts, 1) << ended.output;
}

TEST_F(BenchTruthTest, TheSmokeProfileIsOverInAMinuteAsItSaid) {
  const auto begun = steady_clock::now();
  const Ended ended =
      run_bench({"run", "--profile", "smoke", "-o", directory(), "-q", "--accept-any-build"});
  const auto took = steady_clock::now() - begun;
  EXPECT_EQ(ended.code, 0) << ended.output;
  EXPECT_LT(took, seconds(60));
  EXPECT_THAT(ended.output, HasSubstr("no verdicts"));
  const std::size_t runs = report().runs.size();
  const auto promised = runs * (std::chrono::milliseconds(850));  // warm-up, window, and 150 ms
  EXPECT_LT(took, 1.25 * promised);
  EXPECT_GT(took, 0.75 * promised);
}

TEST_F(BenchTruthTest, TheDoctorIsDoneInTwentySeconds) {
  const auto begun = steady_clock::now();
  const Ended ended = run_bench({"doctor"});
  EXPECT_EQ(ended.code, 0) << ended.output;
  EXPECT_LT(steady_clock::now() - begun, seconds(20));
  for (const char* part : {"open files", "clock ", "wake floor", "client ", "against itself: ±"}) {
    EXPECT_THAT(ended.output, HasSubstr(part));
  }
}

}  // namespace
}  // namespace collet::bench

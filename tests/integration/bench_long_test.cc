// SPDX-License-Identifier: MIT
// bench_long_test.cc: whether what collet-bench concludes from real runs is true.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <regex>
#include <string>
#include <vector>

#include "tests/integration/bench_program.h"
#include "tests/support/patience.h"

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

  bool half_is_noisy() const {
    const std::vector<RunRecord> runs = this->runs();
    const auto noisy = std::ranges::count_if(
        runs, [](const RunRecord& run) { return is_noisy(run.outcome.flags); });
    return 2 * static_cast<std::size_t>(noisy) >= runs.size();
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

// How long `plan` says that a session takes: `about 21s`, `about 2m05s`.
seconds promised_by(const std::string& plan) {
  std::smatch found;
  EXPECT_TRUE(std::regex_search(plan, found, std::regex("about (?:([0-9]+)m)?([0-9]+)s"))) << plan;
  const auto number = [&](std::size_t i) { return found[i].matched ? std::stol(found[i]) : 0; };
  return seconds(60 * number(1) + number(2));
}

// A busy machine may take longer, but not for ever, and never less.
TEST_F(BenchTruthTest, ASessionTakesAsLongAsThePlanSaid) {
  for (const std::vector<std::string>& flags :
       {std::vector<std::string>{"--profile", "smoke"},
        {"--backend", "epoll", "--reps", "4", "--max-repeats", "0"}}) {
    std::vector<std::string> arguments = {"plan", "--accept-any-build", "-o", directory(), "-q"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const seconds promised = promised_by(run_bench(arguments).output);
    arguments.front() = "run";
    double ratio = 0;
    for (int attempt = 0; attempt < 3; ++attempt) {
      std::filesystem::remove_all(directory());
      const auto begun = steady_clock::now();
      const Ended ended = run_bench(arguments);
      ratio = std::chrono::duration<double>(steady_clock::now() - begun) / promised;
      ASSERT_EQ(ended.code, 0) << ended.output;
      if (ratio < 1.1) break;
    }
    EXPECT_GT(ratio, 0.9) << "promised: " << promised.count() << " s";
    if (ratio > 1.1 && half_is_noisy()) GTEST_SKIP() << "the machine is too busy: " << ratio;
    EXPECT_LT(ratio, 1.1) << "promised: " << promised.count() << " s";
  }
}

// Requests under way are connections times depth: where rate times time is less, the client lost
// time of its own.
TEST_F(BenchTruthTest, RateTimesTimeIsWhatIsUnderWay) {
  const Ended ended =
      run_bench({"run", "--profile", "smoke", "--workload", "echo,http", "--max-repeats", "4", "-o",
                 directory(), "-q", "--accept-any-build"});
  ASSERT_EQ(ended.code, 0) << ended.output;
  int judged = 0;
  for (const RunRecord& record : runs()) {
    if (is_noisy(record.outcome.flags)) continue;
    const auto& gap = record.outcome.load->littles_law_gap;
    ASSERT_TRUE(gap);
    EXPECT_LT(std::abs(*gap), 0.03) << "cell " << record.run.cell << "\n" << ended.output;
    ++judged;
  }
  if (judged == 0) GTEST_SKIP() << "the machine is too busy: every run was noisy";
}

TEST_F(BenchTruthTest, AStressedCpuIsSeenInEveryRun) {
  if (allowed_cpus().size() < 2) GTEST_SKIP() << "with one CPU nothing is pinned";
  const std::string cpu = std::to_string(allowed_cpus().front());  // the server's
  auto stress = ChildProcess::spawn({"/usr/bin/env", "stress-ng", "--cpu", "1", "--taskset", cpu},
                                    allowed_cpus(), ChildProcess::Output::kept);
  ASSERT_TRUE(stress.ok()) << stress.status();
  ASSERT_TRUE(integration::eventually([&] {
    const auto used = sample_processes(family_of(stress->pid()));
    return used && used->cpu_ns > 100'000'000;
  })) << stress->last_words();
  const Ended ended = run_bench(arguments("400ms"));
  ASSERT_EQ(ended.code, 0) << ended.output;
  for (const RunRecord& record : runs()) {
    EXPECT_TRUE(is_noisy(record.outcome.flags));
  }
  EXPECT_THAT(ended.output, HasSubstr("NOISY: 12 of 12 runs stayed so"));
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

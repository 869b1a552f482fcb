// SPDX-License-Identifier: MIT
// bench_program.h: collet-bench itself, run to its end, and the results it leaves.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "bench/measure/process.h"
#include "bench/session/placement.h"
#include "bench/session/results.h"
#include "bench/statistics/summary.h"

namespace collet::bench {

struct Ended {
  int code = -1;
  std::string output;
  std::string last_words;  // of standard error
};

inline Ended run_to_its_end(const std::vector<std::string>& command) {
  auto child = ChildProcess::spawn(command, allowed_cpus());
  EXPECT_TRUE(child.ok()) << child.status();
  const Deadline deadline = std::chrono::steady_clock::now() + std::chrono::minutes(4);
  Ended ended;
  for (std::string line; child->read_line(line, deadline, -1, nullptr) == Wait::ready;) {
    ended.output += line + "\n";
  }
  const auto status = child->wait(deadline);
  EXPECT_TRUE(status) << "it does not end";
  if (status) ended.code = status->signal != 0 ? 128 + status->signal : status->code;
  ended.last_words = child->last_words();
  return ended;
}

inline std::vector<std::string> bench_command(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), COLLET_BENCH_PROGRAM);
  return arguments;
}

inline absl::StatusOr<ChildProcess> start_bench(const std::vector<std::string>& arguments) {
  return ChildProcess::spawn(bench_command(arguments), allowed_cpus());
}

inline Ended run_bench(const std::vector<std::string>& arguments) {
  return run_to_its_end(bench_command(arguments));
}

// Takes time from whoever runs on `cpu`, until it goes.
class Spinner {
 public:
  explicit Spinner(int cpu)
      : thread_([this, cpu] {
          pin_to({cpu});
          while (!over_) {
          }
        }) {}
  ~Spinner() {
    over_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> over_{false};
  std::thread thread_;
};

// Sessions in a directory of their own that goes away with the test.
class BenchProgramTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string path = testing::TempDir() + "/benchXXXXXX";
    ASSERT_NE(mkdtemp(path.data()), nullptr);
    root_ = path;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::string directory(const std::string& name = "session") const {
    return (root_ / name).string();
  }
  std::filesystem::path results_path(const std::string& name = "session") const {
    return root_ / name / "results.jsonl";
  }
  std::string text_of_results(const std::string& name = "session") const {
    std::ifstream file(results_path(name));
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  // The flags of a session that is over soon, of which only the course matters.
  std::vector<std::string> quick(std::vector<std::string> more,
                                 const std::string& name = "session") const {
    std::vector<std::string> arguments = {"run",
                                          "--backend",
                                          "epoll",
                                          "--pool",
                                          "inline",
                                          "--workload",
                                          "echo",
                                          "-c",
                                          "4",
                                          "-d",
                                          "250ms",
                                          "--warmup",
                                          "20ms",
                                          "--quiet",
                                          "--seed",
                                          "7",
                                          "-o",
                                          directory(name),
                                          "--max-repeats",
                                          "0",
                                          "--accept-any-build"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  std::vector<RunRecord> runs(const std::string& name = "session") const {
    auto results = read_results(directory(name));
    EXPECT_TRUE(results.ok()) << results.status();
    return results.ok() ? std::move(results->runs) : std::vector<RunRecord>();
  }

  // What follows `flag`, which is among the arguments.
  static void set(std::vector<std::string>& arguments, const std::string& flag,
                  const std::string& value) {
    *std::next(std::ranges::find(arguments, flag)) = value;
  }

  Report report(const std::string& name = "session") const {
    auto results = read_results(directory(name));
    EXPECT_TRUE(results.ok()) << results.status();
    return results.ok() ? summarize_results(*std::move(results), "") : Report();
  }

  std::filesystem::path root_;
};

}  // namespace collet::bench

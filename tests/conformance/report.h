// SPDX-License-Identifier: MIT
// report.h: what the program prints: a line for each rule, and how to repeat what is broken.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/conformance/rule.h"
#include "tests/conformance/watchdog.h"

namespace collet::conformance {

struct ReportOptions {
  std::string subject;  // as it was named
  std::string command;  // judges it once more: all flags but --rule and --seed
  std::uint64_t seed = 0;
  std::chrono::nanoseconds limit{};  // of one case of a rule
  std::vector<const Rule*> rules;    // to be judged or passed over
  bool json = false;
};

enum class Outcome { kept, broken, not_judged };

// What one rule's assertions said, each once, with how often.
class Failures {
 public:
  // `where`: file, line and case.
  void add(const std::string& where, const std::string& what);
  void clear() { said_.clear(); }
  bool empty() const { return said_.empty(); }
  std::string text() const;

 private:
  struct Said {
    std::string where;
    std::string what;
    std::size_t times = 1;
  };
  std::vector<Said> said_;
  std::size_t size_ = 0;
};

// What a rule saw that is worth telling, beside whether it is kept, is its property `note`.
//
// Rules are judged in cases (a pool with 1, 2 and 4 workers), one after another: a rule is broken
// if it is in any, and not judged if it is in none.
class Report final : public ::testing::EmptyTestEventListener {
 public:
  explicit Report(ReportOptions options);

  // A rule that is not even tried; GoogleTest tells of the others.
  void pass_over(const Rule& rule, const std::string& reason);

  void summarise() const;
  bool all_kept() const { return broken_ == 0; }

 private:
  using Clock = std::chrono::steady_clock;

  void OnTestStart(const ::testing::TestInfo& info) override;
  void OnTestPartResult(const ::testing::TestPartResult& result) override;
  void OnTestEnd(const ::testing::TestInfo& info) override;
  void OnTestProgramEnd(const ::testing::UnitTest& program) override;

  void begin(const Rule& rule);
  void end();
  void give_up();
  void tell_of_exit();
  [[noreturn]] void break_off(const std::string& what, const std::string& how_it_ended);
  void print(Outcome outcome);
  void print_rest(const std::string& reason);
  std::string json_line(Outcome outcome, const std::string& reason,
                        std::optional<std::int64_t> taken) const;
  std::string words_of_crash() const;
  std::string repeat_command() const;

  const ReportOptions options_;
  std::mutex mutex_;  // a test's own threads tell of failures, too
  const Rule* rule_ = nullptr;
  Clock::time_point begun_;
  std::string case_;
  Failures failures_;
  std::string reason_;  // of not judging
  std::string note_;    // what was seen beside
  bool judged_ = false;
  std::vector<const Rule*> left_;  // not yet told of
  std::size_t kept_ = 0;
  std::size_t broken_ = 0;
  std::size_t not_judged_ = 0;
  Watchdog watchdog_;
};

}  // namespace collet::conformance

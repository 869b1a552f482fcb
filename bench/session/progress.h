// SPDX-License-Identifier: MIT
// progress.h: how far a session is, on stderr: one line that changes on a terminal, else a line a
// run.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "bench/measure/runner.h"
#include "bench/session/plan.h"
#include "bench/session/results.h"

namespace collet::bench {

class Progress {
 public:
  enum class Style : std::uint8_t { live, lines, silent };

  Progress(std::size_t runs, std::chrono::nanoseconds expected_per_run, Style style)
      : runs_(runs), expected_per_run_(expected_per_run), style_(style) {}

  void begin(const Cell& cell);
  void finish(const Cell& cell, const RunOutcome& outcome);
  void finish(const Cell& cell, const CountRecord& record, std::size_t runs);  // that it took

  // The same for a run that is no Cell's: what it is called, and what came of it.
  void begin(const std::string& label);
  void finish(const std::string& label, bool failed, const std::string& verdict);

  void expect_more(std::size_t runs) { runs_ += runs; }         // noisy ones are repeated
  void expect_left(std::size_t runs) { runs_ = done_ + runs; }  // where nobody knows for sure
  void end();                                                   // clears the live line

  // The time left: what the runs so far took on average, or the expectation before there is one.
  std::chrono::nanoseconds left() const;

 private:
  std::string position() const;

  std::size_t runs_;
  const std::chrono::nanoseconds expected_per_run_;
  const Style style_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::size_t done_ = 0;
};

// 45s, 2m05s, 1h02m
std::string format_time_left(std::chrono::nanoseconds left);

}  // namespace collet::bench

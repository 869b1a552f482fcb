// SPDX-License-Identifier: MIT
// wording.h: what tables say in words: of one cell, of a table, and of all of them together.
#pragma once

#include <optional>
#include <string>

#include "bench/statistics/comparison.h"
#include "bench/statistics/summary.h"

namespace collet::bench {

// The words of a cell, without layout.
struct CellWords {
  std::string cost;  // `3.31 [3.25–3.37]` of the baseline, `3.52 +6.2% [+5.1–+7.0]` of another
  std::string rest;  // `>=299k/s  p99 378µs  6.38MiB  !1`; or why there are no figures
};

CellWords describe_cell(const CellSummary& cell);

// ` [3.25–3.37]`, empty without an interval.
std::string describe_interval(const std::optional<Interval>& interval);

// ` +6.2% [+5.1–+7.0]` or ` ~ [-1.0–+1.2]`; empty without a verdict.
std::string describe_change(const Comparison& comparison);

// What may be said of all verdicts together.
struct Standing {
  int blocks = 1;           // of the cell that has most runs: what there are, not what was planned
  bool indicative = false;  // some verdict rests on its interval alone
  std::size_t confirming = kConfirmingBlocks;  // blocks that would let all of them be confirmed
};

Standing standing_of(const Report& report);

// What brackets, % and ~ stand for.
std::string describe_intervals(const Standing& standing);

// `echo, 64 connections, 64 B, split`: all but the rate.
std::string describe_shape(const Cell& cell);

// `echo, 64 connections, 64 B, split, n=6`
std::string describe_table(const TableSummary& table);

// What the others are compared to, and how far that can be trusted.
std::string describe_baseline(const TableSummary& table);

// Above and below all tables if the figures must not be published; else empty.
std::string describe_warning(const Report& report);

// A line for each cell that failed or cannot run, and why.
std::string describe_gaps(const Report& report);

// A line for each cell whose backend is in the decorator `count`: its calls for each request.
std::string describe_backend_calls(const Report& report);

// A line for each pool of a table that tasks were handed over to: how long they waited in it, with
// each backend.
std::string describe_hand_offs(const Report& report);

// How often each kind of noise was seen in the runs that count: `foreign 12, steal 3`.
std::string count_noise(const Report& report);

// A sentence on the closed loops that rates are shares of, if some of them stayed noisy; else
// empty.
std::string describe_noisy_shares(const Report& report);

// How to read the tables.
std::string describe_method(const Report& report);

}  // namespace collet::bench

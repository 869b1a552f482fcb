// SPDX-License-Identifier: MIT
// pool_summary.h: the runs of a pool session, benchmark by benchmark and pool by pool: what all
// reports show. It follows from pools.jsonl alone.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "bench/session/pool_results.h"
#include "bench/statistics/comparison.h"
#include "bench/statistics/statistics.h"

namespace collet::bench {

struct PoolRow {
  PoolCell cell;
  int failed = 0;
  int noisy = 0;                // of the runs that count
  std::string first_reason;     // of the failed
  std::vector<Summary> values;  // by column; n is 0 where a run had too few samples
  // By column, to the baseline of the same block; of the baseline itself: its second visit.
  std::vector<Comparison> to_baseline;

  // A pool that failed once has no figures.
  bool has_figures() const noexcept;
  std::string reason() const;  // why it has none
};

struct PoolTable {
  PoolTableHead head;
  std::vector<PoolRow> rows;
  std::vector<double> dead_bands;  // by column
  std::vector<std::size_t> twins;  // blocks that the dead band rests on, by column

  const PoolRow* baseline() const;  // null if it has no figures
};

struct PoolReport {
  PoolSession session;
  std::vector<PoolTable> tables;
  std::vector<PoolRunRecord> runs;  // the last attempt at each
  std::string results_path;
  std::size_t missing = 0;  // planned runs that have not taken place
  std::string cut_off;      // a sentence on the last line of the file, if it was; else empty

  bool has_failures() const;
};

// Holm's correction covers all figures of a benchmark, for they stand in one table.
PoolReport summarize_pools(PoolResults results, std::string results_path);

// That of pools.jsonl in `directory`, or null if there is no such file. An error is a sentence that
// names file and line.
absl::StatusOr<std::optional<PoolReport>> read_pool_report(const std::string& directory);

// Such as `failed`; also for other programs.
const char* state_of(const PoolRow& row) noexcept;

}  // namespace collet::bench

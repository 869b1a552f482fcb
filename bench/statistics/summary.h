// SPDX-License-Identifier: MIT
// summary.h: the runs of a session, table by table and cell by cell: what all reports show. It
// follows from results.jsonl alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/session/results.h"
#include "bench/statistics/comparison.h"
#include "bench/statistics/statistics.h"

namespace collet::bench {

struct CellSummary {
  Cell cell;
  bool baseline = false;
  std::string unavailable;  // why; empty if it can run
  int failed = 0;
  std::string first_reason;   // of the failed
  int noisy = 0;              // runs that count although they are marked noisy
  int repeated = 0;           // runs that do not count because they were noisy and taken again
  bool client_bound = false;  // in half of the runs or more, so that the median rate is concerned
  Summary cpu_us_per_request;
  Summary requests_per_s;
  Summary p50_us;
  Summary p99_us;
  Summary p999_us;
  Summary switches_per_request;
  Summary rss_bytes;
  Comparison to_baseline;  // of the CPU per request; of the baseline itself: its twin's

  // A cell that was wrong once is not fast.
  bool has_figures() const noexcept { return cpu_us_per_request.n > 0 && failed == 0; }
};

struct TableSummary {
  std::vector<CellSummary> cells;
  double dead_band = 0;
  std::size_t twins = 0;  // blocks that the dead band rests on

  const CellSummary* baseline() const;  // null if it has no figures
};

struct Report {
  Session session;
  std::vector<TableSummary> tables;
  std::vector<RunRecord> runs;  // those that count, in the order they took place
  std::string results_path;
  std::size_t missing = 0;  // planned runs that have not taken place

  bool has_failures() const;
};

// Of the attempts at one run the last counts. The baseline's figures are those of its first visit
// in each block; the second says how far it is from itself.
Report summarize_results(Results results, std::string results_path);

}  // namespace collet::bench

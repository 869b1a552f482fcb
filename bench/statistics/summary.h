// SPDX-License-Identifier: MIT
// summary.h: the runs of a session, table by table and cell by cell: what all reports show. It
// follows from results.jsonl alone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bench/measure/metric.h"
#include "bench/session/results.h"
#include "bench/statistics/comparison.h"
#include "bench/statistics/goal_summary.h"
#include "bench/statistics/merged_times.h"
#include "bench/statistics/statistics.h"

namespace collet::bench {

struct CellSummary {
  Cell cell;
  bool baseline = false;
  std::string unavailable;  // why; empty if it can run
  int failed = 0;
  int good = 0;              // the twin's too, as of the failed
  std::string first_reason;  // of the failed
  int noisy = 0;             // runs that count although marked noisy, without second visits
  int repeated = 0;          // runs that do not count because they were noisy and taken again

  // In half of the runs or more, so that medians are concerned: the client was the bottleneck, or
  // did not keep to its schedule; the server did not keep up with it.
  bool client_bound = false;
  bool client_late = false;
  bool overloaded = false;

  std::array<Summary, kMetrics> figures;
  MergedTimes times;
  std::optional<CountRecord> counts;
  // Of a backend in the decorator `count`: its calls for each request, by name. Else empty.
  std::map<std::string, double> backend_calls;
  Comparison to_baseline;  // by what the cell is judged by; of the baseline itself: its twin's

  const Summary& operator[](Metric metric) const noexcept {
    return figures[static_cast<std::size_t>(metric)];
  }
  std::size_t runs() const noexcept { return (*this)[Metric::server_cpu].n; }  // that are good

  // A cell that was wrong once is not fast.
  bool has_figures() const noexcept { return runs() > 0 && failed == 0; }
};

struct TableSummary {
  std::vector<CellSummary> cells;
  double dead_band = 0;
  std::size_t twins = 0;   // blocks that the dead band rests on
  bool open_loop = false;  // as its runs say; if there are none, as was asked for

  Metric judged_by() const { return cells.front().cell.judged_by; }

  const CellSummary* baseline() const;  // null if it has no figures
};

struct Report {
  Session session;
  std::vector<TableSummary> tables;        // empty of a session with a goal
  std::vector<GoalTable> goals;            // of such a one
  std::vector<RunRecord> runs;             // those that count, in the order they took place
  std::vector<CapacityRun> capacity_runs;  // that rates are shares of: those that count
  std::string results_path;
  std::size_t missing = 0;  // planned runs that have not taken place; with a goal, open searches

  bool has_failures() const;
};

// Of the attempts at one run the last counts. The baseline's figures are those of its first visit
// in each block; the second says how far it is from itself.
Report summarize_results(Results results, std::string results_path);

}  // namespace collet::bench

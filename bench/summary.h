// SPDX-License-Identifier: MIT
// summary.h: the runs of a session, cell by cell: what the tables and exports show.
#pragma once

#include <string>
#include <vector>

#include "bench/environment.h"
#include "bench/plan.h"
#include "bench/runner.h"
#include "bench/settings.h"
#include "bench/statistics.h"

namespace collet::bench {

struct CellSummary {
  Cell cell;
  int ok = 0;
  int failed = 0;
  std::string first_reason;  // of the failed
  Summary cpu_us_per_request;
  Summary requests_per_s;
  Summary p50_us;
  Summary p99_us;
  Summary p999_us;
  Summary switches_per_request;
  Summary rss_bytes;
  bool client_bound = false;  // in half of the runs or more, so that the median rate is concerned
  int noisy = 0;              // runs in which other programs took CPU time
  double most_noise_cores = 0;

  // A cell that was wrong once is not fast.
  bool has_figures() const noexcept { return ok > 0 && failed == 0; }
};

struct Report {
  std::vector<CellSummary> cells;
  Settings settings;
  Environment environment;
  std::string results_path;
  int blocks = 0;
  bool interrupted = false;
  bool not_release = false;  // figures of a debug or sanitizer build are in it

  bool has_failures() const;
};

// `outcomes[i]` are the runs of `cells[i]`; interrupted ones do not count.
std::vector<CellSummary> summarize_cells(const std::vector<Cell>& cells,
                                         const std::vector<std::vector<RunOutcome>>& outcomes);

}  // namespace collet::bench

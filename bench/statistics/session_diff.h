// SPDX-License-Identifier: MIT
// session_diff.h: two sessions of the same cells, such as before and after a change.
//
// Their blocks have nothing in common, so that runs cannot be paired. A difference is reported only
// if both intervals of the median lie apart, and the medians further than the threshold and the
// noise of either session: with six blocks each, all runs of one then lie on one side of all of
// the other, which chance alone does in one of 462 cases. Whoever kept up with a rate before, and
// is overloaded by it now, got slower whatever the medians say.
#pragma once

#include <string>
#include <vector>

#include "bench/statistics/comparison.h"
#include "bench/statistics/summary.h"

namespace collet::bench {

struct CellDiff {
  std::string cell;  // key
  Metric metric = Metric::server_cpu;
  double before = 0;  // medians, in the metric's unit
  double after = 0;
  double dead_band = 0;  // the largest of threshold and both sessions' noise
  Verdict verdict = Verdict::none;
  std::string why_not;       // if there is nothing to compare
  bool gone = false;         // it had figures and has none now
  bool few_blocks = false;   // for any verdict
  bool fell_behind = false;  // is overloaded now, and was not
};

// In the order of `before`; cells that only `after` has come last.
std::vector<CellDiff> diff_sessions(const Report& before, const Report& after, double threshold);

std::string render_diff(const std::vector<CellDiff>& cells);

}  // namespace collet::bench

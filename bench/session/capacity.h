// SPDX-License-Identifier: MIT
// capacity.h: rates that were asked for as a share of what the baseline reaches in a closed loop.
#pragma once

#include <vector>

#include <absl/status/status.h>

#include "bench/session/progress.h"
#include "bench/session/results.h"

namespace collet::bench {

// Whether some rate is still to be found out.
bool awaits_rates(const Session& session);

// The last attempt at each closed loop, which is the one that counts.
std::vector<CapacityRun> last_attempts(const std::vector<CapacityRun>& all);

// Measures the baseline of each table whose rate is a percentage, in a closed loop and in three
// blocks as runs are (blocks.h), but for what `results` has of that, and sets the rate of all its
// cells; notes the medians in `session.capacities`. All cells of a table get the same rate, so that
// their latencies compare. Each run is appended to `file` as it ends, and at last the rates. Ends
// early, with a cancelled status, when `stop_fd` becomes readable; with a failed precondition when
// a baseline fails.
absl::Status settle_rates(Results& results, ResultsFile& file, Progress::Style style, int stop_fd);

}  // namespace collet::bench

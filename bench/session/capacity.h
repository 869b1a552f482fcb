// SPDX-License-Identifier: MIT
// capacity.h: rates that were asked for as a share of what the baseline reaches in a closed loop.
#pragma once

#include <absl/status/status.h>

#include "bench/session/progress.h"
#include "bench/session/results.h"

namespace collet::bench {

// Whether some rate is still to be found out.
bool awaits_rates(const Session& session);

// Measures the baseline of each table whose rate is a percentage, three times in a closed loop, but
// for what `results` has of that, and sets the rate of all its cells; notes the medians in
// `session.capacities`. All cells of a table get the same rate, so that their latencies compare.
// Each run is appended to `file` as it ends, and at last the rates. Ends early, with a cancelled
// status, when `stop_fd` becomes readable.
absl::Status settle_rates(Results& results, ResultsFile& file, Progress::Style style, int stop_fd);

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// session.h: the loop over the plan.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include <absl/status/statusor.h>

#include "bench/session/blocks.h"
#include "bench/session/progress.h"
#include "bench/session/results.h"

namespace collet::bench {

// What a run takes besides its load: starting and ending processes.
constexpr auto kOverheadPerRun = std::chrono::milliseconds(40);

std::chrono::nanoseconds time_of_run(const Settings& settings);

// Runs what the plan has and `done` has not (blocks.h), and appends each run to `file` as it ends.
// A readable `stop_fd` ends it early.
absl::StatusOr<SessionEnd> run_session(const Results& done, ResultsFile& file,
                                       Progress::Style style, int stop_fd);

// The cells that are still to be counted (counting.h), if that was asked for.
std::vector<std::size_t> missing_counts(const Session& session,
                                        const std::vector<CountRecord>& done);

}  // namespace collet::bench

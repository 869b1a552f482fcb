// SPDX-License-Identifier: MIT
// session.h: a whole `collet-bench run`.
#pragma once

#include <vector>

#include <absl/status/statusor.h>

#include "bench/environment.h"
#include "bench/options.h"
#include "bench/plan.h"
#include "bench/summary.h"

namespace collet::bench {

// Runs every planned run, appends each to the results as it ends, and summarises them. A readable
// `stop_fd` ends the session early with what there is.
absl::StatusOr<Report> run_session(const Options& options, const Axes& axes,
                                   const Environment& environment, int stop_fd);

}  // namespace collet::bench

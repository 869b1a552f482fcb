// SPDX-License-Identifier: MIT
// goal_session.h: the runs of a session with a goal, from whatever was done before to the end.
//
// Round by round every cell takes one step of its search, in a new order, so that all searches see
// the same drift of the machine. Which step that is follows from the runs so far alone, so that an
// interrupted session goes on where it was. A noisy run that did not hold is repeated.
#pragma once

#include <cstddef>
#include <vector>

#include <absl/status/statusor.h>

#include "bench/session/progress.h"
#include "bench/session/results.h"
#include "bench/session/session.h"
#include "bench/statistics/rate_search.h"

namespace collet::bench {

// Runs that a search takes if nothing disturbs it, and at most: noisy ones are repeated besides.
std::size_t expected_steps_of_search();
constexpr std::size_t kMostStepsOfSearch = 1 + kMostProbes;  // the closed loop, and its probes

absl::StatusOr<SessionEnd> run_goal_session(const Results& done, ResultsFile& file,
                                            Progress::Style style, int stop_fd);

}  // namespace collet::bench

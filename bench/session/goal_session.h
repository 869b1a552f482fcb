// SPDX-License-Identifier: MIT
// goal_session.h: the runs of a session with a goal, from whatever was done before to the end.
//
// Round by round every cell takes one step of its search, in a new order, so that all searches see
// the same drift of the machine. Which step that is follows from the runs so far alone, so that an
// interrupted session goes on where it was. A noisy run that did not hold is repeated.
#pragma once

#include <vector>

#include <absl/status/statusor.h>

#include "bench/session/progress.h"
#include "bench/session/results.h"
#include "bench/session/session.h"

namespace collet::bench {

// Runs that a search takes, about: what the estimate and the time left rest on.
constexpr std::size_t kStepsOfSearch = 14;

absl::StatusOr<SessionEnd> run_goal_session(const Results& done, ResultsFile& file,
                                            Progress::Style style, int stop_fd);

}  // namespace collet::bench

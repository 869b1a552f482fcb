// SPDX-License-Identifier: MIT
// goal_exports.h: what sessions with a goal found, for other programs and for the report.
#pragma once

#include <string>

#include "bench/statistics/summary.h"

namespace collet::bench {

// A JSON array: for each shape of load the goal, the advice in words, and of each server the
// bracket with the runs that it rests on. Unknown is null.
std::string render_capacities(const Report& report);

// A line for each server.
std::string render_capacities_csv(const Report& report);

}  // namespace collet::bench

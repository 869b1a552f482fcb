// SPDX-License-Identifier: MIT
// counting.h: the runs of a session that count instead of timing.
#pragma once

#include "bench/session/results.h"

namespace collet::bench {

constexpr std::size_t kRunsOfACount = 2;

// Only what answers request after request can be counted so: no open loop, no idle crowd.
bool can_be_counted(const SessionCell& cell);

// One run for allocations, and one for system calls. Those of opening and closing the connections
// are among the latter, spread over so many requests that they add less than 0.05.
CountRecord count(const Session& session, std::size_t cell, int stop_fd);

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// counting.h: the runs of a session that count instead of timing.
#pragma once

#include <cstddef>
#include <vector>

#include "bench/session/results.h"

namespace collet::bench {

constexpr std::size_t kRunsOfACount = 2;  // and one more of a pool with workers

std::size_t runs_of_counts(const Session& session, const std::vector<std::size_t>& cells);

// Only what answers request after request can be counted so: no open loop, no idle crowd.
bool can_be_counted(const SessionCell& cell);

// One run for allocations, and one for system calls. Those of opening and closing the connections
// are among the latter, spread over so many requests that they add less than 0.05. If the pool has
// workers, one more with it in the decorator `count`.
CountRecord count(const Session& session, std::size_t cell, int stop_fd);

}  // namespace collet::bench

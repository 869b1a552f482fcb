// SPDX-License-Identifier: MIT
// wake_floor.h: what this machine cannot be faster than.
#pragma once

#include <vector>

namespace collet::bench {

// Of one read of the clock that everything here is timed with.
double clock_read_ns();

struct WakeFloor {
  double p50_us = 0;
  double p99_us = 0;
};

// From a write on `from` until a thread that slept for a millisecond on `to` runs: what every reply
// to a client that waits contains at least once.
WakeFloor measure_wake_floor(const std::vector<int>& from, const std::vector<int>& to);

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// merged_times.h: percentiles of all requests of a cell, whichever run they were in. Histograms
// merge; percentiles never do.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace collet::bench {

// Of one run, as Histogram::encode() wrote them; empty if there are none.
struct RunTimes {
  std::string latency;
  std::string service;  // of an open loop
};

// The interval says what other runs might have given: 95 % of the resampled sets of runs lie in it.
// Requests of one run depend on each other, so it is runs that are resampled, not requests. As wide
// as a single run's when there is but one: not at all.
struct MergedPercentile {
  double percent = 0;
  double us = 0;
  double low_us = 0;
  double high_us = 0;
};

struct CurvePoint {
  double percent = 0;
  double us = 0;
};

struct MergedTimes {
  std::uint64_t requests = 0;
  std::vector<MergedPercentile> percentiles;  // of 50, 90, 99, 99.9, 99.99 those that can be told
  std::vector<CurvePoint> latency;            // for drawing: ascending, up to the highest of them
  std::vector<CurvePoint> service;            // of an open loop, likewise
};

// A percentile can be told with ten requests beyond it.
MergedTimes merge_times(std::span<const RunTimes> runs);

}  // namespace collet::bench

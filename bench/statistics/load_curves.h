// SPDX-License-Identifier: MIT
// load_curves.h: latency against load: what a cell's runs at several rates say together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/statistics/summary.h"

namespace collet::bench {

// At one rate. Times are percentiles of the merged response times, in µs.
struct LoadPoint {
  const CellSummary* cell = nullptr;  // of the report that the curves were made of
  std::int64_t rate_per_s = 0;
  double achieved_per_s = 0;
  std::optional<double> p50_us, p99_us, p999_us;
  std::optional<Interval> p99_interval;  // over runs
};

struct LoadCurve {
  std::string name;               // of the cell: epoll/inline
  std::vector<LoadPoint> points;  // ascending; rates at which the cell has no figures are left out
};

// All cells that differ in server and rate alone.
struct LoadSweep {
  std::vector<const TableSummary*> tables;  // by ascending rate
  std::vector<LoadCurve> curves;            // in the order of the cells
};

// Of every shape of load that has two rates or more.
std::vector<LoadSweep> load_sweeps(const Report& report);

}  // namespace collet::bench

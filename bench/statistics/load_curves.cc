// SPDX-License-Identifier: MIT
// load_curves.cc: tables of one shape of load, side by side.
#include "bench/statistics/load_curves.h"

#include <algorithm>
#include <utility>

namespace collet::bench {
namespace {

std::string shape_of(const TableSummary& table) {
  Cell cell = table.cells.front().cell;
  cell.rate_per_s = 0;
  cell.rate_percent = 0;
  return table_key(cell);
}

std::int64_t rate_of(const TableSummary& table) { return table.cells.front().cell.rate_per_s; }

const MergedPercentile* find(const MergedTimes& times, double percent) {
  const auto found = std::ranges::find(times.percentiles, percent, &MergedPercentile::percent);
  return found == times.percentiles.end() ? nullptr : &*found;
}

std::optional<double> us_of(const MergedPercentile* percentile) {
  return percentile == nullptr ? std::nullopt : std::optional(percentile->us);
}

LoadPoint point_of(const CellSummary& cell) {
  LoadPoint point;
  point.cell = &cell;
  point.rate_per_s = cell.cell.rate_per_s;
  point.achieved_per_s = cell[Metric::requests_per_s].median;
  point.p50_us = us_of(find(cell.times, 50));
  point.p999_us = us_of(find(cell.times, 99.9));
  if (const MergedPercentile* p99 = find(cell.times, 99)) {
    point.p99_us = p99->us;
    point.p99_interval = Interval{p99->low_us, p99->high_us, kCoverage};
  }
  return point;
}

void add_curves(LoadSweep& sweep) {
  for (const CellSummary& first : sweep.tables.front()->cells) {
    LoadCurve curve{cell_name(first.cell), {}};
    for (const TableSummary* table : sweep.tables) {
      for (const CellSummary& cell : table->cells) {
        if (cell_name(cell.cell) != curve.name || !cell.has_figures()) continue;
        curve.points.push_back(point_of(cell));
      }
    }
    sweep.curves.push_back(std::move(curve));
  }
}

}  // namespace

std::vector<LoadSweep> load_sweeps(const Report& report) {
  std::vector<std::pair<std::string, LoadSweep>> sweeps;
  for (const TableSummary& table : report.tables) {
    const std::string shape = shape_of(table);
    auto sweep = std::ranges::find(sweeps, shape, &decltype(sweeps)::value_type::first);
    if (sweep == sweeps.end()) sweep = sweeps.insert(sweeps.end(), {shape, {}});
    if (rate_of(table) != 0) sweep->second.tables.push_back(&table);
  }
  std::vector<LoadSweep> result;
  for (auto& [shape, sweep] : sweeps) {
    if (sweep.tables.size() < 2) continue;
    std::ranges::sort(sweep.tables, {}, [](const TableSummary* table) { return rate_of(*table); });
    add_curves(sweep);
    result.push_back(std::move(sweep));
  }
  return result;
}

}  // namespace collet::bench

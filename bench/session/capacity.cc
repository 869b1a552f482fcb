// SPDX-License-Identifier: MIT
// capacity.cc: a closed loop of each baseline, and shares of it.
#include "bench/session/capacity.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <absl/strings/str_cat.h>

#include "bench/measure/runner.h"
#include "bench/session/session.h"
#include "bench/statistics/rate_search.h"
#include "bench/statistics/statistics.h"

namespace collet::bench {
namespace {

constexpr int kRuns = 3;

Cell in_closed_loop(Cell cell) {
  cell.rate_per_s = 0;
  cell.rate_percent = 0;
  cell.judged_by = Metric::server_cpu;
  return cell;
}

const Capacity* find(const Session& session, const std::string& table) {
  const auto found = std::ranges::find(session.capacities, table, &Capacity::table);
  return found == session.capacities.end() ? nullptr : &*found;
}

// The baselines to measure: one for each table but for its rate.
std::vector<Cell> open_questions(const Session& session) {
  std::vector<Cell> cells;
  for (const SessionCell& one : session.cells) {
    const Cell cell = in_closed_loop(one.cell);
    const bool asked = one.baseline && one.cell.rate_percent != 0 && one.unavailable.empty();
    if (asked && std::ranges::count(cells, cell) == 0) cells.push_back(cell);
  }
  return cells;
}

absl::Status check_that_all_differ(const Session& session) {
  std::set<std::string> keys;
  for (const SessionCell& one : session.cells) {
    if (one.cell.rate_percent != 0 && one.cell.rate_per_s == 0) continue;
    const std::string key = cell_key(one.cell);
    if (keys.insert(key).second) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--rate: two of them are the same here: ", key, ": leave one out"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status settle_rates(Session& session, Progress::Style style, int stop_fd) {
  const std::vector<Cell> cells = open_questions(session);
  Progress progress(cells.size() * kRuns, time_of_run(session.settings), style);
  for (const Cell& cell : cells) {
    std::vector<double> rates;
    for (int run = 0; run < kRuns; ++run) {
      progress.begin(cell);
      const RunOutcome outcome = run_once(cell, session.settings, stop_fd);
      if (outcome.status == RunStatus::interrupted) return absl::CancelledError("interrupted");
      progress.finish(cell, outcome);
      if (outcome.status == RunStatus::failed) {
        return absl::FailedPreconditionError(
            absl::StrCat("--rate: the baseline, of which it is a share, failed: ", cell_key(cell),
                         ": ", outcome.reason));
      }
      rates.push_back(outcome.load->requests_per_s());
    }
    session.capacities.push_back({table_key(cell), summarize(std::move(rates)).median});
  }
  progress.end();
  for (SessionCell& one : session.cells) {
    if (one.cell.rate_percent == 0) continue;
    if (const Capacity* capacity = find(session, table_key(in_closed_loop(one.cell)))) {
      one.cell.rate_per_s = round_rate(capacity->requests_per_s * one.cell.rate_percent / 100);
    } else if (one.unavailable.empty()) {
      one.unavailable = "its rate is a share of what the baseline reaches, which cannot run here";
    }
  }
  return check_that_all_differ(session);
}

}  // namespace collet::bench

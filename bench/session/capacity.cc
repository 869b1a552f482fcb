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

constexpr std::size_t kRuns = 3;

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

std::vector<double> rates_of(const Results& results, const std::string& table) {
  std::vector<double> rates;
  for (const CapacityRun& run : results.capacity_runs) {
    if (run.table == table) rates.push_back(run.requests_per_s);
  }
  return rates;
}

absl::StatusOr<CapacityRun> run_in_closed_loop(const Cell& cell, const Settings& settings,
                                               Progress& progress, int stop_fd) {
  progress.begin(cell);
  std::string started_utc = utc_now();
  const RunOutcome outcome = run_once(cell, settings, stop_fd);
  if (outcome.status == RunStatus::interrupted) return absl::CancelledError("interrupted");
  progress.finish(cell, outcome);
  if (outcome.status == RunStatus::ok) {
    return CapacityRun{table_key(cell), std::move(started_utc), outcome.load->requests_per_s(),
                       outcome.flags};
  }
  return absl::FailedPreconditionError(
      absl::StrCat("--rate: the baseline, of which it is a share, failed: ", cell_key(cell), ": ",
                   outcome.reason));
}

void set_rates(Session& session) {
  for (SessionCell& one : session.cells) {
    if (one.cell.rate_percent == 0) continue;
    if (const Capacity* capacity = find(session, table_key(in_closed_loop(one.cell)))) {
      one.cell.rate_per_s = round_rate(capacity->requests_per_s * one.cell.rate_percent / 100);
    } else if (one.unavailable.empty()) {
      one.unavailable = "its rate is a share of what the baseline reaches, which cannot run here";
    }
  }
}

}  // namespace

bool awaits_rates(const Session& session) {
  return std::ranges::any_of(session.cells, [](const SessionCell& one) {
    return one.cell.rate_percent != 0 && one.cell.rate_per_s == 0 && one.unavailable.empty();
  });
}

absl::Status settle_rates(Results& results, ResultsFile& file, Progress::Style style, int stop_fd) {
  Session& session = results.session;
  const std::vector<Cell> cells = open_questions(session);
  std::size_t left = cells.size() * kRuns;
  for (const Cell& cell : cells) {
    left -= std::min<std::size_t>(kRuns, rates_of(results, table_key(cell)).size());
  }
  Progress progress(left, time_of_run(session.settings), style);
  for (const Cell& cell : cells) {
    while (rates_of(results, table_key(cell)).size() < kRuns) {
      auto run = run_in_closed_loop(cell, session.settings, progress, stop_fd);
      if (!run.ok()) return run.status();
      if (auto status = file.append(format_capacity_run(*run)); !status.ok()) return status;
      results.capacity_runs.push_back(*std::move(run));
    }
    const std::string table = table_key(cell);
    session.capacities.push_back({table, summarize(rates_of(results, table)).median});
  }
  progress.end();
  set_rates(session);
  if (auto status = check_that_all_differ(session); !status.ok()) return status;
  return file.append(format_rates(session));
}

}  // namespace collet::bench

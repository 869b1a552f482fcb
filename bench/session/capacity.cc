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
#include "bench/session/blocks.h"
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

// Of the runs that count.
std::vector<double> rates_of(const std::vector<CapacityRun>& runs, const std::string& table) {
  std::vector<double> rates;
  for (const CapacityRun& run : runs) {
    if (run.table == table) rates.push_back(run.requests_per_s);
  }
  return rates;
}

// Cells are indices into `baselines`.
std::vector<PlannedRun> plan_of(const std::vector<Cell>& baselines) {
  std::vector<PlannedRun> plan;
  for (int block = 0; block < kRuns; ++block) {
    for (std::size_t i = 0; i < baselines.size(); ++i) {
      plan.push_back({i, block, static_cast<int>(i), false});
    }
  }
  return plan;
}

// What is done of that plan: as much of it as tells what is left.
std::vector<RunRecord> records_of(const std::vector<CapacityRun>& runs,
                                  const std::vector<Cell>& baselines) {
  std::vector<RunRecord> records;
  for (const CapacityRun& run : runs) {
    const auto cell = std::ranges::find(baselines, run.table, table_key);
    if (cell == baselines.end()) continue;
    RunRecord record;
    record.run.cell = static_cast<std::size_t>(cell - baselines.begin());
    record.run.block = run.block;
    record.attempt = run.attempt;
    record.outcome.flags = run.flags;
    records.push_back(std::move(record));
  }
  return records;
}

class ClosedLoops {
 public:
  ClosedLoops(Results& results, ResultsFile& file, Progress& progress, int stop_fd)
      : results_(results), file_(file), progress_(progress), stop_fd_(stop_fd) {}

  absl::StatusOr<Made> run_one(const Cell& cell, const PendingRun& pending) {
    progress_.begin(cell);
    std::string started_utc = utc_now();
    const RunOutcome outcome = run_once(cell, results_.session.settings, stop_fd_);
    if (outcome.status == RunStatus::interrupted) return Made::interrupted;
    progress_.finish(cell, outcome);
    if (outcome.status != RunStatus::ok) {
      return absl::FailedPreconditionError(
          absl::StrCat("--rate: the baseline, of which it is a share, failed: ", cell_key(cell),
                       ": ", outcome.reason));
    }
    CapacityRun run{table_key(cell),
                    pending.run.block,
                    pending.attempt,
                    std::move(started_utc),
                    outcome.load->requests_per_s(),
                    outcome.flags};
    if (auto status = file_.append(format_capacity_run(run)); !status.ok()) return status;
    results_.capacity_runs.push_back(std::move(run));
    return is_noisy(outcome.flags) ? Made::noisy : Made::quiet;
  }

 private:
  Results& results_;
  ResultsFile& file_;
  Progress& progress_;
  const int stop_fd_;
};

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

std::vector<CapacityRun> last_attempts(const std::vector<CapacityRun>& all) {
  std::vector<CapacityRun> last;
  for (const CapacityRun& run : all) {
    const auto same = std::ranges::find_if(last, [&](const CapacityRun& other) {
      return other.table == run.table && other.block == run.block;
    });
    if (same == last.end()) {
      last.push_back(run);
    } else if (run.attempt >= same->attempt) {
      *same = run;
    }
  }
  return last;
}

bool awaits_rates(const Session& session) {
  return std::ranges::any_of(session.cells, [](const SessionCell& one) {
    return one.cell.rate_percent != 0 && one.cell.rate_per_s == 0 && one.unavailable.empty();
  });
}

absl::Status settle_rates(Results& results, ResultsFile& file, Progress::Style style, int stop_fd) {
  Session& session = results.session;
  const std::vector<Cell> baselines = open_questions(session);
  const int max_repeats = session.settings.max_repeats;
  const auto pending =
      pending_runs(plan_of(baselines), records_of(results.capacity_runs, baselines), max_repeats);
  Progress progress(pending.size(), time_of_run(session.settings), style);
  ClosedLoops loops(results, file, progress, stop_fd);
  const auto end = run_blocks(pending, max_repeats, progress, [&](const PendingRun& next) {
    return loops.run_one(baselines[next.run.cell], next);
  });
  progress.end();
  if (!end.ok()) return end.status();
  if (*end == SessionEnd::interrupted) return absl::CancelledError("interrupted");
  const std::vector<CapacityRun> runs = last_attempts(results.capacity_runs);
  for (const Cell& cell : baselines) {
    const std::string table = table_key(cell);
    session.capacities.push_back({table, summarize(rates_of(runs, table)).median});
  }
  set_rates(session);
  if (auto status = check_that_all_differ(session); !status.ok()) return status;
  return file.append(format_rates(session));
}

}  // namespace collet::bench

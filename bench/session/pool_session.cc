// SPDX-License-Identifier: MIT
// pool_session.cc: the plan of a pool session, run by run.
#include "bench/session/pool_session.h"

#include <utility>

#include <absl/strings/str_cat.h>

#include "bench/measure/pool_run.h"
#include "bench/session/pool_results.h"
#include "bench/show/figures.h"

namespace collet::bench {
namespace {

std::string verdict_of(const PoolSession& session, const PoolCell& cell,
                       const PoolOutcome& outcome) {
  if (outcome.status != RunStatus::ok) return "FAILED: " + outcome.reason;
  for (const PoolTableHead& head : session.benchmarks) {
    if (head.name != cell.benchmark) continue;
    const PoolColumn& first = head.columns.front();
    const auto& value = outcome.figures.at(first.key);
    if (value) return absl::StrCat(first.title, " ", format_figure(*value), " ", first.unit);
  }
  return "ok";
}

}  // namespace

std::string pool_cell_key(const PoolCell& cell) {
  return absl::StrCat(cell.benchmark, " ", cell.pool);
}

std::vector<PlannedRun> make_pool_plan(const PoolSession& session) {
  std::vector<SessionCell> cells;
  for (const PoolCell& cell : session.cells) {
    SessionCell& visit = cells.emplace_back();
    visit.cell.workload = cell.benchmark;  // cells of one workload make a table
    visit.cell.pool = cell.pool;
    visit.baseline = cell.baseline;
    visit.unavailable = cell.why_not;
  }
  return make_plan(cells, session.settings.blocks, session.seed);
}

absl::StatusOr<SessionEnd> run_pool_session(const PoolSession& session, ResultsFile& file,
                                            Progress::Style style, int stop_fd) {
  const std::vector<PoolRunRecord> none;
  const int max_repeats = session.settings.max_repeats;
  const auto plan = pending_runs(make_pool_plan(session), none, max_repeats);
  Progress progress(plan.size(), kTimeOfPoolRun, style);
  const auto make = [&](const PendingRun& pending) -> absl::StatusOr<Made> {
    const PoolCell& cell = session.cells[pending.run.cell];
    progress.begin(pool_cell_key(cell));
    const PoolRunRecord record{pending.run, pending.attempt, utc_now(),
                               run_pool_once(cell, session.settings, stop_fd)};
    if (record.outcome.status == RunStatus::interrupted) return Made::interrupted;
    const bool failed = record.outcome.status == RunStatus::failed;
    progress.finish(pool_cell_key(cell), failed, verdict_of(session, cell, record.outcome));
    if (auto status = file.append(format_pool_run(session, record)); !status.ok()) return status;
    return is_noisy(record.outcome.flags) ? Made::noisy : Made::quiet;
  };
  auto end = run_blocks(plan, max_repeats, progress, make);
  progress.end();
  return end;
}

}  // namespace collet::bench

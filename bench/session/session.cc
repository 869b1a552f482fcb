// SPDX-License-Identifier: MIT
// session.cc: the runs of a plan, then what is counted.
#include "bench/session/session.h"

#include <algorithm>
#include <utility>

#include "bench/measure/runner.h"
#include "bench/session/counting.h"

namespace collet::bench {
namespace {

class Loop {
 public:
  Loop(const Session& session, ResultsFile& file, Progress& progress, int stop_fd)
      : session_(session), file_(file), progress_(progress), stop_fd_(stop_fd) {}

  absl::StatusOr<Made> run_one(const PendingRun& pending) {
    const Cell& cell = session_.cells[pending.run.cell].cell;
    progress_.begin(cell);
    const RunRecord record{pending.run, pending.attempt, utc_now(),
                           run_once(cell, session_.settings, stop_fd_), cell.rate_per_s};
    if (record.outcome.status == RunStatus::interrupted) return Made::interrupted;
    progress_.finish(cell, record.outcome);
    if (auto status = file_.append(format_run(session_, record)); !status.ok()) return status;
    return is_noisy(record.outcome.flags) ? Made::noisy : Made::quiet;
  }

  absl::StatusOr<SessionEnd> count_all(const std::vector<std::size_t>& cells) {
    for (const std::size_t cell : cells) {
      progress_.begin(session_.cells[cell].cell);
      const CountRecord record = count(session_, cell, stop_fd_);
      if (record.reason == "interrupted") return SessionEnd::interrupted;
      progress_.finish(session_.cells[cell].cell, record, runs_of_counts(session_, {cell}));
      if (auto status = file_.append(format_count(session_, record)); !status.ok()) return status;
    }
    return SessionEnd::complete;
  }

 private:
  const Session& session_;
  ResultsFile& file_;
  Progress& progress_;
  const int stop_fd_;
};

}  // namespace

std::chrono::nanoseconds time_of_run(const Settings& settings) {
  return settings.warmup + settings.duration + kOverheadPerRun;
}

std::vector<std::size_t> missing_counts(const Session& session,
                                        const std::vector<CountRecord>& done) {
  std::vector<std::size_t> missing;
  for (std::size_t i = 0; session.settings.counts && i < session.cells.size(); ++i) {
    const bool counted = std::ranges::any_of(
        done, [i](const CountRecord& record) { return record.cell == i && record.is_complete(); });
    if (can_be_counted(session.cells[i]) && !counted) missing.push_back(i);
  }
  return missing;
}

absl::StatusOr<SessionEnd> run_session(const Results& done, ResultsFile& file,
                                       Progress::Style style, int stop_fd) {
  const Session& session = done.session;
  const Settings& settings = session.settings;
  const auto plan = pending_runs(make_plan(session.cells, settings.blocks, session.seed), done.runs,
                                 settings.max_repeats);
  const auto countable = missing_counts(session, done.counts);
  Progress progress(plan.size() + runs_of_counts(session, countable), time_of_run(settings), style);
  Loop loop(session, file, progress, stop_fd);
  auto end = run_blocks(plan, settings.max_repeats, progress,
                        [&](const PendingRun& pending) { return loop.run_one(pending); });
  if (end.ok() && *end == SessionEnd::complete) end = loop.count_all(countable);
  progress.end();
  return end;
}

}  // namespace collet::bench

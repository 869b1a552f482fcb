// SPDX-License-Identifier: MIT
// session.cc: block by block, then what was noisy in it.
#include "bench/session/session.h"

#include <algorithm>
#include <utility>

#include "bench/measure/runner.h"

namespace collet::bench {
namespace {

class Loop {
 public:
  Loop(const Session& session, ResultsFile& file, Progress& progress, int stop_fd)
      : session_(session), file_(file), progress_(progress), stop_fd_(stop_fd) {}

  absl::StatusOr<SessionEnd> run(const std::vector<PlannedRun>& plan) {
    for (auto first = plan.begin(); first != plan.end();) {
      const auto last = std::find_if(
          first, plan.end(), [&](const PlannedRun& run) { return run.block != first->block; });
      const auto status = run_block(std::vector<PlannedRun>(first, last));
      if (!status.ok() || interrupted_) break;
      first = last;
    }
    if (!failure_.ok()) return failure_;
    return interrupted_ ? SessionEnd::interrupted : SessionEnd::complete;
  }

 private:
  absl::Status run_block(std::vector<PlannedRun> runs) {
    for (int attempt = 0; attempt <= session_.settings.max_repeats && !runs.empty(); ++attempt) {
      if (attempt > 0) progress_.expect_more(runs.size());
      std::vector<PlannedRun> noisy;
      for (const PlannedRun& run : runs) {
        const auto outcome = run_one(run, attempt);
        if (!outcome.ok()) return failure_ = outcome.status();
        if (interrupted_) return absl::OkStatus();
        if (is_noisy(outcome->flags)) noisy.push_back(run);
      }
      runs = std::move(noisy);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<RunOutcome> run_one(const PlannedRun& run, int attempt) {
    const Cell& cell = session_.cells[run.cell].cell;
    progress_.begin(cell);
    RunRecord record{run, attempt, utc_now(), run_once(cell, session_.settings, stop_fd_),
                     cell.rate_per_s};
    interrupted_ = record.outcome.status == RunStatus::interrupted;
    if (interrupted_) return std::move(record.outcome);
    progress_.finish(cell, record.outcome);
    if (auto status = file_.append(format_run(session_, record)); !status.ok()) return status;
    return std::move(record.outcome);
  }

  const Session& session_;
  ResultsFile& file_;
  Progress& progress_;
  const int stop_fd_;
  absl::Status failure_;
  bool interrupted_ = false;
};

}  // namespace

std::chrono::nanoseconds time_of_run(const Settings& settings) {
  return settings.warmup + settings.duration + kOverheadPerRun;
}

absl::StatusOr<SessionEnd> run_session(const Session& session, const std::vector<RunRecord>& done,
                                       ResultsFile& file, Progress::Style style, int stop_fd) {
  auto plan = make_plan(session.cells, session.settings.blocks, session.seed);
  std::erase_if(plan, [&](const PlannedRun& run) {
    return std::ranges::any_of(done, [&](const RunRecord& record) {
      return record.run.cell == run.cell && record.run.block == run.block &&
             record.run.twin == run.twin;
    });
  });
  Progress progress(plan.size(), time_of_run(session.settings), style);
  auto end = Loop(session, file, progress, stop_fd).run(plan);
  progress.end();
  return end;
}

}  // namespace collet::bench

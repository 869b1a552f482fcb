// SPDX-License-Identifier: MIT
// session.cc: the loop over the plan.
#include "bench/session.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include <absl/strings/str_format.h>

#include "bench/progress.h"
#include "bench/results.h"
#include "bench/runner.h"

namespace collet::bench {
namespace {

constexpr auto kOverheadPerRun = std::chrono::milliseconds(150);  // starting and ending processes

// results/20260301T120005Z
std::string fresh_directory(std::string started_utc) {
  std::erase_if(started_utc, [](char c) { return c == '-' || c == ':'; });
  return "results/" + started_utc;
}

Progress::Style progress_style(const Options& options) {
  if (options.quiet) return Progress::Style::silent;
  return isatty(STDERR_FILENO) == 1 ? Progress::Style::live : Progress::Style::lines;
}

class Session {
 public:
  Session(const Options& options, const Environment& environment, std::vector<Cell> cells,
          ResultsFile results, int stop_fd)
      : options_(options),
        environment_(environment),
        cells_(std::move(cells)),
        outcomes_(cells_.size()),
        results_(std::move(results)),
        stop_fd_(stop_fd) {}

  absl::StatusOr<Report> run() {
    const auto plan = make_plan(cells_, options_.reps, environment_.seed);
    Progress progress(plan.size(),
                      options_.settings.warmup + options_.settings.duration + kOverheadPerRun,
                      progress_style(options_));
    announce(plan.size(), progress);
    bool interrupted = false;
    for (const PlannedRun& run : plan) {
      progress.begin(cells_[run.cell]);
      const std::string started_utc = utc_now();
      RunOutcome outcome = run_once(cells_[run.cell], options_.settings, stop_fd_);
      interrupted = outcome.status == RunStatus::interrupted;
      if (interrupted) break;
      progress.finish(cells_[run.cell], outcome);
      if (auto status = record(run, std::move(outcome), started_utc); !status.ok()) return status;
    }
    progress.end();
    return report(interrupted);
  }

 private:
  void announce(std::size_t runs, const Progress& progress) const {
    if (options_.quiet) return;
    std::fprintf(stderr, "%zu cells, %d times each: %zu runs, about %s; seed %llu; results in %s\n",
                 cells_.size(), options_.reps, runs, format_time_left(progress.left()).c_str(),
                 static_cast<unsigned long long>(environment_.seed), results_.path().c_str());
  }

  absl::Status record(const PlannedRun& run, RunOutcome outcome, const std::string& started_utc) {
    const std::string line =
        format_result(cells_[run.cell], run, outcome, options_.settings, environment_, started_utc);
    outcomes_[run.cell].push_back(std::move(outcome));
    return results_.append(line);
  }

  Report report(bool interrupted) const {
    Report report;
    report.cells = summarize_cells(cells_, outcomes_);
    report.settings = options_.settings;
    report.environment = environment_;
    report.results_path = results_.path();
    report.blocks = options_.reps;
    report.interrupted = interrupted;
    report.not_release = !is_release_build(environment_.build) || !environment_.sanitizers.empty();
    for (const auto& runs : outcomes_) {
      report.not_release |= std::ranges::any_of(
          runs, [](const RunOutcome& run) { return run.has_flag("not_release"); });
    }
    return report;
  }

  const Options& options_;
  const Environment& environment_;
  const std::vector<Cell> cells_;
  std::vector<std::vector<RunOutcome>> outcomes_;  // by cell
  ResultsFile results_;
  const int stop_fd_;
};

}  // namespace

absl::StatusOr<Report> run_session(const Options& options, const Axes& axes,
                                   const Environment& environment, int stop_fd) {
  auto results = ResultsFile::open(options.output.empty() ? fresh_directory(environment.started_utc)
                                                          : options.output);
  if (!results.ok()) return results.status();
  return Session(options, environment, make_cells(axes), std::move(*results), stop_fd).run();
}

}  // namespace collet::bench

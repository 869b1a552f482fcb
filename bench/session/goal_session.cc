// SPDX-License-Identifier: MIT
// goal_session.cc: rounds of steps, then blocks of comparisons.
#include "bench/session/goal_session.h"

#include <algorithm>
#include <random>
#include <utility>

#include "bench/measure/noise.h"
#include "bench/statistics/goal_summary.h"

namespace collet::bench {
namespace {

struct Step {
  std::size_t cell = 0;  // index into the session's
  Purpose purpose = Purpose::reach;
  std::int64_t rate_per_s = 0;
  int number = 0;  // of this purpose, from 0; a block of a comparison
  bool twin = false;
};

class GoalLoop {
 public:
  GoalLoop(const Session& session, std::vector<RunRecord> done, ResultsFile& file,
           Progress::Style style, int stop_fd)
      : session_(session),
        records_(std::move(done)),
        file_(file),
        stop_fd_(stop_fd),
        progress_(0, time_of_run(session.settings), style) {}

  absl::StatusOr<SessionEnd> run() {
    std::mt19937_64 random(session_.seed);
    for (;;) {
      std::vector<Step> steps = next_steps();
      if (steps.empty()) break;
      shuffle(steps, random);
      if (auto status = take(steps); !status.ok()) return status;
      if (interrupted_) return SessionEnd::interrupted;
    }
    progress_.end();
    return SessionEnd::complete;
  }

 private:
  // One for each cell that has something left to find out; else a block of the comparison.
  std::vector<Step> next_steps() {
    const auto tables = summarize_goals(session_, records_);
    std::vector<Step> steps;
    std::size_t first = 0;  // of the table, among the session's cells
    for (const GoalTable& table : tables) {
      for (std::size_t i = 0; i < table.cells.size(); ++i) {
        const GoalCell& cell = table.cells[i];
        if (cell.done) continue;
        steps.push_back(search_step(first + i, cell));
      }
      first += table.cells.size();
    }
    if (steps.empty() && session_.goal->compares) steps = comparisons(tables);
    progress_.expect_left(std::max(expected_left(tables), steps.size()));
    return steps;
  }

  static Step search_step(std::size_t index, const GoalCell& cell) {
    if (cell.reach_per_s == 0) return {index, Purpose::reach};
    const Probe next = *next_probe(cell.history(), cell.reach_per_s);
    const auto same = std::ranges::count_if(
        cell.probes, [&](const GoalProbe& probe) { return probe.probe.confirms == next.confirms; });
    return {index, next.confirms ? Purpose::confirm : Purpose::search, next.rate_per_s,
            static_cast<int>(same)};
  }

  bool is_done(const Step& step) const {
    return std::ranges::any_of(records_, [&](const RunRecord& record) {
      return record.purpose == Purpose::compare && record.run.cell == step.cell &&
             record.run.block == step.number && record.run.twin == step.twin &&
             record.rate_per_s == step.rate_per_s;
    });
  }

  // The first block that is not complete, of every table whose top is shared.
  std::vector<Step> comparisons(const std::vector<GoalTable>& tables) const {
    for (int block = 0; block < session_.settings.blocks; ++block) {
      std::vector<Step> steps;
      std::size_t first = 0;
      for (const GoalTable& table : tables) {
        const auto top = table.top();
        for (const std::size_t i : top) {
          if (top.size() < 2) continue;
          Step step{first + i, Purpose::compare, table.common_rate_per_s, block};
          if (!is_done(step)) steps.push_back(step);
          step.twin = i == table.baseline;
          if (step.twin && !is_done(step)) steps.push_back(step);
        }
        first += table.cells.size();
      }
      if (!steps.empty()) return steps;
    }
    return {};
  }

  // Of all searches and comparisons. How many will share a top is a guess until the search for it
  // is over: half of them.
  std::size_t expected_left(const std::vector<GoalTable>& tables) const {
    std::size_t runs = 0;
    for (const GoalTable& table : tables) {
      for (const GoalCell& cell : table.cells) {
        if (!cell.done) runs += expected_steps(cell);
      }
      const std::size_t top = table.baseline ? 0 : table.cells.size() / 2;
      runs += table.missing;
      if (session_.goal->compares && top >= 2) {
        runs += (top + 1) * static_cast<std::size_t>(session_.settings.blocks);
      }
    }
    return runs;
  }

  static std::size_t expected_steps(const GoalCell& cell) {
    if (cell.reach_per_s == 0) return expected_steps_of_search();
    return expected_probes(cell.history(), cell.reach_per_s);
  }

  absl::Status take(const std::vector<Step>& steps) {
    for (std::size_t i = 0; i < steps.size(); ++i) {
      for (int attempt = 0;; ++attempt) {
        if (auto status = run_once_more(steps[i], static_cast<int>(i), attempt); !status.ok()) {
          return status;
        }
        if (interrupted_) return absl::OkStatus();
        if (!is_repeated(records_.back())) break;
      }
    }
    return absl::OkStatus();
  }

  bool is_repeated(const RunRecord& record) const {
    if (record.attempt >= session_.settings.max_repeats) return false;
    if (!is_noisy(record.outcome.flags) || record.purpose == Purpose::reach) return false;
    return record.purpose == Purpose::compare || !holds(*session_.goal, record.outcome);
  }

  absl::Status run_once_more(const Step& step, int order, int attempt) {
    Cell cell = session_.cells[step.cell].cell;
    cell.rate_per_s = step.rate_per_s;
    if (step.rate_per_s != 0) cell.judged_by = Metric::p99;
    progress_.begin(cell);
    RunRecord record{{step.cell, step.number, order, step.twin},  attempt,         utc_now(),
                     run_once(cell, session_.settings, stop_fd_), step.rate_per_s, step.purpose};
    interrupted_ = record.outcome.status == RunStatus::interrupted;
    if (interrupted_) return absl::OkStatus();
    if (auto status = file_.append(format_run(session_, record)); !status.ok()) return status;
    records_.push_back(std::move(record));
    // What is left follows from this run too, which is still to be counted.
    const std::size_t repeats = is_repeated(records_.back()) ? 1 : 0;
    progress_.expect_left(1 + expected_left(summarize_goals(session_, records_)) + repeats);
    progress_.finish(cell, records_.back().outcome);
    return absl::OkStatus();
  }

  const Session& session_;
  std::vector<RunRecord> records_;
  ResultsFile& file_;
  const int stop_fd_;
  Progress progress_;
  bool interrupted_ = false;
};

}  // namespace

std::size_t expected_steps_of_search() {
  constexpr double kAnyReach = 100'000;
  static const std::size_t steps = 1 + expected_probes({}, kAnyReach);
  return steps;
}

absl::StatusOr<SessionEnd> run_goal_session(const Results& done, ResultsFile& file,
                                            Progress::Style style, int stop_fd) {
  return GoalLoop(done.session, done.runs, file, style, stop_fd).run();
}

}  // namespace collet::bench

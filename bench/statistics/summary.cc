// SPDX-License-Identifier: MIT
// summary.cc: runs to summaries.
#include "bench/statistics/summary.h"

#include <algorithm>
#include <utility>

#include "bench/session/blocks.h"
#include "bench/session/capacity.h"
#include "bench/session/counting.h"

namespace collet::bench {
namespace {

using Runs = std::vector<const RunRecord*>;

// Unknown if one good run does not know it: those that know a percentile would be the quick ones.
Summary summary_of(const Runs& runs, Metric metric) {
  std::vector<double> values;
  for (const RunRecord* run : runs) {
    if (run->outcome.status != RunStatus::ok) continue;
    const auto value = measure(metric, run->outcome);
    if (!value) return {};
    values.push_back(*value);
  }
  return summarize(std::move(values));
}

ByBlock by_block(const Runs& runs, Metric metric) {
  ByBlock figures;
  for (const RunRecord* run : runs) {
    if (run->outcome.status != RunStatus::ok) continue;
    if (const auto value = measure(metric, run->outcome)) figures[run->run.block] = *value;
  }
  return figures;
}

MergedTimes merged_times(const Runs& runs) {
  std::vector<RunTimes> times;
  for (const RunRecord* run : runs) {
    if (run->outcome.status != RunStatus::ok) continue;
    times.push_back({run->outcome.load->latency_histogram, run->outcome.load->service_histogram});
  }
  return merge_times(times);
}

std::map<std::string, double> backend_calls(const Runs& runs) {
  CountedCalls all;
  for (const RunRecord* run : runs) {
    if (run->outcome.status != RunStatus::ok || !run->outcome.counted) continue;
    all.requests += run->outcome.counted->requests;
    for (const auto& [name, calls] : run->outcome.counted->calls) all.calls[name] += calls;
  }
  std::map<std::string, double> each;
  for (const auto& [name, calls] : all.calls) {
    if (all.requests > 0) {
      each[name] = static_cast<double>(calls) / static_cast<double>(all.requests);
    }
  }
  return each;
}

// As the servers said.
bool had_workers(const Runs& runs) {
  return std::ranges::any_of(runs, [](const RunRecord* run) {
    return run->outcome.listening && run->outcome.listening->workers > 0;
  });
}

// True if at least half of the good runs have it.
bool is_usual(const std::string& flag, const Runs& runs) {
  std::ptrdiff_t good = 0;
  std::ptrdiff_t flagged = 0;
  for (const RunRecord* run : runs) {
    if (run->outcome.status != RunStatus::ok) continue;
    ++good;
    flagged += run->outcome.has_flag(flag) ? 1 : 0;
  }
  return flagged > 0 && 2 * flagged >= good;
}

// What the runs of one cell say, those of its twin apart.
struct Grouped {
  Runs runs;
  Runs twins;
};

CellSummary summarize_cell(const SessionCell& cell, const Grouped& grouped) {
  CellSummary summary;
  summary.cell = cell.cell;
  summary.baseline = cell.baseline;
  summary.unavailable = cell.unavailable;
  for (const Runs* runs : {&grouped.runs, &grouped.twins}) {
    for (const RunRecord* run : *runs) {
      const RunOutcome& outcome = run->outcome;
      if (outcome.status == RunStatus::failed && summary.failed++ == 0) {
        summary.first_reason = outcome.reason;
      }
      summary.good += outcome.status == RunStatus::ok ? 1 : 0;
      summary.repeated += run->attempt;
    }
  }
  summary.noisy = static_cast<int>(std::ranges::count_if(
      grouped.runs, [](const RunRecord* run) { return is_noisy(run->outcome.flags); }));
  summary.client_bound = is_usual("client_bound", grouped.runs);
  summary.client_late = is_usual("client_late", grouped.runs);
  summary.overloaded = is_usual("overloaded", grouped.runs);
  for (const Metric metric : all_metrics()) {
    summary.figures[static_cast<std::size_t>(metric)] = summary_of(grouped.runs, metric);
  }
  summary.times = merged_times(grouped.runs);
  summary.backend_calls = backend_calls(grouped.runs);
  return summary;
}

// Times of a server that could not keep up are those of its queue, and of a client that was late
// its own.
bool may_be_compared(const CellSummary& cell) {
  return cell.failed == 0 && !cell.overloaded && !cell.client_late;
}

bool is_open_loop(const SessionCell& cell, const Grouped& grouped) {
  return cell.cell.rate_per_s != 0 || std::ranges::any_of(grouped.runs, [](const RunRecord* run) {
           return run->outcome.load && run->outcome.load->open_loop;
         });
}

TableSummary summarize_table(const std::vector<SessionCell>& cells,
                             const std::vector<Grouped>& grouped,
                             const std::vector<std::size_t>& members) {
  TableSummary table;
  const Metric metric = cells[members.front()].cell.judged_by;
  ByBlock baseline;
  ByBlock twin;
  for (const std::size_t i : members) {
    table.cells.push_back(summarize_cell(cells[i], grouped[i]));
    table.open_loop |= is_open_loop(cells[i], grouped[i]);
    if (!cells[i].baseline || !may_be_compared(table.cells.back())) continue;
    baseline = by_block(grouped[i].runs, metric);
    twin = by_block(grouped[i].twins, metric);
  }
  std::vector<ByBlock> others;
  for (std::size_t k = 0; k < members.size(); ++k) {
    const CellSummary& cell = table.cells[k];
    if (!cell.baseline && may_be_compared(cell)) {
      others.push_back(by_block(grouped[members[k]].runs, metric));
    }
  }
  const TableComparison comparison = compare_to_baseline(baseline, twin, others);
  table.dead_band = comparison.dead_band;
  table.twins = comparison.twins;
  auto next = comparison.cells.begin();
  for (CellSummary& cell : table.cells) {
    if (cell.baseline) {
      cell.to_baseline = compare_to_baseline(baseline, twin, {twin}).cells[0];
    } else if (may_be_compared(cell)) {
      cell.to_baseline = *next++;
    }
  }
  return table;
}

}  // namespace

const CellSummary* TableSummary::baseline() const {
  const auto found = std::ranges::find(cells, true, &CellSummary::baseline);
  return found == cells.end() || !found->has_figures() ? nullptr : &*found;
}

bool Report::has_failures() const {
  const bool goal_failed = std::ranges::any_of(goals, [](const GoalTable& table) {
    return std::ranges::any_of(table.cells,
                               [](const GoalCell& cell) { return !cell.failure.empty(); });
  });
  return goal_failed || std::ranges::any_of(tables, [](const TableSummary& table) {
           return std::ranges::any_of(table.cells,
                                      [](const CellSummary& cell) { return cell.failed > 0; });
         });
}

Report summarize_results(Results results, std::string results_path) {
  Report report;
  report.results_path = std::move(results_path);
  report.session = std::move(results.session);
  report.capacity_runs = last_attempts(results.capacity_runs);
  if (report.session.goal) {
    report.goals = summarize_goals(report.session, results.runs);
    report.runs = std::move(results.runs);
    for (const GoalTable& table : report.goals) {
      const auto open = std::ranges::count(table.cells, false, &GoalCell::done);
      report.missing += table.missing + static_cast<std::size_t>(open);
    }
    return report;
  }
  report.runs = take_last_attempts(std::move(results.runs));
  const std::vector<SessionCell>& cells = report.session.cells;
  std::vector<Grouped> grouped(cells.size());
  for (const RunRecord& record : report.runs) {
    Grouped& of_cell = grouped[record.run.cell];
    (record.run.twin ? of_cell.twins : of_cell.runs).push_back(&record);
  }
  std::vector<std::pair<std::string, std::vector<std::size_t>>> tables;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string key = table_key(cells[i].cell);
    auto table = std::ranges::find(tables, key, &decltype(tables)::value_type::first);
    if (table == tables.end()) table = tables.insert(tables.end(), {key, {}});
    table->second.push_back(i);
  }
  for (const auto& [key, members] : tables) {
    report.tables.push_back(summarize_table(cells, grouped, members));
    for (std::size_t k = 0; k < members.size(); ++k) {
      for (const CountRecord& record : results.counts) {  // the last one counts
        if (record.cell == members[k]) report.tables.back().cells[k].counts = record;
      }
    }
  }
  const auto plan = make_plan(cells, report.session.settings.blocks, report.session.seed);
  report.missing = plan.size() - std::min(plan.size(), report.runs.size());
  for (std::size_t i = 0; report.session.settings.counts && i < cells.size(); ++i) {
    const bool counted = std::ranges::count(results.counts, i, &CountRecord::cell) != 0;
    if (!can_be_counted(cells[i]) || counted) continue;
    report.missing += kRunsOfACount + (had_workers(grouped[i].runs) ? 1 : 0);
  }
  return report;
}

}  // namespace collet::bench

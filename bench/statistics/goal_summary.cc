// SPDX-License-Identifier: MIT
// goal_summary.cc: runs to brackets.
#include "bench/statistics/goal_summary.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include <absl/strings/str_format.h>

#include "bench/measure/noise.h"

namespace collet::bench {
namespace {

constexpr double kCommonRate = 0.8;
constexpr const char* kClientLate = "the client was late";
constexpr const char* kTooFew = "too few requests to tell";

using Runs = std::vector<const RunRecord*>;

std::optional<double> percentile_of(const Goal& goal, const RunOutcome& outcome) {
  return measure(goal.percent == 99 ? Metric::p99 : Metric::p999, outcome);
}

// The last attempt at each step, in the order of the file.
Runs last_attempts(const std::vector<RunRecord>& records) {
  using Step = std::tuple<std::size_t, Purpose, int, bool>;
  std::map<Step, std::size_t> places;
  Runs runs;
  for (const RunRecord& record : records) {
    const Step step{record.run.cell, record.purpose.value_or(Purpose::search), record.run.block,
                    record.run.twin};
    const auto [place, added] = places.emplace(step, runs.size());
    if (added) {
      runs.push_back(&record);
    } else {
      runs[place->second] = &record;
    }
  }
  return runs;
}

GoalProbe probe_of(const Goal& goal, const RunRecord& record) {
  GoalProbe probe;
  probe.probe = {record.rate_per_s, record.purpose == Purpose::confirm};
  probe.held = holds(goal, record.outcome);
  if (!probe.held) probe.why_not = why_it_does_not_hold(goal, record.outcome);
  probe.achieved_per_s = record.outcome.load->requests_per_s();
  probe.percentile_us = percentile_of(goal, record.outcome);
  return probe;
}

void read_run(const Goal& goal, const RunRecord& record, GoalCell& cell) {
  if (record.outcome.status != RunStatus::ok) {
    // What fails while it is compared has failed, but is no reason to compare others.
    std::string& failure = record.purpose == Purpose::compare ? cell.failure_later : cell.failure;
    if (failure.empty()) failure = record.outcome.reason;
  } else if (record.purpose == Purpose::reach) {
    cell.reach_per_s = record.outcome.load->requests_per_s();
  } else if (record.purpose != Purpose::compare) {
    cell.probes.push_back(probe_of(goal, record));
  }
}

// The medians of those runs at the rate that holds which held.
void describe_bracket(const Goal& goal, const Runs& runs, GoalCell& cell) {
  std::vector<double> percentiles;
  std::vector<double> costs;
  for (const RunRecord* run : runs) {
    const RunOutcome& outcome = run->outcome;
    if (run->purpose == Purpose::compare || run->purpose == Purpose::reach) continue;
    if (run->rate_per_s != cell.bracket.holds_per_s || !holds(goal, outcome)) continue;
    percentiles.push_back(percentile_of(goal, outcome).value_or(0));
    costs.push_back(measure(Metric::server_cpu, outcome).value_or(0));
  }
  cell.percentile_us = summarize(std::move(percentiles));
  cell.server_cpu = summarize(std::move(costs));
}

// Of the runs that the answer rests on.
void count_noise(const Runs& runs, GoalCell& cell) {
  for (const RunRecord* run : runs) {
    const bool at_an_end =
        run->purpose != Purpose::reach && (run->rate_per_s == cell.bracket.holds_per_s ||
                                           run->rate_per_s == cell.bracket.fails_per_s);
    if (!at_an_end && run->purpose != Purpose::compare) continue;
    ++cell.runs;
    if (is_noisy(run->outcome.flags)) ++cell.noisy_runs;
  }
}

// Why the rate failed that the bracket ends with; and a search that can only end in the dark.
void describe_end(GoalCell& cell) {
  for (const GoalProbe& probe : cell.probes) {
    if (probe.why_not == kTooFew && cell.failure.empty()) {
      cell.failure = absl::StrFormat(
          "too few requests in a window at %d/s to tell the percentile: give a longer --duration",
          probe.probe.rate_per_s);
    }
    if (probe.held || probe.probe.rate_per_s != cell.bracket.fails_per_s) continue;
    if (cell.why_it_ends.empty()) cell.why_it_ends = probe.why_not;
  }
  cell.client_limited = cell.why_it_ends == kClientLate;
}

GoalCell summarize_cell(const Session& session, const SessionCell& one, const Runs& runs) {
  GoalCell cell;
  cell.cell = one.cell;
  cell.unavailable = one.unavailable;
  for (const RunRecord* run : runs) read_run(*session.goal, *run, cell);
  const std::vector<ProbeResult> history = cell.history();
  cell.bracket = bracket_of(history);
  describe_end(cell);
  cell.done = !cell.unavailable.empty() || !cell.failure.empty() ||
              (cell.reach_per_s > 0 && !next_probe(history, cell.reach_per_s));
  describe_bracket(*session.goal, runs, cell);
  count_noise(runs, cell);
  return cell;
}

// The top is known only when every cell is done.
void find_top(GoalTable& table) {
  if (!std::ranges::all_of(table.cells, &GoalCell::done)) return;
  std::int64_t best = 0;
  for (const GoalCell& cell : table.cells) {
    if (cell.has_bracket()) best = std::max(best, *cell.bracket.holds_per_s);
  }
  std::int64_t least = INT64_MAX;
  for (std::size_t i = 0; i < table.cells.size(); ++i) {
    GoalCell& cell = table.cells[i];
    const std::int64_t fails =
        cell.client_limited ? INT64_MAX : cell.bracket.fails_per_s.value_or(INT64_MAX);
    cell.top = cell.has_bracket() && fails > best;
    if (!cell.top) continue;
    least = std::min(least, *cell.bracket.holds_per_s);
    const bool cheaper =
        !table.baseline || cell.server_cpu.median < table.cells[*table.baseline].server_cpu.median;
    if (cheaper) table.baseline = i;
  }
  if (table.baseline) {
    table.common_rate_per_s = round_rate(kCommonRate * static_cast<double>(least));
  }
}

ByBlock costs_by_block(const Runs& runs, std::int64_t rate_per_s, bool twin) {
  ByBlock costs;
  for (const RunRecord* run : runs) {
    if (run->purpose != Purpose::compare || run->run.twin != twin) continue;
    if (run->rate_per_s != rate_per_s) continue;
    if (run->outcome.status != RunStatus::ok) continue;
    costs[run->run.block] = measure(Metric::server_cpu, run->outcome).value_or(0);
  }
  return costs;
}

std::vector<double> values_of(const ByBlock& figures) {
  std::vector<double> values;
  for (const auto& [block, value] : figures) values.push_back(value);
  return values;
}

// `runs` has those of each cell of the table.
void compare_top(const std::vector<Runs>& runs, GoalTable& table) {
  if (!table.baseline) return;
  const ByBlock baseline = costs_by_block(runs[*table.baseline], table.common_rate_per_s, false);
  const ByBlock twin = costs_by_block(runs[*table.baseline], table.common_rate_per_s, true);
  std::vector<ByBlock> others;
  std::vector<std::size_t> indices;
  for (const std::size_t i : table.top()) {
    const ByBlock costs = costs_by_block(runs[i], table.common_rate_per_s, false);
    table.cells[i].cpu_at_common_rate = summarize(values_of(costs));
    if (i == *table.baseline) continue;
    indices.push_back(i);
    others.push_back(costs);
  }
  const TableComparison comparison = compare_to_baseline(baseline, twin, others);
  table.dead_band = comparison.dead_band;
  table.blocks = baseline.size();
  for (std::size_t k = 0; k < indices.size(); ++k) {
    table.cells[indices[k]].to_baseline = comparison.cells[k];
  }
}

std::size_t count_comparisons(const std::vector<Runs>& runs) {
  std::size_t count = 0;
  for (const Runs& of_cell : runs) {
    for (const RunRecord* run : of_cell) count += run->purpose == Purpose::compare ? 1U : 0U;
  }
  return count;
}

}  // namespace

bool holds(const Goal& goal, const RunOutcome& outcome) {
  if (outcome.status != RunStatus::ok || outcome.load->verdict != "ok") return false;
  const auto us = percentile_of(goal, outcome);
  return us && *us * 1e3 <= static_cast<double>(goal.limit.count());
}

std::string why_it_does_not_hold(const Goal& goal, const RunOutcome& outcome) {
  if (outcome.status != RunStatus::ok) return "failed";
  if (outcome.load->verdict == "client_late") return kClientLate;
  if (outcome.load->verdict == "overloaded") return "overloaded";
  return percentile_of(goal, outcome) ? "too slow" : kTooFew;
}

std::vector<ProbeResult> GoalCell::history() const {
  std::vector<ProbeResult> all;
  for (const GoalProbe& one : probes) all.push_back({one.probe, one.held});
  return all;
}

std::vector<std::size_t> GoalTable::top() const {
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].top) indices.push_back(i);
  }
  return indices;
}

std::vector<GoalTable> summarize_goals(const Session& session,
                                       const std::vector<RunRecord>& records) {
  std::vector<Runs> by_cell(session.cells.size());
  for (const RunRecord* run : last_attempts(records)) by_cell[run->run.cell].push_back(run);
  std::vector<GoalTable> tables;
  std::vector<std::vector<Runs>> runs;  // as `tables`
  std::string key;
  for (std::size_t i = 0; i < session.cells.size(); ++i) {
    const SessionCell& one = session.cells[i];
    if (tables.empty() || key != table_key(one.cell)) {
      key = table_key(one.cell);
      tables.emplace_back();
      runs.emplace_back();
    }
    tables.back().cells.push_back(summarize_cell(session, one, by_cell[i]));
    runs.back().push_back(by_cell[i]);
  }
  for (std::size_t t = 0; t < tables.size(); ++t) {
    find_top(tables[t]);
    compare_top(runs[t], tables[t]);
    const std::size_t top = tables[t].top().size();
    if (session.goal->compares && top >= 2) {
      const std::size_t all = (top + 1) * static_cast<std::size_t>(session.settings.blocks);
      tables[t].missing = all - std::min(all, count_comparisons(runs[t]));
    }
    for (GoalCell& cell : tables[t].cells) {
      if (cell.failure.empty()) cell.failure = cell.failure_later;
    }
  }
  return tables;
}

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// summary.cc: runs to summaries.
#include "bench/statistics/summary.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace collet::bench {
namespace {

using Runs = std::vector<const RunRecord*>;

// Of the good runs that know it.
Summary summary_of_time(const Runs& runs, std::optional<std::int64_t> Latency::*time) {
  std::vector<double> values;
  for (const RunRecord* run : runs) {
    if (run->outcome.status != RunStatus::ok) continue;
    const auto& ns = run->outcome.load->latency.*time;
    if (ns) values.push_back(static_cast<double>(*ns) / 1e3);
  }
  return summarize(std::move(values));
}

// Of the good runs, what `figure` takes from each.
template <typename Figure>
Summary summary_of(const Runs& runs, Figure figure) {
  std::vector<double> values;
  for (const RunRecord* run : runs) {
    if (run->outcome.status == RunStatus::ok) values.push_back(figure(run->outcome));
  }
  return summarize(std::move(values));
}

ByBlock cpu_by_block(const Runs& runs) {
  ByBlock figures;
  for (const RunRecord* run : runs) {
    if (run->outcome.status != RunStatus::ok) continue;
    figures[run->run.block] = run->outcome.cpu_us_per_request();
  }
  return figures;
}

void add_figures(CellSummary& summary, const Runs& runs) {
  using Run = const RunOutcome&;
  summary.cpu_us_per_request = summary_of(runs, [](Run r) { return r.cpu_us_per_request(); });
  summary.requests_per_s = summary_of(runs, [](Run r) { return r.load->requests_per_s(); });
  summary.p50_us = summary_of_time(runs, &Latency::p50_ns);
  summary.p99_us = summary_of_time(runs, &Latency::p99_ns);
  summary.p999_us = summary_of_time(runs, &Latency::p999_ns);
  summary.switches_per_request = summary_of(runs, [](Run r) {
    const auto switches = r.server->voluntary_switches + r.server->involuntary_switches;
    return static_cast<double>(switches) / static_cast<double>(r.load->requests);
  });
  summary.rss_bytes =
      summary_of(runs, [](Run r) { return static_cast<double>(r.server->rss_bytes); });
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
  int client_bound = 0;
  for (const Runs* runs : {&grouped.runs, &grouped.twins}) {
    for (const RunRecord* run : *runs) {
      const RunOutcome& outcome = run->outcome;
      if (outcome.status == RunStatus::failed && summary.failed++ == 0) {
        summary.first_reason = outcome.reason;
      }
      summary.repeated += run->attempt;
      summary.noisy += is_noisy(outcome.flags) ? 1 : 0;
      client_bound += !run->run.twin && outcome.has_flag("client_bound") ? 1 : 0;
    }
  }
  add_figures(summary, grouped.runs);
  summary.client_bound =
      client_bound > 0 && 2 * client_bound >= static_cast<int>(summary.requests_per_s.n);
  return summary;
}

TableSummary summarize_table(const std::vector<SessionCell>& cells,
                             const std::vector<Grouped>& grouped,
                             const std::vector<std::size_t>& members) {
  TableSummary table;
  ByBlock baseline;
  ByBlock twin;
  for (const std::size_t i : members) {
    table.cells.push_back(summarize_cell(cells[i], grouped[i]));
    if (!cells[i].baseline || table.cells.back().failed > 0) continue;
    baseline = cpu_by_block(grouped[i].runs);
    twin = cpu_by_block(grouped[i].twins);
  }
  // What is shown is compared: a cell that failed is not.
  std::vector<ByBlock> others;
  for (std::size_t k = 0; k < members.size(); ++k) {
    const CellSummary& cell = table.cells[k];
    if (!cell.baseline && cell.has_figures()) {
      others.push_back(cpu_by_block(grouped[members[k]].runs));
    }
  }
  const TableComparison comparison = compare_to_baseline(baseline, twin, others);
  table.dead_band = comparison.dead_band;
  table.twins = comparison.twins;
  auto next = comparison.cells.begin();
  for (CellSummary& cell : table.cells) {
    if (cell.baseline) {
      cell.to_baseline = compare_to_baseline(baseline, twin, {twin}).cells[0];
    } else if (cell.has_figures()) {
      cell.to_baseline = *next++;
    }
  }
  return table;
}

// The last attempt at each run, in the order of the file.
std::vector<RunRecord> take_last_attempts(std::vector<RunRecord> all) {
  std::vector<RunRecord> last;
  for (RunRecord& record : all) {
    const auto same = std::ranges::find_if(last, [&](const RunRecord& other) {
      const auto id = [](const PlannedRun& run) {
        return std::tuple(run.cell, run.block, run.twin);
      };
      return id(other.run) == id(record.run);
    });
    if (same == last.end()) {
      last.push_back(std::move(record));
    } else if (record.attempt >= same->attempt) {
      *same = std::move(record);
    }
  }
  return last;
}

}  // namespace

const CellSummary* TableSummary::baseline() const {
  const auto found = std::ranges::find(cells, true, &CellSummary::baseline);
  return found == cells.end() || !found->has_figures() ? nullptr : &*found;
}

bool Report::has_failures() const {
  return std::ranges::any_of(tables, [](const TableSummary& table) {
    return std::ranges::any_of(table.cells,
                               [](const CellSummary& cell) { return cell.failed > 0; });
  });
}

Report summarize_results(Results results, std::string results_path) {
  Report report;
  report.results_path = std::move(results_path);
  report.session = std::move(results.session);
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
  }
  const auto plan = make_plan(cells, report.session.settings.blocks, report.session.seed);
  report.missing = plan.size() - std::min(plan.size(), report.runs.size());
  return report;
}

}  // namespace collet::bench

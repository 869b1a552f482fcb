// SPDX-License-Identifier: MIT
// pool_summary.cc: pool runs to summaries.
#include "bench/statistics/pool_summary.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "bench/session/blocks.h"

namespace collet::bench {
namespace {

using Runs = std::vector<const PoolRunRecord*>;

// What the runs of one cell say, the baseline's second visits apart.
struct Grouped {
  Runs runs;
  Runs twins;
};

// Empty if a run had too few samples: the others would be the quick ones.
ByBlock by_block(const Runs& runs, const std::string& key) {
  ByBlock values;
  for (const PoolRunRecord* run : runs) {
    if (run->outcome.status != RunStatus::ok) continue;
    const auto found = run->outcome.figures.find(key);
    if (found == run->outcome.figures.end() || !found->second) return {};
    values[run->run.block] = *found->second;
  }
  return values;
}

Summary summary_of(const ByBlock& values) {
  std::vector<double> plain;
  for (const auto& [block, value] : values) plain.push_back(value);
  return summarize(std::move(plain));
}

PoolRow summarize_row(const PoolCell& cell, const Grouped& grouped, const PoolTableHead& head) {
  PoolRow row{cell, 0, 0, "", {}, std::vector<Comparison>(head.columns.size())};
  for (const Runs* runs : {&grouped.runs, &grouped.twins}) {
    for (const PoolRunRecord* run : *runs) {
      row.noisy += is_noisy(run->outcome.flags) ? 1 : 0;
      if (run->outcome.status != RunStatus::failed) continue;
      if (row.failed++ == 0) row.first_reason = run->outcome.reason;
    }
  }
  for (const PoolColumn& column : head.columns) {
    row.values.push_back(summary_of(by_block(grouped.runs, column.key)));
  }
  return row;
}

void compare(PoolTable& table, const std::vector<const Grouped*>& grouped) {
  const auto base = std::ranges::find_if(
      table.rows, [](const PoolRow& row) { return row.cell.baseline && row.has_figures(); });
  std::vector<FigureByBlock> figures(table.head.columns.size());
  for (std::size_t column = 0; column < figures.size(); ++column) {
    const std::string& key = table.head.columns[column].key;
    FigureByBlock& figure = figures[column];
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
      const PoolRow& row = table.rows[i];
      if (base != table.rows.end() && &row == &*base) {
        figure.baseline = by_block(grouped[i]->runs, key);
        figure.twin = by_block(grouped[i]->twins, key);
      } else if (row.has_figures()) {
        figure.cells.push_back(by_block(grouped[i]->runs, key));
      }
    }
  }
  const std::vector<TableComparison> compared = compare_figures(figures);
  for (std::size_t column = 0; column < figures.size(); ++column) {
    table.dead_bands.push_back(compared[column].dead_band);
    table.twins.push_back(compared[column].twins);
    auto next = compared[column].cells.begin();
    for (PoolRow& row : table.rows) {
      if (base != table.rows.end() && &row == &*base) {
        const FigureByBlock& figure = figures[column];
        row.to_baseline[column] =
            compare_to_baseline(figure.baseline, figure.twin, {figure.twin}).cells.front();
      } else if (row.has_figures()) {
        row.to_baseline[column] = *next++;
      }
    }
  }
}

}  // namespace

bool PoolRow::has_figures() const noexcept {
  return failed == 0 && cell.why_not.empty() &&
         std::ranges::any_of(values, [](const Summary& value) { return value.n > 0; });
}

std::string PoolRow::reason() const {
  if (!cell.why_not.empty()) return cell.why_not;
  return failed > 0 ? first_reason : "";
}

const PoolRow* PoolTable::baseline() const {
  const auto found = std::ranges::find_if(
      rows, [](const PoolRow& row) { return row.cell.baseline && row.has_figures(); });
  return found == rows.end() ? nullptr : &*found;
}

bool PoolReport::has_failures() const {
  return std::ranges::any_of(tables, [](const PoolTable& table) {
    return std::ranges::any_of(table.rows, [](const PoolRow& row) { return row.failed > 0; });
  });
}

PoolReport summarize_pools(PoolResults results, std::string results_path) {
  PoolReport report;
  report.results_path = std::move(results_path);
  report.cut_off = std::move(results.cut_off);
  report.session = std::move(results.session);
  report.missing = pending_runs(make_pool_plan(report.session), results.runs, 0).size();
  report.runs = take_last_attempts(std::move(results.runs));
  const std::vector<PoolCell>& cells = report.session.cells;
  std::vector<Grouped> grouped(cells.size());
  for (const PoolRunRecord& record : report.runs) {
    Grouped& of_cell = grouped[record.run.cell];
    (record.run.twin ? of_cell.twins : of_cell.runs).push_back(&record);
  }
  for (const PoolTableHead& head : report.session.benchmarks) {
    PoolTable table{head, {}, {}, {}};
    std::vector<const Grouped*> members;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (cells[i].benchmark != head.name) continue;
      table.rows.push_back(summarize_row(cells[i], grouped[i], head));
      members.push_back(&grouped[i]);
    }
    compare(table, members);
    report.tables.push_back(std::move(table));
  }
  return report;
}

absl::StatusOr<std::optional<PoolReport>> read_pool_report(const std::string& directory) {
  const auto path = std::filesystem::path(directory) / kPoolResultsName;
  if (!std::filesystem::exists(path)) return std::nullopt;
  auto results = read_pool_results(directory);
  if (!results.ok()) return results.status();
  return summarize_pools(*std::move(results), path.string());
}

const char* state_of(const PoolRow& row) noexcept {
  if (row.cell.state == CellState::unavailable) return "unavailable";
  if (row.cell.state == CellState::inapplicable) return "inapplicable";
  if (row.failed > 0) return "failed";
  return row.has_figures() ? "ok" : "not run";
}

}  // namespace collet::bench

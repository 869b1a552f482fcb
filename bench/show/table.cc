// SPDX-License-Identifier: MIT
// table.cc: summaries to lines of text.
#include "bench/show/table.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <vector>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>

#include "bench/show/curve_table.h"
#include "bench/show/figures.h"
#include "bench/show/goal_words.h"
#include "bench/show/wording.h"

namespace collet::bench {
namespace {

constexpr std::size_t kGap = 3;

using Cells = std::vector<CellSummary>;

std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

struct Column {
  std::string backend;
  std::vector<CellWords> words;  // by row
  std::size_t width = 0;
};

struct Matrix {
  std::vector<std::string> pools;
  std::vector<Column> columns;
};

Matrix make_matrix(const Cells& cells) {
  Matrix matrix;
  for (const CellSummary& cell : cells) {
    if (!cell.cell.external.empty()) continue;
    const std::string& pool = cell.cell.pool;
    if (std::ranges::count(matrix.pools, pool) == 0) matrix.pools.push_back(pool);
  }
  for (const CellSummary& cell : cells) {
    if (!cell.cell.external.empty()) continue;
    auto column = std::ranges::find(matrix.columns, cell.cell.backend, &Column::backend);
    if (column == matrix.columns.end()) {
      const std::vector<CellWords> none(matrix.pools.size(), CellWords{"–", ""});
      matrix.columns.push_back({cell.cell.backend, none, display_width(cell.cell.backend)});
      column = std::prev(matrix.columns.end());
    }
    const auto row = std::ranges::find(matrix.pools, cell.cell.pool) - matrix.pools.begin();
    CellWords& words = column->words[static_cast<std::size_t>(row)];
    words = describe_cell(cell);
    column->width = std::max({column->width, display_width(words.cost), display_width(words.rest)});
  }
  return matrix;
}

std::string render_columns(const std::vector<std::string>& rows, std::size_t label_width,
                           std::span<const Column> columns) {
  std::string header(label_width, ' ');
  for (const Column& column : columns) header += pad(column.backend, column.width + kGap);
  std::string text = trimmed(header);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    std::string cost = pad(rows[row], label_width);
    std::string rest(label_width, ' ');
    for (const Column& column : columns) {
      cost += pad(column.words[row].cost, column.width + kGap);
      rest += pad(column.words[row].rest, column.width + kGap);
    }
    absl::StrAppend(&text, trimmed(cost));
    if (const std::string line = trimmed(rest); line.size() > 1) text += line;
  }
  return text;
}

std::string render_matrix(const Matrix& matrix, std::size_t label_width, std::size_t width) {
  std::string text;
  const std::span<const Column> columns(matrix.columns);
  for (std::size_t first = 0; first < columns.size();) {
    std::size_t last = first;
    std::size_t used = label_width;
    while (last < columns.size() && (last == first || used + columns[last].width <= width)) {
      used += columns[last++].width + kGap;
    }
    text += render_columns(matrix.pools, label_width, columns.subspan(first, last - first));
    first = last;
  }
  return text;
}

// A line each, below the matrix, whose columns are not theirs.
std::string render_externals(const Cells& cells) {
  std::size_t label_width = 0;
  std::size_t cost_width = 0;
  for (const CellSummary& cell : cells) {
    if (cell.cell.external.empty()) continue;
    label_width = std::max(label_width, display_width(cell.cell.external));
    cost_width = std::max(cost_width, display_width(describe_cell(cell).cost));
  }
  std::string text;
  for (const CellSummary& cell : cells) {
    if (cell.cell.external.empty()) continue;
    const CellWords words = describe_cell(cell);
    text += trimmed(pad(cell.cell.external, label_width + kGap) +
                    pad(words.cost, cost_width + kGap) + words.rest);
  }
  return text;
}

std::string render_table(const TableSummary& table, std::size_t width) {
  const Matrix matrix = make_matrix(table.cells);
  std::size_t label_width = 0;
  for (const std::string& pool : matrix.pools) {
    label_width = std::max(label_width, display_width(pool));
  }
  return absl::StrCat(describe_table(table), "\n", describe_baseline(table), "\n",
                      render_matrix(matrix, label_width + kGap, width),
                      render_externals(table.cells), "\n");
}

std::string escaped(const std::string& text) { return absl::StrReplaceAll(text, {{"|", "\\|"}}); }

}  // namespace

std::string render_tables(const Report& report, std::size_t width) {
  const std::string warning = describe_warning(report);
  std::string text = warning;
  const std::vector<LoadSweep> sweeps = load_sweeps(report);
  const auto is_swept = [&](const TableSummary& table) {
    return std::ranges::any_of(sweeps, [&](const LoadSweep& sweep) {
      return std::ranges::count(sweep.tables, &table) != 0;
    });
  };
  for (const TableSummary& table : report.tables) {
    if (!is_swept(table)) text += render_table(table, width);
  }
  for (const LoadSweep& sweep : sweeps) text += render_sweep(sweep, width);
  for (const GoalTable& table : report.goals) text += render_goal(*report.session.goal, table);
  for (const std::string& lines :
       {describe_backend_calls(report), describe_hand_offs(report), describe_gaps(report)}) {
    if (!lines.empty()) text += lines + "\n";
  }
  return absl::StrCat(text, describe_method(report), warning, "Raw results: ", report.results_path,
                      "\n");
}

std::string render_markdown(const Report& report) {
  std::string text = describe_warning(report);
  for (const TableSummary& table : report.tables) {
    absl::StrAppend(&text, "### ", describe_table(table), "\n\n", describe_baseline(table),
                    "\n\n| server | ", title_of(table.judged_by()),
                    " | medians of other figures |\n|---|---|---|\n");
    for (const CellSummary& cell : table.cells) {
      const CellWords words = describe_cell(cell);
      absl::StrAppend(&text, "| ", escaped(format_cell(cell.cell)), " | ", words.cost, " | ",
                      words.rest, " |\n");
    }
    text += "\n";
  }
  for (const GoalTable& table : report.goals) {
    absl::StrAppend(&text, "```\n", render_goal(*report.session.goal, table), "```\n\n");
  }
  for (const std::string& lines :
       {describe_backend_calls(report), describe_hand_offs(report), describe_gaps(report)}) {
    if (!lines.empty()) text += lines + "\n";
  }
  return text + describe_method(report);
}

}  // namespace collet::bench

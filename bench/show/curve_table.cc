// SPDX-License-Identifier: MIT
// curve_table.cc: sweeps to lines of text.
#include "bench/show/curve_table.h"

#include <algorithm>
#include <vector>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include "bench/show/figures.h"
#include "bench/show/wording.h"

namespace collet::bench {
namespace {

constexpr std::size_t kGap = 3;

std::string words_of(const CellSummary& cell) {
  if (!cell.unavailable.empty()) return "unavailable";
  if (cell.failed > 0) return "failed";
  if (!cell.has_figures()) return "not run";
  if (cell.overloaded) return "overloaded";
  const Summary& p99 = cell[Metric::p99];
  std::string text = p99.n == 0 ? "unknown" : format_microseconds(p99.median);
  if (cell.client_late) return text + " late";
  const Verdict verdict = cell.to_baseline.verdict;
  if (cell.baseline || verdict == Verdict::none) return text;
  if (verdict == Verdict::same) return text + " ~";
  return absl::StrCat(text, " ", format_change(cell.to_baseline.ratio), "%");
}

using Rows = std::vector<std::vector<std::string>>;

Rows make_rows(const LoadSweep& sweep) {
  Rows rows(1, {"rate"});
  for (const CellSummary& cell : sweep.tables.front()->cells) {
    rows.push_back({format_cell(cell.cell)});
  }
  for (const TableSummary* table : sweep.tables) {
    const Cell& shape = table->cells.front().cell;
    std::string head = format_rate(static_cast<double>(shape.rate_per_s));
    if (shape.rate_percent != 0) absl::StrAppend(&head, " (", shape.rate_percent, "%)");
    rows[0].push_back(head);
    for (std::size_t i = 0; i < table->cells.size(); ++i) {
      rows[i + 1].push_back(words_of(table->cells[i]));
    }
  }
  return rows;
}

std::vector<std::size_t> widths_of(const Rows& rows) {
  std::vector<std::size_t> widths(rows[0].size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(row[i]) + kGap);
    }
  }
  return widths;
}

}  // namespace

std::string render_sweep(const LoadSweep& sweep, std::size_t width) {
  const Rows rows = make_rows(sweep);
  const std::vector<std::size_t> widths = widths_of(rows);
  const Cell& shape = sweep.tables.front()->cells.front().cell;
  std::string text = absl::StrCat("Response time p99 by rate: ", describe_shape(shape), "\n");
  for (std::size_t first = 1; first < widths.size();) {
    std::size_t last = first;
    std::size_t used = widths[0];
    while (last < widths.size() && (last == first || used + widths[last] <= width)) {
      used += widths[last++];
    }
    for (const auto& row : rows) {
      std::string line = pad(row[0], widths[0]);
      for (std::size_t i = first; i < last; ++i) line += pad(row[i], widths[i]);
      line.erase(line.find_last_not_of(' ') + 1);
      absl::StrAppend(&text, line, "\n");
    }
    first = last;
  }
  return text + "\n";
}

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// session_diff.cc: cell against cell of the same key.
#include "bench/statistics/session_diff.h"

#include <algorithm>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include "bench/show/figures.h"

namespace collet::bench {
namespace {

struct Found {
  const TableSummary* table = nullptr;
  const CellSummary* cell = nullptr;
};

Found find(const Report& report, const std::string& key) {
  for (const TableSummary& table : report.tables) {
    for (const CellSummary& cell : table.cells) {
      if (cell_key(cell.cell) == key) return {&table, &cell};
    }
  }
  return {};
}

std::string why_without_figures(const CellSummary& cell) {
  if (!cell.unavailable.empty()) return "unavailable: " + cell.unavailable;
  return cell.failed > 0 ? "failed: " + cell.first_reason : "not run";
}

// Times of a client that was late, or of a server that is overloaded, say nothing more.
void judge(const CellSummary& earlier, const CellSummary& later, CellDiff& diff) {
  const Summary& before = earlier[diff.metric];
  const Summary& after = later[diff.metric];
  diff.few_blocks = std::min(earlier.runs(), later.runs()) < kLeastBlocks;
  if (diff.few_blocks || earlier.client_late || later.client_late || earlier.overloaded) return;
  if (later.overloaded) {
    diff.fell_behind = true;
    diff.verdict = Verdict::higher;
    return;
  }
  if (before.n < kLeastBlocks || after.n < kLeastBlocks || before.median <= 0) return;
  diff.verdict = Verdict::same;
  const double ratio = after.median / before.median;
  if (after.interval->low > before.interval->high && ratio > 1 + diff.dead_band) {
    diff.verdict = Verdict::higher;
  }
  if (after.interval->high < before.interval->low && ratio < 1 / (1 + diff.dead_band)) {
    diff.verdict = Verdict::lower;
  }
}

CellDiff diff_cell(const std::string& key, const Found& before, const Found& after,
                   double threshold) {
  CellDiff diff;
  diff.cell = key;
  if (before.cell == nullptr || after.cell == nullptr) {
    diff.why_not = before.cell == nullptr ? "only in the second" : "only in the first";
  } else if (!before.cell->has_figures()) {
    diff.why_not = "first: " + why_without_figures(*before.cell);
  } else if (!after.cell->has_figures()) {
    diff.why_not = "second: " + why_without_figures(*after.cell);
    diff.gone = true;
  } else {
    diff.dead_band = std::max({threshold, before.table->dead_band, after.table->dead_band});
    diff.metric = before.cell->cell.judged_by;
    diff.before = (*before.cell)[diff.metric].median;
    diff.after = (*after.cell)[diff.metric].median;
    judge(*before.cell, *after.cell, diff);
  }
  return diff;
}

}  // namespace

std::vector<CellDiff> diff_sessions(const Report& before, const Report& after, double threshold) {
  std::vector<CellDiff> cells;
  for (const SessionCell& cell : before.session.cells) {
    const std::string key = cell_key(cell.cell);
    cells.push_back(diff_cell(key, find(before, key), find(after, key), threshold));
  }
  for (const SessionCell& cell : after.session.cells) {
    const std::string key = cell_key(cell.cell);
    if (std::ranges::count(cells, key, &CellDiff::cell) == 0) {
      cells.push_back(diff_cell(key, {}, find(after, key), threshold));
    }
  }
  return cells;
}

std::string render_diff(const std::vector<CellDiff>& cells) {
  std::size_t width = 0;
  for (const CellDiff& diff : cells) width = std::max(width, diff.cell.size());
  std::string text =
      "Medians of the first session and the second, of what each cell is judged by.\n";
  for (const CellDiff& diff : cells) {
    absl::StrAppend(&text, diff.cell, std::string(width - diff.cell.size() + 2, ' '));
    if (!diff.why_not.empty()) {
      absl::StrAppend(&text, diff.why_not, "\n");
      continue;
    }
    absl::StrAppend(&text, absl::StrFormat("%s -> %s  ", format_metric(diff.metric, diff.before),
                                           format_metric(diff.metric, diff.after)));
    const std::string change = diff.before > 0 ? format_change(diff.after / diff.before) + "%"
                                               : std::string("from nothing");
    const std::string band = absl::StrFormat(" (dead band ±%.1f%%)", 100 * diff.dead_band);
    if (diff.verdict == Verdict::none) absl::StrAppend(&text, change, "  cannot be told\n");
    if (diff.verdict == Verdict::same) absl::StrAppend(&text, "~ ", change, band, "\n");
    if (diff.verdict == Verdict::lower) absl::StrAppend(&text, change, band, "  FASTER\n");
    const char* how = diff.fell_behind ? "  SLOWER: now overloaded\n" : "  SLOWER\n";
    if (diff.verdict == Verdict::higher) absl::StrAppend(&text, change, band, how);
  }
  return text;
}

}  // namespace collet::bench

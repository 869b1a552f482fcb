// SPDX-License-Identifier: MIT
// comparison.cc: paired log-ratios to verdicts.
#include "bench/statistics/comparison.h"

#include <algorithm>
#include <cmath>

namespace collet::bench {
namespace {

// Of the blocks in which both have a figure.
std::vector<double> log_ratios(const ByBlock& figures, const ByBlock& base) {
  std::vector<double> ratios;
  for (const auto& [block, figure] : figures) {
    const auto found = base.find(block);
    if (found == base.end() || figure <= 0 || found->second <= 0) continue;
    ratios.push_back(std::log(figure / found->second));
  }
  return ratios;
}

Comparison compare(const std::vector<double>& ratios) {
  Comparison comparison;
  const Summary summary = summarize(ratios);
  comparison.n = summary.n;
  comparison.ratio = std::exp(summary.median);
  if (summary.interval) {
    comparison.interval = Interval{std::exp(summary.interval->low),
                                   std::exp(summary.interval->high), summary.interval->coverage};
  }
  comparison.p = signed_rank_p(ratios);
  return comparison;
}

// `compared` cells of one table can be confirmed by n blocks only if the smallest p there is
// survives the correction.
bool can_be_confirmed(std::size_t n, std::size_t compared) {
  return n >= kConfirmingBlocks &&
         static_cast<double>(compared) * std::exp2(1 - static_cast<double>(n)) <= kSignificance;
}

void judge(Comparison& comparison, double band, std::size_t compared) {
  if (comparison.n < kLeastBlocks) return;
  comparison.verdict = Verdict::same;
  const bool lower = comparison.interval->high < 1 / (1 + band);
  const bool higher = comparison.interval->low > 1 + band;
  if (!lower && !higher) return;
  const bool confirmed = comparison.adjusted_p <= kSignificance;
  const bool confirmable = can_be_confirmed(comparison.n, compared);
  if (confirmable && !confirmed) return;
  comparison.verdict = lower ? Verdict::lower : Verdict::higher;
  comparison.indicative = !confirmable;
}

}  // namespace

double dead_band(const ByBlock& baseline, const ByBlock& twin) {
  std::vector<double> distances = log_ratios(twin, baseline);
  for (double& distance : distances) distance = std::abs(distance);
  return std::max(kLeastDeadBand, std::expm1(quantile(std::move(distances), 0.95)));
}

std::size_t blocks_to_confirm(std::size_t compared) {
  std::size_t blocks = kConfirmingBlocks;
  while (!can_be_confirmed(blocks, compared)) ++blocks;
  return blocks;
}

TableComparison compare_to_baseline(const ByBlock& baseline, const ByBlock& twin,
                                    const std::vector<ByBlock>& cells) {
  return compare_figures({{baseline, twin, cells}}).front();
}

std::vector<TableComparison> compare_figures(const std::vector<FigureByBlock>& figures) {
  std::vector<TableComparison> tables;
  std::vector<double> p_values;
  for (const FigureByBlock& figure : figures) {
    TableComparison& table = tables.emplace_back();
    table.dead_band = dead_band(figure.baseline, figure.twin);
    table.twins = log_ratios(figure.twin, figure.baseline).size();
    for (const ByBlock& cell : figure.cells) {
      table.cells.push_back(compare(log_ratios(cell, figure.baseline)));
      if (table.cells.back().n > 0) p_values.push_back(table.cells.back().p);
    }
  }
  const std::vector<double> adjusted = adjust_holm(p_values);
  auto next = adjusted.begin();
  for (TableComparison& table : tables) {
    for (Comparison& comparison : table.cells) {
      if (comparison.n > 0) comparison.adjusted_p = *next++;
      judge(comparison, table.dead_band, p_values.size());
    }
  }
  return tables;
}

std::string_view to_string(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::same:
      return "~";
    case Verdict::lower:
      return "lower";
    case Verdict::higher:
      return "higher";
    case Verdict::none:
      break;
  }
  return "none";
}

}  // namespace collet::bench

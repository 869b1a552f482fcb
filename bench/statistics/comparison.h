// SPDX-License-Identifier: MIT
// comparison.h: how a cell stands to the baseline of its table, and whether one may say so.
//
// Runs are paired by block, because two runs of one block share the state of the machine. Each pair
// gives the logarithm of a ratio; their median and its interval is the answer. A verdict needs two
// things: the whole interval outside of the dead band, which the baseline measured against itself
// gives; and, once there are enough blocks for that to be possible at all, a signed-rank test that
// holds when all comparisons of the table are looked at together (Holm).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "bench/statistics/statistics.h"

namespace collet::bench {

using ByBlock = std::map<int, double>;  // a positive figure of one run, by its block

enum class Verdict : std::uint8_t {
  none,    // too few blocks for any
  same,    // nothing that can be told apart; shown as `~`
  lower,   // the figure is lower than the baseline's
  higher,  // and higher
};

// Fewer blocks give no verdict; fewer than kConfirmingBlocks, or than blocks_to_confirm() of a
// large table, none that Holm's correction could confirm: such verdicts are marked indicative.
constexpr std::size_t kLeastBlocks = 5;
constexpr std::size_t kConfirmingBlocks = 10;
constexpr double kSignificance = 0.05;
constexpr double kLeastDeadBand = 0.02;

struct Comparison {
  std::size_t n = 0;                 // blocks in which both ran
  double ratio = 1;                  // median, to the baseline
  std::optional<Interval> interval;  // of the ratio
  double p = 1;                      // signed-rank
  double adjusted_p = 1;             // by Holm, over the table
  Verdict verdict = Verdict::none;
  bool indicative = false;  // rests on the interval alone
};

// One table's: of `cells` in their order, each to `baseline`.
struct TableComparison {
  double dead_band = kLeastDeadBand;  // a ratio within 1 ± this is no difference
  std::size_t twins = 0;              // blocks that say how the baseline differs from itself
  std::vector<Comparison> cells;
};

// `twin` is the baseline measured a second time in each block.
TableComparison compare_to_baseline(const ByBlock& baseline, const ByBlock& twin,
                                    const std::vector<ByBlock>& cells);

// One figure of a table that has several.
struct FigureByBlock {
  ByBlock baseline;
  ByBlock twin;
  std::vector<ByBlock> cells;
};

// The same for all figures of one table: each has a dead band of its own, and Holm's correction
// covers the comparisons of all.
std::vector<TableComparison> compare_figures(const std::vector<FigureByBlock>& figures);

// How many blocks it takes for a table with so many comparisons to be confirmed.
std::size_t blocks_to_confirm(std::size_t compared);

// max(2 %, the 95th percentile of how far the baseline is from itself in one block).
double dead_band(const ByBlock& baseline, const ByBlock& twin);

std::string_view to_string(Verdict verdict) noexcept;  // none, ~, lower, higher

}  // namespace collet::bench

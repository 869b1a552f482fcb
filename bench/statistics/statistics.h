// SPDX-License-Identifier: MIT
// statistics.h: what several runs of one cell say together. The run is the unit, never the request.
//
// Everything here is exact for few values and assumes no distribution, only that runs are
// independent of each other.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace collet::bench {

// Two of the sorted values, between which the true median lies with probability `coverage`.
struct Interval {
  double low = 0;
  double high = 0;
  double coverage = 0;  // 0.969 for six values; below kCoverage only for fewer than six
};

constexpr double kCoverage = 0.95;

struct Summary {
  std::size_t n = 0;
  double median = 0;  // of an even number: the mean of the middle two
  double min = 0;
  double max = 0;
  std::optional<Interval> interval;  // null for fewer than two values
};

// All zero for no values.
Summary summarize(std::vector<double> values);

// The narrowest pair of order statistics, as far from both ends, that covers the median with
// kCoverage: the ends for six to eight values, the second and the ninth of ten. The ends also for
// fewer than six, where not even they do, which `coverage` then says. Null for fewer than two.
std::optional<Interval> median_interval(std::vector<double> values);

// Two-sided p of Wilcoxon's signed-rank test that `differences` are symmetric about 0: exact, also
// with ties (mean ranks), up to 200 of them, a normal approximation beyond. Zeros are left out; 1
// if nothing is left. The smallest p that n differences can have is 2^(1-n): 0.031 for six, 0.0020
// for ten.
double signed_rank_p(std::span<const double> differences);

// The p values adjusted by Holm's method for all being looked at together, in the order given.
std::vector<double> adjust_holm(std::span<const double> p_values);

// The smallest value that at least `fraction` of all do not exceed; 0 for no values.
double quantile(std::vector<double> values, double fraction);

}  // namespace collet::bench

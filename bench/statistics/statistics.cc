// SPDX-License-Identifier: MIT
// statistics.cc: order statistics, ranks, and corrections for looking more than once.
#include "bench/statistics/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace collet::bench {
namespace {

constexpr std::size_t kMostExactRanks = 200;

// The probability that the median lies outside of the values, k-1 of n left out at each end: twice
// that of fewer than k heads in n throws of a coin.
double probability_outside(std::size_t n, std::size_t k) {
  double log_probability = -static_cast<double>(n) * std::log(2.0);
  double sum = 0;
  for (std::size_t heads = 0; heads < k; ++heads) {
    sum += std::exp(log_probability);
    log_probability +=
        std::log(static_cast<double>(n - heads)) - std::log(static_cast<double>(heads + 1));
  }
  return 2 * sum;
}

struct Ranked {
  double size;
  bool positive;
  std::size_t doubled_rank;  // twice the rank, which is half an integer among ties
};

std::vector<Ranked> rank(std::span<const double> differences) {
  std::vector<Ranked> ranked;
  for (const double difference : differences) {
    if (difference != 0) ranked.push_back({std::abs(difference), difference > 0, 0});
  }
  std::ranges::sort(ranked, {}, &Ranked::size);
  for (std::size_t first = 0; first < ranked.size();) {
    std::size_t last = first;
    while (last + 1 < ranked.size() && ranked[last + 1].size == ranked[first].size) ++last;
    for (std::size_t i = first; i <= last; ++i) ranked[i].doubled_rank = first + last + 2;
    first = last + 1;
  }
  return ranked;
}

// The probability that the doubled ranks with a random sign sum up to `least` or less: each rank
// is in the sum or not, with equal chances.
double exact_tail(const std::vector<Ranked>& ranked, std::size_t least) {
  std::vector<double> probability{1};
  for (const Ranked& one : ranked) {
    std::vector<double> next(probability.size() + one.doubled_rank, 0.0);
    for (std::size_t sum = 0; sum < probability.size(); ++sum) {
      next[sum] += probability[sum] / 2;
      next[sum + one.doubled_rank] += probability[sum] / 2;
    }
    probability = std::move(next);
  }
  const auto end = probability.begin() + static_cast<std::ptrdiff_t>(least + 1);
  return std::accumulate(probability.begin(), end, 0.0);
}

double approximate_tail(const std::vector<Ranked>& ranked, std::size_t least) {
  double mean = 0;
  double variance = 0;
  for (const Ranked& one : ranked) {
    const double doubled_rank = static_cast<double>(one.doubled_rank);
    mean += doubled_rank / 2;
    variance += doubled_rank * doubled_rank / 4;
  }
  return std::erfc((mean - static_cast<double>(least)) / std::sqrt(2 * variance)) / 2;
}

}  // namespace

Summary summarize(std::vector<double> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  const std::size_t n = values.size();
  const double median = (values[(n - 1) / 2] + values[n / 2]) / 2;
  return {n, median, values.front(), values.back(), median_interval(values)};
}

std::optional<Interval> median_interval(std::vector<double> values) {
  const std::size_t n = values.size();
  if (n < 2) return std::nullopt;
  std::ranges::sort(values);
  std::size_t k = 1;
  while (2 * (k + 1) <= n && 1 - probability_outside(n, k + 1) >= kCoverage) ++k;
  return Interval{values[k - 1], values[n - k], 1 - probability_outside(n, k)};
}

double signed_rank_p(std::span<const double> differences) {
  const std::vector<Ranked> ranked = rank(differences);
  if (ranked.empty()) return 1;
  std::size_t positive = 0;
  std::size_t negative = 0;
  for (const Ranked& one : ranked) (one.positive ? positive : negative) += one.doubled_rank;
  const std::size_t least = std::min(positive, negative);
  const double tail = ranked.size() <= kMostExactRanks ? exact_tail(ranked, least)
                                                       : approximate_tail(ranked, least);
  return std::min(1.0, 2 * tail);
}

std::vector<double> adjust_holm(std::span<const double> p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return p_values[i]; });
  std::vector<double> adjusted(p_values.size());
  double most_so_far = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const double p = p_values[order[i]] * static_cast<double>(order.size() - i);
    most_so_far = std::max(most_so_far, std::min(1.0, p));
    adjusted[order[i]] = most_so_far;
  }
  return adjusted;
}

double quantile(std::vector<double> values, double fraction) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const double rank = std::ceil(fraction * static_cast<double>(values.size()));
  const auto index = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
  return values[std::min(index, values.size() - 1)];
}

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// rate_search.cc: widen until something fails, halve, confirm.
#include "bench/statistics/rate_search.h"

#include <algorithm>
#include <cmath>

namespace collet::bench {
namespace {

constexpr double kFirst = 0.7;  // of the reach: below it nearly all hold, above it few
constexpr double kWiden = 1.3;
constexpr double kNarrow = 0.5;
constexpr double kLeast = 0.01;  // of the reach
constexpr std::size_t kMostProbes = 40;

}  // namespace

std::int64_t round_rate(double per_s) {
  const double unit = std::pow(10, std::max(std::floor(std::log10(std::max(per_s, 1.0))) - 2, 0.0));
  return std::max<std::int64_t>(1, std::llround(per_s / unit) * std::llround(unit));
}

Bracket bracket_of(std::span<const ProbeResult> history) {
  Bracket bracket;
  for (const ProbeResult& result : history) {
    if (result.held) continue;
    const std::int64_t rate = result.probe.rate_per_s;
    bracket.fails_per_s = std::min(bracket.fails_per_s.value_or(rate), rate);
  }
  for (const ProbeResult& result : history) {
    const std::int64_t rate = result.probe.rate_per_s;
    if (!result.held || rate >= bracket.fails_per_s.value_or(INT64_MAX)) continue;
    bracket.holds_per_s = std::max(bracket.holds_per_s.value_or(rate), rate);
  }
  bracket.confirmations = static_cast<int>(std::ranges::count_if(history, [&](const auto& result) {
    return result.probe.confirms && result.probe.rate_per_s == bracket.holds_per_s;
  }));
  return bracket;
}

std::optional<Probe> next_probe(std::span<const ProbeResult> history, double reach_per_s) {
  if (history.size() >= kMostProbes) return std::nullopt;
  if (history.empty()) return Probe{round_rate(kFirst * reach_per_s), false};
  const auto [holds, fails, confirmations] = bracket_of(history);
  if (!fails) return Probe{round_rate(kWiden * static_cast<double>(*holds)), false};
  if (!holds) {
    const double lower = kNarrow * static_cast<double>(*fails);
    if (lower < std::max(kLeast * reach_per_s, 1.0)) return std::nullopt;
    return Probe{round_rate(lower), false};
  }
  const auto low = static_cast<double>(*holds);
  const auto high = static_cast<double>(*fails);
  const std::int64_t middle = round_rate(std::sqrt(low * high));
  if (high / low > kResolution && middle != *holds && middle != *fails) return Probe{middle, false};
  if (confirmations < kConfirmations) return Probe{*holds, true};
  return std::nullopt;
}

}  // namespace collet::bench

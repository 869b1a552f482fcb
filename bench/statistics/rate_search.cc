// SPDX-License-Identifier: MIT
// rate_search.cc: widen until something fails, halve, confirm.
#include "bench/statistics/rate_search.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace collet::bench {
namespace {

constexpr double kFirst = 0.7;  // of the reach: below it nearly all hold, above it few
constexpr double kWiden = 1.3;
constexpr double kNarrow = 0.5;
constexpr double kLeast = 0.01;  // of the reach

// At one rate.
struct Runs {
  int held = 0;
  int failed = 0;
  int confirmed = 0;  // of those that held
};

std::map<std::int64_t, Runs> runs_by_rate(std::span<const ProbeResult> history) {
  std::map<std::int64_t, Runs> rates;
  for (const ProbeResult& result : history) {
    Runs& runs = rates[result.probe.rate_per_s];
    ++(result.held ? runs.held : runs.failed);
    if (result.held && result.probe.confirms) ++runs.confirmed;
  }
  return rates;
}

// A rate at which one run failed and none held says nothing yet.
bool is_undecided(std::span<const ProbeResult> history) {
  const auto rates = runs_by_rate(history);
  const Runs& last = rates.at(history.back().probe.rate_per_s);
  return last.held == 0 && last.failed < kFailures;
}

// Inside the bracket; beyond its open end where the next rate lies in between.
double likely_limit(const Bracket& bracket, double reach_per_s) {
  if (!bracket.holds_per_s && !bracket.fails_per_s) return 0.8 * reach_per_s;
  if (!bracket.fails_per_s) return std::sqrt(kWiden) * static_cast<double>(*bracket.holds_per_s);
  if (!bracket.holds_per_s) return std::sqrt(kNarrow) * static_cast<double>(*bracket.fails_per_s);
  return std::sqrt(static_cast<double>(*bracket.holds_per_s) *
                   static_cast<double>(*bracket.fails_per_s));
}

}  // namespace

std::int64_t round_rate(double per_s) {
  const double unit = std::pow(10, std::max(std::floor(std::log10(std::max(per_s, 1.0))) - 2, 0.0));
  return std::max<std::int64_t>(1, std::llround(per_s / unit) * std::llround(unit));
}

Bracket bracket_of(std::span<const ProbeResult> history) {
  const std::map<std::int64_t, Runs> rates = runs_by_rate(history);
  Bracket bracket;
  for (const auto& [rate, runs] : rates) {  // from the lowest
    if (runs.failed >= kFailures) {
      bracket.fails_per_s = rate;
      break;
    }
    if (runs.held == 0) continue;
    bracket.holds_per_s = rate;
    bracket.confirmations = runs.confirmed;
  }
  return bracket;
}

std::optional<Probe> next_probe(std::span<const ProbeResult> history, double reach_per_s) {
  if (history.size() >= kMostProbes) return std::nullopt;
  if (history.empty()) return Probe{round_rate(kFirst * reach_per_s), false};
  if (is_undecided(history)) return history.back().probe;
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

std::size_t expected_probes(std::vector<ProbeResult> history, double reach_per_s) {
  const double limit = likely_limit(bracket_of(history), reach_per_s);
  const std::size_t before = history.size();
  while (const auto next = next_probe(history, reach_per_s)) {
    history.push_back({*next, static_cast<double>(next->rate_per_s) <= limit});
  }
  return history.size() - before;
}

}  // namespace collet::bench

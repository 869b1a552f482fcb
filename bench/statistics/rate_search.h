// SPDX-License-Identifier: MIT
// rate_search.h: the highest rate at which a server holds a latency goal, from as few runs as the
// noise allows.
//
// Bisection on a predicate that noise may turn either way. A host that holds a machine up for ten
// milliseconds makes any rate fail, and nothing in the machine knows of it: so a rate has failed
// when two runs at it have. And what the search ends on is confirmed by fresh runs; with the second
// that does not hold, the rate has failed and the search steps down. The answer is a bracket, never
// one number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace collet::bench {

struct Probe {
  std::int64_t rate_per_s = 0;
  bool confirms = false;  // a rate that held before, on which the search has ended
};

struct ProbeResult {
  Probe probe;
  bool held = false;
};

struct Bracket {
  std::optional<std::int64_t> holds_per_s;  // the highest rate that held, below all that failed
  std::optional<std::int64_t> fails_per_s;  // the lowest that failed
  int confirmations = 0;                    // of holds_per_s
};

constexpr int kFailures = 2;       // runs that make a rate fail
constexpr int kConfirmations = 3;  // runs that hold
constexpr std::size_t kMostProbes = 40;
constexpr double kResolution = 1.05;  // fails over holds: closer than that is close enough

// Which rate to try after `history`; `reach_per_s` is what the server does in a closed loop, around
// which the search begins. Nothing once the bracket is confirmed, or if a hundredth of the reach
// failed, or after kMostProbes. Rates have three significant digits.
std::optional<Probe> next_probe(std::span<const ProbeResult> history, double reach_per_s);

// How many probes are still to come if no more of them are disturbed, with the server's limit about
// where `history` leaves it: an estimate, and 0 only when nothing is left to try.
std::size_t expected_probes(std::vector<ProbeResult> history, double reach_per_s);

Bracket bracket_of(std::span<const ProbeResult> history);

// Three significant digits: more would pretend to a precision that rates do not have.
std::int64_t round_rate(double per_s);

}  // namespace collet::bench

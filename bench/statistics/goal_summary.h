// SPDX-License-Identifier: MIT
// goal_summary.h: what the runs of a session with a goal say: of each cell the bracket of the
// highest rate that holds, and which cells share the top.
//
// Two cells share the top if the brackets do not exclude that they hold as much: the lower one
// failed, if at all, only above the rate that the higher one holds. Where it was the client that
// could send no more, the server may hold any rate above. What those at the top cost is then
// compared at one rate that all of them hold, in blocks, as tables compare (comparison.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/session/results.h"
#include "bench/statistics/comparison.h"
#include "bench/statistics/rate_search.h"

namespace collet::bench {

// One run of the search, or of its confirmation.
struct GoalProbe {
  Probe probe;
  bool held = false;
  std::string why_not;  // it did not hold
  double achieved_per_s = 0;
  std::optional<double> percentile_us;
};

struct GoalCell {
  Cell cell;
  std::string unavailable;    // why; empty if it can run
  std::string failure;        // why one of its runs has no figures, or none can tell; else empty
  std::string failure_later;  // while it was compared; then also `failure`
  double reach_per_s = 0;     // in a closed loop; 0 until that was measured
  std::vector<GoalProbe> probes;
  Bracket bracket;
  std::string why_it_ends;      // why the rate failed that the bracket ends with
  bool client_limited = false;  // it was the client that could send no more
  bool done = false;            // nothing is left to find out
  Summary percentile_us;        // at the rate that holds
  Summary server_cpu;           // there: µs per request
  bool top = false;             // shares the top of its table
  Summary cpu_at_common_rate;   // of those at the top
  Comparison to_baseline;       // likewise, by CPU per request

  std::size_t runs = 0;        // at both ends of the bracket, and of the comparison
  std::size_t noisy_runs = 0;  // of these

  // What the next step of the search follows from.
  std::vector<ProbeResult> history() const;

  bool has_bracket() const noexcept { return failure.empty() && bracket.holds_per_s.has_value(); }

  // Of the comparison at one rate: that has enough blocks to say something.
  bool is_compared() const noexcept { return cpu_at_common_rate.n >= kLeastBlocks; }
};

// Cells of one shape of load.
struct GoalTable {
  std::vector<GoalCell> cells;
  std::int64_t common_rate_per_s = 0;   // 80 % of what the least of the top holds; 0: no top yet
  std::optional<std::size_t> baseline;  // of the top: the cheapest while it was confirmed
  double dead_band = 0;
  std::size_t blocks = 0;   // in which the top was compared
  std::size_t missing = 0;  // runs of that comparison

  std::vector<std::size_t> top() const;  // indices
};

// Of `session`, which has a goal. In the order of its cells; each table's are together there.
std::vector<GoalTable> summarize_goals(const Session& session,
                                       const std::vector<RunRecord>& records);

// Whether a run held the goal; else the reason, in a few words.
bool holds(const Goal& goal, const RunOutcome& outcome);
std::string why_it_does_not_hold(const Goal& goal, const RunOutcome& outcome);

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// blocks.h: in what order the runs of a plan are made: block by block, and at the end of each what
// was noisy in it once more.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

#include "bench/measure/noise.h"
#include "bench/session/plan.h"
#include "bench/session/progress.h"

namespace collet::bench {

// A run that is to be made, which a noisy one is again.
struct PendingRun {
  PlannedRun run;
  int attempt = 0;  // how often it has been made before
};

// What of `plan` is still to be made, where `done` has been: records with a run, an attempt and an
// outcome with flags, in the order in which they were made.
template <typename Records>
std::vector<PendingRun> pending_runs(const std::vector<PlannedRun>& plan, const Records& done,
                                     int max_repeats) {
  std::vector<PendingRun> pending;
  for (const PlannedRun& run : plan) {
    PendingRun next{run, 0};
    bool settled = false;
    for (const auto& record : done) {
      if (!is_same_visit(record.run, run)) continue;
      next.attempt = record.attempt + 1;
      settled = next.attempt > max_repeats || !is_noisy(record.outcome.flags);
    }
    if (!settled) pending.push_back(next);
  }
  return pending;
}

// Of records as above the last attempt at each run, in the order of the first ones.
template <typename Record>
std::vector<Record> take_last_attempts(std::vector<Record> all) {
  std::vector<Record> last;
  for (Record& record : all) {
    const auto same = std::ranges::find_if(
        last, [&](const Record& other) { return is_same_visit(other.run, record.run); });
    if (same == last.end()) {
      last.push_back(std::move(record));
    } else if (record.attempt >= same->attempt) {
      *same = std::move(record);
    }
  }
  return last;
}

enum class SessionEnd : std::uint8_t { complete, interrupted };

enum class Made : std::uint8_t { quiet, noisy, interrupted };

// Calls `make` with each of `plan`, and with the noisy ones again, up to `max_repeats` times. Ends
// at the first error or interruption.
absl::StatusOr<SessionEnd> run_blocks(
    const std::vector<PendingRun>& plan, int max_repeats, Progress& progress,
    const std::function<absl::StatusOr<Made>(const PendingRun&)>& make);

}  // namespace collet::bench

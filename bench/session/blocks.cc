// SPDX-License-Identifier: MIT
// blocks.cc: one block after the other.
#include "bench/session/blocks.h"

#include <algorithm>
#include <utility>

namespace collet::bench {

absl::StatusOr<SessionEnd> run_blocks(
    const std::vector<PendingRun>& plan, int max_repeats, Progress& progress,
    const std::function<absl::StatusOr<Made>(const PendingRun&)>& make) {
  for (auto first = plan.begin(); first != plan.end();) {
    const auto last = std::find_if(first, plan.end(), [&](const PendingRun& pending) {
      return pending.run.block != first->run.block;
    });
    for (std::vector<PendingRun> runs(first, last); !runs.empty();) {
      std::vector<PendingRun> noisy;
      for (const PendingRun& pending : runs) {
        const auto made = make(pending);
        if (!made.ok()) return made.status();
        if (*made == Made::interrupted) return SessionEnd::interrupted;
        if (*made == Made::quiet || pending.attempt >= max_repeats) continue;
        noisy.push_back({pending.run, pending.attempt + 1});
      }
      progress.expect_more(noisy.size());
      runs = std::move(noisy);
    }
    first = last;
  }
  return SessionEnd::complete;
}

}  // namespace collet::bench

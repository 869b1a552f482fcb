// SPDX-License-Identifier: MIT
// pool_exports.h: pool summaries for other programs.
#pragma once

#include <string>

#include "bench/statistics/pool_summary.h"

namespace collet::bench {

// A header and a line for each figure of each pool; unknown is empty.
std::string render_pool_csv(const PoolReport& report);

// One object; unknown is null. The report's data have it as `pools`:
//   session, started_utc, command_line, not_a_result, results, runs_missing
//   workers, producers, cpus (how many), blocks
//   baseline      a spec
//   method        how to read the figures, a sentence a line
//   benchmarks[]  name, title, about and
//     figures[]   key, title, unit, higher_is_better, dead_band (of a ratio), dead_band_blocks
//     rows[]      pool, baseline, state (ok, failed, unavailable, inapplicable, not run), reason,
//                 figures and to_baseline by key
std::string render_pool_json(const PoolReport& report);

}  // namespace collet::bench

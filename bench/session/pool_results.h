// SPDX-License-Identifier: MIT
// pool_results.h: pools.jsonl: a line for the session, then one for each run, never rewritten.
// bench/pools.schema.json says what is in it.
#pragma once

#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "bench/measure/pool_run.h"
#include "bench/session/plan.h"
#include "bench/session/pool_session.h"

namespace collet::bench {

constexpr const char* kPoolResultsName = "pools.jsonl";

struct PoolRunRecord {
  PlannedRun run;   // its cell is an index into the session's
  int attempt = 0;  // repeats of a noisy run count up; the last one counts
  std::string started_utc;
  PoolOutcome outcome;
};

struct PoolResults {
  PoolSession session;
  std::vector<PoolRunRecord> runs;
  std::string cut_off = {};  // a sentence on the last line of the file, if it was; else empty
};

// Lines, without a newline. Unknown values are null; a failed run has null figures.
std::string format_pool_session(const PoolSession& session);
std::string format_pool_run(const PoolSession& session, const PoolRunRecord& record);

// Adds what a line says to `results`; the error says what is wrong with it.
absl::Status read_pool_line(const std::string& line, PoolResults& results);

// All of pools.jsonl in `directory`. An error is a sentence that names file and line.
absl::StatusOr<PoolResults> read_pool_results(const std::string& directory);

}  // namespace collet::bench

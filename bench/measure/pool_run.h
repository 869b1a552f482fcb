// SPDX-License-Identifier: MIT
// pool_run.h: one run of one micro-benchmark: a fresh process, one line, one verdict.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include <absl/status/statusor.h>

#include "bench/measure/runner.h"
#include "bench/session/pool_session.h"

namespace collet::bench {

struct PoolOutcome {
  RunStatus status = RunStatus::failed;
  std::vector<std::string> flags;  // noise.h: steal and foreign
  std::string reason;              // of a failed run, which has nothing that follows
  std::string pool_spec;           // every option at its effective value
  int workers = 0;                 // as the pool says: 0 of one without threads
  std::string build;
  std::int64_t wall_ns = 0;  // of what was timed
  std::int64_t cpu_ns = 0;
  std::int64_t tasks = 0;                                // every one of which ran once
  std::map<std::string, std::optional<double>> figures;  // by key; null: too few samples
};

// Runs `cell` once. Ends early when `stop_fd` becomes readable. No process is left behind.
PoolOutcome run_pool_once(const PoolCell& cell, const PoolSettings& settings, int stop_fd);

// What collet-pool-load printed, as the outcome of a good run of `cell`; the error says why it is
// none.
absl::StatusOr<PoolOutcome> parse_pool_load(const std::string& line, const PoolCell& cell);

}  // namespace collet::bench

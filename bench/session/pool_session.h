// SPDX-License-Identifier: MIT
// pool_session.h: what `collet-bench pools` measures, and the loop over its plan.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "bench/session/environment.h"
#include "bench/session/plan.h"
#include "bench/session/progress.h"
#include "bench/session/results.h"
#include "bench/session/session.h"

namespace collet::bench {

// What all runs of a session share.
struct PoolSettings {
  int blocks = 10;
  int workers = 1;  // of pools that have threads
  int producers = 1;
  int max_repeats = 2;  // of a noisy run, at the end of its block
  std::vector<int> cpus;
  std::vector<std::string> plugins;  // files, which collet-pool-load is to load

  // What this machine has; not written down with a session.
  std::string load;  // path of collet-pool-load
  bool accept_any_build = false;
};

// A column, as the program that measured described it.
struct PoolColumn {
  std::string key;
  std::string title;
  std::string unit;
  bool higher_is_better = false;

  bool operator==(const PoolColumn&) const = default;
};

struct PoolTableHead {
  std::string name;
  std::string title;
  std::string about;
  std::vector<PoolColumn> columns;
};

enum class CellState : std::uint8_t {
  measured,
  inapplicable,  // the benchmark says nothing about this pool
  unavailable,   // the pool cannot be made here
};

// One benchmark of one pool.
struct PoolCell {
  std::string benchmark;
  std::string pool;  // a spec
  bool baseline = false;
  CellState state = CellState::measured;
  std::string why_not;  // if it is not measured
};

// `fan-out-8 mutex`: names the cell in results.
std::string pool_cell_key(const PoolCell& cell);

// The first line of pools.jsonl.
struct PoolSession {
  std::string id;
  std::string started_utc;
  std::vector<std::string> command_line;
  std::uint64_t seed = 0;
  std::string baseline;  // a spec
  PoolSettings settings;
  std::vector<PoolTableHead> benchmarks;
  std::vector<PoolCell> cells;
  std::vector<Program> programs;
  Facts environment;
  std::string not_a_result;  // why, of a debug or sanitizer build; else empty
};

// As make_plan(): each block visits every cell once, in an order of its own, and the baseline of
// each benchmark twice.
std::vector<PlannedRun> make_pool_plan(const PoolSession& session);

// What one run takes, starting the process included.
constexpr auto kTimeOfPoolRun = std::chrono::milliseconds(420);

// Runs the plan (blocks.h) and appends each run to `file` as it ends. A readable `stop_fd` ends it
// early.
absl::StatusOr<SessionEnd> run_pool_session(const PoolSession& session, ResultsFile& file,
                                            Progress::Style style, int stop_fd);

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// bench_pool_session.h: a pool session and its runs as collet-bench would have seen them.
#pragma once

#include <string>
#include <vector>

#include "bench/session/pool_results.h"
#include "bench/statistics/pool_summary.h"

namespace collet::bench {

// Cells: `hop` of 0 mutex, the baseline, 1 tbb, 2 inline, to which it does not apply; `spin` of 3
// mutex, the baseline, and 4 tbb.
inline PoolSession sample_pool_session(int blocks) {
  PoolSession session;
  session.id = "20260301T120000Z-1a2b";
  session.started_utc = "2026-03-01T12:00:00Z";
  session.command_line = {"collet-bench", "pools"};
  session.seed = 7;
  session.baseline = "mutex";
  session.settings.blocks = blocks;
  session.settings.workers = 2;
  session.settings.producers = 3;
  session.settings.cpus = {0, 1};
  session.benchmarks = {
      {"hop",
       "from worker to worker",
       "A task that hops.",
       {{"p50_us", "hop p50", "µs", false}, {"cpu_us", "CPU/hop", "µs", false}}},
      {"spin", "efficiency", "A task that spins.", {{"efficiency_percent", "1 µs", "%", true}}}};
  session.cells = {{"hop", "mutex", true, CellState::measured, ""},
                   {"hop", "tbb", false, CellState::measured, ""},
                   {"hop", "inline", false, CellState::inapplicable, "it has no worker"},
                   {"spin", "mutex", true, CellState::measured, ""},
                   {"spin", "tbb", false, CellState::unavailable, "no threads are left"}};
  session.programs = {{"collet-pool-load", "/bin/collet-pool-load", std::string(64, 'a')},
                      {"collet-bench", "/bin/collet-bench", std::nullopt}};
  session.environment = {{"kernel", "Linux 6"}, {"cpus", std::int64_t{2}}, {"governor", {}}};
  return session;
}

inline PoolOutcome good_pool_run(std::map<std::string, std::optional<double>> figures) {
  PoolOutcome outcome;
  outcome.status = RunStatus::ok;
  outcome.pool_spec = "mutex:capacity=0";
  outcome.workers = 2;
  outcome.build = "Release";
  outcome.wall_ns = 250'000'000;
  outcome.cpu_ns = 300'000'000;
  outcome.tasks = 1'000;
  outcome.figures = std::move(figures);
  return outcome;
}

inline PoolOutcome bad_pool_run(const std::string& reason) {
  PoolOutcome outcome;
  outcome.reason = reason;
  return outcome;
}

// Whole blocks: hop takes the mutex 10 us and 4 us of CPU, tbb `slower` times that in wall time and
// the same CPU; spin is 80 % efficient.
inline PoolResults sample_pool_results(int blocks, double slower) {
  PoolResults results{sample_pool_session(blocks), {}};
  const std::string at = results.session.started_utc;
  for (int block = 0; block < blocks; ++block) {
    const double drift = 1 + 0.1 * block;
    const auto hop = [&](double wall, double cpu) {
      return good_pool_run({{"p50_us", wall * drift}, {"cpu_us", cpu * drift}});
    };
    results.runs.push_back({{0, block, 0, false}, 0, at, hop(10, 4)});
    results.runs.push_back({{0, block, 1, true}, 0, at, hop(10.1, 4.01)});
    results.runs.push_back({{1, block, 2, false}, 0, at, hop(10 * slower, 4)});
    for (const bool twin : {false, true}) {
      results.runs.push_back(
          {{3, block, 3, twin}, 0, at, good_pool_run({{"efficiency_percent", 80}})});
    }
  }
  return results;
}

}  // namespace collet::bench

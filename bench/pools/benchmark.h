// SPDX-License-Identifier: MIT
// benchmark.h: the micro-benchmarks of thread pools, as data: what each is called, what it says,
// and the function that runs it once. A new one is a file and a line in benchmarks.cc.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace collet::bench {

class Trial;

// A column of a benchmark's table. Values are in `unit`, which also stands in the key.
struct PoolFigure {
  const char* key;
  const char* title;
  const char* unit;
  bool higher_is_better = false;
};

struct PoolBenchmark {
  const char* name;   // as typed; one of a family is `family-variant`
  const char* title;  // what is varied or measured, in a few words
  const char* about;  // one sentence: what is timed
  std::span<const PoolFigure> figures;
  // Why a pool without workers has no figures here; null if it has.
  const char* why_not_inline;
  int least_workers;
  // Sets every figure it can, and leaves no task behind. Called on the only thread there is besides
  // those of the pool.
  void (*run)(Trial& trial);
};

// In the order of the tables.
std::span<const PoolBenchmark> pool_benchmarks() noexcept;

// Null if there is none.
const PoolBenchmark* find_pool_benchmark(std::string_view name) noexcept;

// Why `benchmark` does not apply to a pool that has threads, or has none, when it may have
// `workers`; empty if it does.
std::string why_not_applicable(const PoolBenchmark& benchmark, bool has_threads, int workers);

void run_empty_external(Trial& trial);
void run_empty_external_many(Trial& trial);
void run_empty_internal(Trial& trial);
void run_fan_out_8(Trial& trial);
void run_fan_out_64(Trial& trial);
void run_fan_out_1024(Trial& trial);
void run_ping_pong(Trial& trial);
void run_wake_100us(Trial& trial);
void run_wake_1ms(Trial& trial);
void run_wake_10ms(Trial& trial);
void run_skewed(Trial& trial);
void run_starvation(Trial& trial);
void run_fork_join(Trial& trial);
void run_task_size(Trial& trial);

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// bench_tools.h: runs as the tools of other benchmarks read them. A row is a run that counts, of a
// cell of which none has failed; second visits of baselines are left out.
#pragma once

#include <string>

#include "bench/statistics/pool_summary.h"
#include "bench/statistics/summary.h"

namespace collet::bench {

// The JSON of google/benchmark. real_time and cpu_time are in ns: of a server its wall and CPU time
// per request; of a pool those of all that was timed per task, with its figures as counters.
std::string render_google_benchmark(const Report& report);
std::string render_google_benchmark(const PoolReport& report);

// Lines of Go's testing package, which benchstat reads. Of a server `ns/op` is its CPU time per
// request; of a pool each figure is a unit of its own.
std::string render_go_benchmark(const Report& report);
std::string render_go_benchmark(const PoolReport& report);

}  // namespace collet::bench

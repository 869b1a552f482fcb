// SPDX-License-Identifier: MIT
// task_size.cc: from which size on tasks are worth a pool.
#include <algorithm>

#include "bench/pools/benchmark.h"
#include "bench/pools/trial.h"
#include "bench/pools/work.h"

namespace collet::bench {
namespace {

using namespace std::chrono_literals;

struct Size {
  const char* key;
  std::chrono::nanoseconds work;
};

constexpr Size kSizes[] = {{"efficiency_100ns_percent", 100ns},
                           {"efficiency_1us_percent", 1us},
                           {"efficiency_10us_percent", 10us},
                           {"efficiency_100us_percent", 100us},
                           {"efficiency_1ms_percent", 1ms}};

// Work of each size, and at most so many tasks at once.
constexpr auto kWorkPerSize = 20ms;
constexpr std::int32_t kTasksAtOnce = 8'192;

struct Totals {
  Cost plain;  // the work in a plain loop
  Cost tasks;  // and as tasks
};

Cost run_plain(std::uint64_t rounds, std::int32_t count) {
  const Stopwatch watch;
  for (std::int32_t i = 0; i < count; ++i) burn(rounds);
  return watch.elapsed();
}

Cost run_tasks(Trial& trial, Countdown& countdown, std::uint64_t rounds, std::int32_t count) {
  const Stopwatch watch;
  for (std::int32_t left = count; left > 0; left -= kTasksAtOnce) {
    const std::int32_t now = std::min(left, kTasksAtOnce);
    countdown.expect(now);
    for (std::int32_t i = 0; i < now; ++i) {
      trial.submit([&countdown, rounds] {
        burn(rounds);
        countdown.arrive();
      });
    }
    countdown.wait();
  }
  return watch.elapsed();
}

}  // namespace

void run_task_size(Trial& trial) {
  const Pace pace;
  Countdown countdown;
  Totals all;
  std::int64_t submitted = 0;
  for (const Size& size : kSizes) {
    const std::uint64_t rounds = pace.rounds_in(size.work);
    const auto count = static_cast<std::int32_t>(kWorkPerSize / size.work);
    Totals totals;
    totals.plain = run_plain(rounds, count);
    totals.tasks = run_tasks(trial, countdown, rounds, count);
    submitted += count;
    all.plain += totals.plain;
    all.tasks += totals.tasks;
    // The CPU time: a plain loop that had lost its CPU would be a slow ideal.
    const double ideal = per(totals.plain.cpu, trial.parallelism());
    trial.set(size.key, 100 * ideal / per(totals.tasks.wall, 1));
  }
  trial.drain();
  trial.spend(all.tasks);
  trial.count(submitted, submitted - countdown.left());
  trial.set("cpu_to_work_percent", 100 * per(all.tasks.cpu, 1) / per(all.plain.cpu, 1));
}

}  // namespace collet::bench

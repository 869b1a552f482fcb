// SPDX-License-Identifier: MIT
// wake_from_idle.cc: one task at a time, with gaps in which workers go to sleep, or spin.
#include <sys/prctl.h>

#include <algorithm>
#include <thread>

#include "bench/pools/benchmark.h"
#include "bench/pools/trial.h"

namespace collet::bench {
namespace {

using namespace std::chrono_literals;

void run_wake(Trial& trial, std::chrono::microseconds gap, std::uint64_t wakes) {
  // Of this thread alone: the pool's were made before, and keep the usual slack.
  prctl(PR_SET_TIMERSLACK, 1);
  Countdown task;
  Histogram starts;
  const auto usual = wakes * std::chrono::nanoseconds(gap);
  const Budget budget(wakes, 0ns, 2 * usual + kPatience);
  const Stopwatch watch;
  while (budget.goes_on(starts.count())) {
    std::this_thread::sleep_for(gap);
    task.expect(1);
    trial.submit([&task, &starts, submitted = PoolClock::now()] {
      starts.record(PoolClock::now() - submitted);
      task.arrive();
    });
    task.wait();
  }
  const Cost cost = watch.elapsed();
  trial.drain();
  trial.spend(cost);
  const auto count = static_cast<std::int64_t>(starts.count());
  trial.count(count, count - task.left());
  trial.set_percentile("start_p50_us", starts, 50, 1us);
  const double most = gap < 10ms ? 99 : 90;
  trial.set_percentile(most > 90 ? "start_p99_us" : "start_p90_us", starts, most, 1us);
  trial.set("cpu_us_per_wake", per(cost.cpu, 1e3 * static_cast<double>(count)));
}

}  // namespace

void run_wake_100us(Trial& trial) { run_wake(trial, 100us, 2 * kSamplesForP99); }
void run_wake_1ms(Trial& trial) { run_wake(trial, 1ms, kSamplesForP99); }
void run_wake_10ms(Trial& trial) { run_wake(trial, 10ms, 105); }

}  // namespace collet::bench

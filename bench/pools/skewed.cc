// SPDX-License-Identifier: MIT
// skewed.cc: a few long tasks among many short ones: whoever waits behind a long one while another
// worker is free shows in the makespan and in the p99.
#include <algorithm>
#include <atomic>
#include <memory>
#include <random>
#include <vector>

#include "bench/pools/benchmark.h"
#include "bench/pools/trial.h"
#include "bench/pools/work.h"

namespace collet::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kTasks = 1'000;
constexpr std::size_t kLong = kTasks / 100;

// Where the long ones are; the same places in every run.
std::vector<bool> places_of_long_tasks() {
  std::vector<bool> is_long(kTasks, false);
  std::mt19937_64 random(1);
  for (std::size_t left = kLong; left > 0;) {
    const std::size_t place = random() % kTasks;
    if (!is_long[place]) --left;
    is_long[place] = true;
  }
  return is_long;
}

}  // namespace

void run_skewed(Trial& trial) {
  const Pace pace;
  const std::uint64_t short_rounds = pace.rounds_in(10us);
  const std::uint64_t long_rounds = pace.rounds_in(1ms);
  const std::vector<bool> is_long = places_of_long_tasks();
  std::vector<std::chrono::nanoseconds> waits(kTasks);  // each written by its own task
  Countdown countdown;
  Histogram starts;
  std::int64_t laps = 0;
  const Budget budget(0, 250ms, 250ms);
  const Stopwatch watch;
  do {
    countdown.expect(kTasks);
    for (std::size_t i = 0; i < kTasks; ++i) {
      trial.submit([&countdown, wait = &waits[i], rounds = is_long[i] ? long_rounds : short_rounds,
                    submitted = PoolClock::now()] {
        *wait = PoolClock::now() - submitted;
        burn(rounds);
        countdown.arrive();
      });
    }
    countdown.wait();
    for (const std::chrono::nanoseconds wait : waits) starts.record(wait);
    ++laps;
  } while (budget.goes_on(0));
  const Cost cost = watch.elapsed();
  trial.drain();
  trial.spend(cost);
  const auto submitted = laps * static_cast<std::int64_t>(kTasks);
  trial.count(submitted, submitted - countdown.left());
  trial.set("makespan_ms", per(cost.wall, 1e6 * static_cast<double>(laps)));
  trial.set("cpu_ms", per(cost.cpu, 1e6 * static_cast<double>(laps)));
  trial.set_percentile("start_p99_ms", starts, 99, 1ms);
}

}  // namespace collet::bench

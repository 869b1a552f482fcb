// SPDX-License-Identifier: MIT
// fan_out.cc: a burst of tasks that someone waits for: one by one, and with one bulk submission.
#include <string>
#include <vector>

#include "bench/pools/benchmark.h"
#include "bench/pools/trial.h"

namespace collet::bench {
namespace {

using namespace std::chrono_literals;

enum class Submission : std::uint8_t { single, bulk };

struct Bursts {
  Histogram times;
  Cost cost;
};

void submit_burst(Trial& trial, Submission how, std::vector<Task>& tasks, Countdown& countdown) {
  const auto count = [&countdown] { countdown.arrive(); };
  if (how == Submission::single) {
    for (std::size_t i = 0; i < tasks.size(); ++i) trial.submit(count);
    return;
  }
  for (Task& task : tasks) task = count;
  trial.submit_bulk(tasks);
}

Bursts run_bursts(Trial& trial, Submission how, std::vector<Task>& tasks, Countdown& countdown) {
  Bursts bursts;
  const auto size = static_cast<std::int32_t>(tasks.size());
  const Budget budget(kSamplesForP99, 50ms, kPatience);
  const Stopwatch watch;
  while (budget.goes_on(bursts.times.count())) {
    countdown.expect(size);
    const auto begin = PoolClock::now();
    submit_burst(trial, how, tasks, countdown);
    countdown.wait();
    bursts.times.record(PoolClock::now() - begin);
  }
  bursts.cost = watch.elapsed();
  return bursts;
}

void report(Trial& trial, const std::string& how, const Bursts& bursts) {
  const auto count = static_cast<double>(bursts.times.count());
  trial.spend(bursts.cost);
  trial.set_percentile(how + "_p50_us", bursts.times, 50, 1us);
  trial.set_percentile(how + "_p99_us", bursts.times, 99, 1us);
  trial.set(how + "_cpu_us", per(bursts.cost.cpu, 1e3 * count));
}

void run_fan_out(Trial& trial, std::size_t size) {
  std::vector<Task> tasks(size);
  Countdown countdown;
  const Bursts single = run_bursts(trial, Submission::single, tasks, countdown);
  const Bursts bulk = run_bursts(trial, Submission::bulk, tasks, countdown);
  trial.drain();
  report(trial, "single", single);
  report(trial, "bulk", bulk);
  const auto submitted =
      static_cast<std::int64_t>((single.times.count() + bulk.times.count()) * size);
  trial.count(submitted, submitted - countdown.left());
}

}  // namespace

void run_fan_out_8(Trial& trial) { run_fan_out(trial, 8); }
void run_fan_out_64(Trial& trial) { run_fan_out(trial, 64); }
void run_fan_out_1024(Trial& trial) { run_fan_out(trial, 1024); }

}  // namespace collet::bench

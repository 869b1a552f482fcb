// SPDX-License-Identifier: MIT
// empty_tasks.cc: tasks that do nothing but count: what handing over costs, from outside of the
// pool and from a worker. They hold 8 bytes, which a Task keeps inside, so nothing is allocated for
// them; counting is one atomic operation, the same for every pool.
#include <memory>
#include <thread>
#include <vector>

#include "bench/pools/benchmark.h"
#include "bench/pools/trial.h"

namespace collet::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::int32_t kTasksAtOnce = 32'768;
constexpr auto kTime = 250ms;

// Submits tasks, waits for them, and begins again until the time is over. Batches, because a
// producer is quicker than the workers and its queue would grow for ever.
struct Producer {
  void run(Trial& trial, std::int32_t at_once) {
    const Budget budget(0, kTime, kTime);
    do {
      tasks.expect(at_once);
      for (std::int32_t i = 0; i < at_once; ++i) submit_one(trial, i);
      tasks.wait();
      submitted += at_once;
    } while (budget.goes_on(0));
  }

  // Reads the clock for every sixteenth only, or the reading would be most of what is measured.
  void submit_one(Trial& trial, std::int32_t i) {
    const auto count = [counter = &tasks] { counter->arrive(); };
    if (i % 16 != 0) {
      trial.submit(count);
      return;
    }
    const auto begin = PoolClock::now();
    trial.submit(count);
    submit_times.record(PoolClock::now() - begin);
  }

  Countdown tasks;
  std::int64_t submitted = 0;
  Histogram submit_times;
};

void report(Trial& trial, const Cost& cost, std::int64_t tasks) {
  trial.spend(cost);
  trial.set("wall_ns_per_task", per(cost.wall, static_cast<double>(tasks)));
  trial.set("cpu_ns_per_task", per(cost.cpu, static_cast<double>(tasks)));
}

void run_producers(Trial& trial, int count) {
  std::vector<std::unique_ptr<Producer>> producers;
  for (int i = 0; i < count; ++i) producers.push_back(std::make_unique<Producer>());
  const std::int32_t at_once = std::max(kTasksAtOnce / count, 1);
  const Stopwatch watch;
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < producers.size(); ++i) {
      threads.emplace_back(
          [&trial, &producer = *producers[i], at_once] { producer.run(trial, at_once); });
    }
    producers.front()->run(trial, at_once);
  }
  const Cost cost = watch.elapsed();
  trial.drain();
  Histogram submit_times;
  for (const auto& producer : producers) {
    submit_times.merge(producer->submit_times);
    trial.count(producer->submitted, producer->submitted - producer->tasks.left());
  }
  report(trial, cost, trial.submitted());
  trial.set_percentile("submit_p99_ns", submit_times, 99, 1ns);
}

}  // namespace

void run_empty_external(Trial& trial) { run_producers(trial, 1); }

void run_empty_external_many(Trial& trial) { run_producers(trial, trial.producers()); }

void run_empty_internal(Trial& trial) {
  Countdown tasks;
  std::int64_t submitted = 0;
  const auto spawn = [&trial, &tasks] {
    for (std::int32_t i = 0; i < kTasksAtOnce; ++i) trial.submit([&tasks] { tasks.arrive(); });
    tasks.arrive();
  };
  const Budget budget(0, kTime, kTime);
  const Stopwatch watch;
  do {
    tasks.expect(kTasksAtOnce + 1);
    trial.submit(spawn);
    tasks.wait();
    submitted += kTasksAtOnce + 1;
  } while (budget.goes_on(0));
  const Cost cost = watch.elapsed();
  trial.drain();
  trial.count(submitted, submitted - tasks.left());
  report(trial, cost, submitted);
}

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// timers.cc: what a timer costs while a million others are armed.
#include <chrono>
#include <cstdint>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "core/timer_queue.h"

namespace collet::bench {
namespace {

using std::chrono::nanoseconds;

constexpr std::size_t kArmed = 1'000'000;
constexpr std::size_t kBatch = 10'000;
constexpr std::size_t kPass = 64;  // timers that a pass of a loop touches

// A queue of a million, due within a minute, and the ids of all in the order of arming.
struct Crowd {
  Crowd() {
    std::uniform_int_distribution<std::int64_t> within(0, kMinute.count());
    ids.reserve(kArmed);
    for (std::size_t i = 0; i < kArmed; ++i)
      ids.push_back(queue.arm(nanoseconds(within(random)), [] {}));
  }

  static constexpr nanoseconds kMinute = std::chrono::minutes(1);

  std::mt19937_64 random{1};
  TimerQueue queue;
  std::vector<TimerId> ids;
};

// As idle timeouts are: each is put off by a minute before its minute is over, in turn.
void rearm_in_turn(benchmark::State& state) {
  constexpr nanoseconds kStep = Crowd::kMinute / kArmed;
  TimerQueue queue;
  std::vector<TimerId> ids;
  nanoseconds now{};
  for (std::size_t i = 0; i < kArmed; ++i) ids.push_back(queue.arm(now += kStep, [] {}));
  now = {};
  std::size_t turn = 0;
  for (auto _ : state) {
    queue.cancel(ids[turn]);
    ids[turn] = queue.arm(now + Crowd::kMinute, [] {});
    now += kStep;
    if (++turn == kArmed) turn = 0;
    if (turn % kPass == 0) benchmark::DoNotOptimize(queue.take_due(now));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(rearm_in_turn);

// Any of them, to any time: no order helps.
void rearm_at_random(benchmark::State& state) {
  Crowd crowd;
  struct Step {
    std::uint32_t which;
    nanoseconds when;
  };
  std::vector<Step> steps(kBatch);
  std::size_t next = kBatch;
  for (auto _ : state) {
    if (next == kBatch) {
      state.PauseTiming();
      for (Step& step : steps) {
        step = {static_cast<std::uint32_t>(crowd.random() % kArmed),
                nanoseconds(crowd.random() % static_cast<std::uint64_t>(Crowd::kMinute.count()))};
      }
      next = 0;
      state.ResumeTiming();
    }
    const Step& step = steps[next++];
    crowd.queue.cancel(crowd.ids[step.which]);
    crowd.ids[step.which] = crowd.queue.arm(step.when, [] {});
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(rearm_at_random);

// All that is due leaves, one after the other.
void fire(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    Crowd crowd;
    state.ResumeTiming();
    while (Task task = crowd.queue.take_due(nanoseconds::max())) task.run();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kArmed));
}
BENCHMARK(fire)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace collet::bench

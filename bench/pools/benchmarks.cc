// SPDX-License-Identifier: MIT
// benchmarks.cc: the table of micro-benchmarks.
#include "bench/pools/benchmark.h"

#include <algorithm>

#include <absl/strings/str_format.h>

namespace collet::bench {
namespace {

constexpr const char* kNothingToWake = "it runs a task within submit(): nobody is handed anything";
constexpr const char* kNeverEnds = "it runs a task within submit(): a chain of tasks would nest";

constexpr PoolFigure kEmptyExternal[] = {{"wall_ns_per_task", "wall/task", "ns"},
                                         {"cpu_ns_per_task", "CPU/task", "ns"},
                                         {"submit_p99_ns", "submit p99", "ns"}};
constexpr PoolFigure kPerTask[] = {{"wall_ns_per_task", "wall/task", "ns"},
                                   {"cpu_ns_per_task", "CPU/task", "ns"}};
constexpr PoolFigure kFanOut[] = {
    {"single_p50_us", "one by one p50", "µs"}, {"single_p99_us", "one by one p99", "µs"},
    {"single_cpu_us", "one by one CPU", "µs"}, {"bulk_p50_us", "in bulk p50", "µs"},
    {"bulk_p99_us", "in bulk p99", "µs"},      {"bulk_cpu_us", "in bulk CPU", "µs"}};
constexpr PoolFigure kPingPong[] = {{"round_trip_p50_us", "round trip p50", "µs"},
                                    {"round_trip_p99_us", "round trip p99", "µs"},
                                    {"cpu_us_per_round_trip", "CPU/round trip", "µs"}};
constexpr PoolFigure kWake[] = {{"start_p50_us", "start p50", "µs"},
                                {"start_p99_us", "start p99", "µs"},
                                {"cpu_us_per_wake", "CPU/wake", "µs"}};
constexpr PoolFigure kLongWake[] = {{"start_p50_us", "start p50", "µs"},
                                    {"start_p90_us", "start p90", "µs"},
                                    {"cpu_us_per_wake", "CPU/wake", "µs"}};
constexpr PoolFigure kSkewed[] = {{"makespan_ms", "makespan", "ms"},
                                  {"start_p99_ms", "start p99", "ms"},
                                  {"cpu_ms", "CPU", "ms"}};
constexpr PoolFigure kStarvation[] = {{"wait_max_us", "wait max", "µs"},
                                      {"wait_p50_us", "wait p50", "µs"},
                                      {"cpu_us_per_link", "CPU/link", "µs"}};
constexpr PoolFigure kTaskSize[] = {{"efficiency_100ns_percent", "0.1 µs", "%", true},
                                    {"efficiency_1us_percent", "1 µs", "%", true},
                                    {"efficiency_10us_percent", "10 µs", "%", true},
                                    {"efficiency_100us_percent", "100 µs", "%", true},
                                    {"efficiency_1ms_percent", "1 ms", "%", true},
                                    {"cpu_to_work_percent", "CPU/work", "%"}};

constexpr PoolBenchmark kBenchmarks[] = {
    {"empty-external", "empty tasks from outside, one producer",
     "One thread outside of the pool submits empty tasks one by one, 32768 at a time: what handing "
     "over costs.",
     kEmptyExternal, nullptr, 1, run_empty_external},
    {"empty-external-many", "empty tasks from outside, several producers",
     "As empty-external, by --producers threads at once: how the queue bears company.",
     kEmptyExternal, nullptr, 1, run_empty_external_many},
    {"empty-internal", "empty tasks from a worker",
     "A task submits 32768 empty ones: what spawning from inside of the pool costs.", kPerTask,
     nullptr, 1, run_empty_internal},
    {"fan-out-8", "fan-out and fan-in of 8 tasks",
     "From the first submit to the end of the last of 8 empty tasks, which a thread outside waits "
     "for; submitted one by one, and by submit_bulk().",
     kFanOut, kNothingToWake, 1, run_fan_out_8},
    {"fan-out-64", "fan-out and fan-in of 64 tasks", "As fan-out-8, of 64 tasks.", kFanOut,
     kNothingToWake, 1, run_fan_out_64},
    {"fan-out-1024", "fan-out and fan-in of 1024 tasks", "As fan-out-8, of 1024 tasks.", kFanOut,
     kNothingToWake, 1, run_fan_out_1024},
    {"ping-pong", "hand-off between workers",
     "Two hops of a task from one worker to another: a worker stays in its task until another has "
     "begun the next.",
     kPingPong, kNothingToWake, 2, run_ping_pong},
    {"wake-100us", "wake from idle, a task every 100 µs",
     "A thread outside sleeps 100 µs, then submits one task: from submit() to its start; the CPU "
     "time holds what idle workers burn.",
     kWake, kNothingToWake, 1, run_wake_100us},
    {"wake-1ms", "wake from idle, a task every 1 ms", "As wake-100us, with a gap of 1 ms.", kWake,
     kNothingToWake, 1, run_wake_1ms},
    {"wake-10ms", "wake from idle, a task every 10 ms",
     "As wake-100us, with a gap of 10 ms; p90, because p99 would take ten seconds a run.",
     kLongWake, kNothingToWake, 1, run_wake_10ms},
    {"skewed", "10 tasks of 1 ms among 990 of 10 µs",
     "1000 tasks submitted at once, of which each hundredth takes 1 ms and the others 10 µs: until "
     "all are done, and how long a task waits for its start.",
     kSkewed, kNothingToWake, 1, run_skewed},
    {"starvation", "a task from outside while local chains run",
     "Every worker has a chain of 5 µs tasks, each of which submits the next; meanwhile a thread "
     "outside submits one task at a time: how long it waits for its start.",
     kStarvation, kNeverEnds, 1, run_starvation},
    {"fork-join", "fib(21) by tasks and continuations",
     "Each call of fib(21) is a task, and the last of two to end goes on with their parent, so "
     "that "
     "no worker ever waits.",
     kPerTask, nullptr, 1, run_fork_join},
    {"task-size", "efficiency by the size of tasks",
     "Ideal over actual time of tasks of 0.1 µs to 1 ms, submitted one by one; ideal is the CPU "
     "time of the same work in a plain loop, divided by as many workers as have a CPU. A pool pays "
     "off where it has more than inline.",
     kTaskSize, nullptr, 1, run_task_size},
};

}  // namespace

std::span<const PoolBenchmark> pool_benchmarks() noexcept { return kBenchmarks; }

const PoolBenchmark* find_pool_benchmark(std::string_view name) noexcept {
  const auto* found = std::ranges::find(kBenchmarks, name, &PoolBenchmark::name);
  return found == std::end(kBenchmarks) ? nullptr : found;
}

std::string why_not_applicable(const PoolBenchmark& benchmark, bool has_threads, int workers) {
  if (!has_threads) return benchmark.why_not_inline == nullptr ? "" : benchmark.why_not_inline;
  if (workers >= benchmark.least_workers) return "";
  return absl::StrFormat("it takes %d workers, and there is --workers %d", benchmark.least_workers,
                         workers);
}

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// trial.h: one run of one benchmark on one pool: what it is given, and what it leaves.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include <collet/histogram.h>
#include <collet/thread_pool.h>

namespace collet::bench {

using PoolClock = std::chrono::steady_clock;

// What a stretch of a run took: wall time, and CPU time of all threads of this process.
struct Cost {
  std::chrono::nanoseconds wall{0};
  std::chrono::nanoseconds cpu{0};

  Cost& operator+=(const Cost& other) noexcept {
    wall += other.wall;
    cpu += other.cpu;
    return *this;
  }
};

class Stopwatch {
 public:
  Stopwatch() noexcept;
  Cost elapsed() const noexcept;

 private:
  PoolClock::time_point wall_;
  std::chrono::nanoseconds cpu_;
};

// How long a benchmark goes on: until it has the samples it wants, but at least and at most some
// time. A run thus ends on any machine.
class Budget {
 public:
  Budget(std::uint64_t samples, std::chrono::nanoseconds least, std::chrono::nanoseconds most)
      : samples_(samples), least_(least), most_(most) {}

  bool goes_on(std::uint64_t samples_so_far) const noexcept;

 private:
  const std::uint64_t samples_;
  const std::chrono::nanoseconds least_;
  const std::chrono::nanoseconds most_;
  const PoolClock::time_point begun_ = PoolClock::now();
};

// Samples that a percentile takes, with some to spare, and how much longer than usual a run may go
// on for them on a machine that has other things to do.
constexpr std::uint64_t kSamplesForP50 = 30;
constexpr std::uint64_t kSamplesForP99 = 1'050;
constexpr auto kPatience = std::chrono::milliseconds(1'200);

// Null if fewer than ten samples lie beyond it.
std::optional<std::chrono::nanoseconds> reliable_percentile(const Histogram& histogram,
                                                            double percent);

// Counts tasks down to 0, which one thread waits for. Must outlive every task that counts down:
// Trial::drain() before it goes.
class Countdown {
 public:
  // Only while nobody counts down.
  void expect(std::int32_t tasks) noexcept { left_.fetch_add(tasks, std::memory_order_relaxed); }

  // What a task did before is seen by whoever waits.
  void arrive() noexcept {
    if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) left_.notify_all();
  }
  void wait() const noexcept {
    std::int32_t left = 0;
    while ((left = left_.load(std::memory_order_acquire)) > 0) left_.wait(left);
  }
  // Tasks that have not run; less than none if one ran twice.
  std::int32_t left() const noexcept { return left_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int32_t> left_{0};
};

// Belongs to the thread that runs the benchmark, but for submit(), which any may call.
class Trial {
 public:
  // `workers`: how many the pool was asked for; 0 of one that has no threads. `parallelism`: how
  // many tasks could run at once on these CPUs, if all workers had one.
  Trial(ThreadPool& pool, int parallelism, int producers)
      : pool_(pool), parallelism_(parallelism), producers_(producers) {}

  int workers() const noexcept { return static_cast<int>(pool_.workers()); }
  int parallelism() const noexcept { return parallelism_; }
  int producers() const noexcept { return producers_; }

  // A pool that refuses a task ends the process, with a sentence: its figures would mean nothing.
  void submit(Task task);
  void submit_bulk(std::span<Task> tasks);

  // Says how many tasks were submitted, and how many ran as far as they themselves know.
  void count(std::int64_t submitted, std::int64_t run) noexcept;

  // Returns when no task runs any more. From here on the pool takes none.
  void drain() noexcept { pool_.stop(StopMode::drain); }

  // A figure of the benchmark's table, in its own unit.
  void set(const std::string& key, double value) { figures_[key] = value; }
  // In `unit`; unknown if fewer than ten samples lie beyond it.
  void set_percentile(const std::string& key, const Histogram& times, double percent,
                      std::chrono::nanoseconds unit);
  // Adds to what the whole took.
  void spend(const Cost& cost) noexcept { cost_ += cost; }

  const std::map<std::string, std::optional<double>>& figures() const noexcept { return figures_; }
  const Cost& cost() const noexcept { return cost_; }
  std::int64_t submitted() const noexcept { return submitted_; }
  std::int64_t run() const noexcept { return run_; }

 private:
  ThreadPool& pool_;
  const int parallelism_;
  const int producers_;
  std::map<std::string, std::optional<double>> figures_;
  Cost cost_;
  std::int64_t submitted_ = 0;
  std::int64_t run_ = 0;
};

// `of` over `by`, as a number: nanoseconds per task, or of another unit.
inline double per(std::chrono::nanoseconds of, double by) {
  return static_cast<double>(of.count()) / by;
}

}  // namespace collet::bench

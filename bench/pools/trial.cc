// SPDX-License-Identifier: MIT
// trial.cc: clocks, counts and percentiles.
#include "bench/pools/trial.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace collet::bench {
namespace {

std::chrono::nanoseconds cpu_so_far() noexcept {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

[[noreturn]] void end_refused() noexcept {
  std::fputs("collet-pool-load: the pool refused a task: memory has run out\n", stderr);
  std::_Exit(EXIT_FAILURE);
}

}  // namespace

Stopwatch::Stopwatch() noexcept : wall_(PoolClock::now()), cpu_(cpu_so_far()) {}

Cost Stopwatch::elapsed() const noexcept { return {PoolClock::now() - wall_, cpu_so_far() - cpu_}; }

bool Budget::goes_on(std::uint64_t samples_so_far) const noexcept {
  const auto passed = PoolClock::now() - begun_;
  return passed < least_ || (samples_so_far < samples_ && passed < most_);
}

std::optional<std::chrono::nanoseconds> reliable_percentile(const Histogram& histogram,
                                                            double percent) {
  constexpr double kLeastBeyond = 10;
  const double beyond = static_cast<double>(histogram.count()) * (100 - percent) / 100;
  // Rounding must not cost the tenth of exactly ten.
  if (beyond < kLeastBeyond - 1e-6) return std::nullopt;
  return histogram.percentile(percent);
}

void Trial::submit(Task task) {
  if (!pool_.submit(task)) end_refused();
}

void Trial::submit_bulk(std::span<Task> tasks) {
  if (pool_.submit_bulk(tasks) != tasks.size()) end_refused();
}

void Trial::count(std::int64_t submitted, std::int64_t run) noexcept {
  submitted_ += submitted;
  run_ += run;
}

void Trial::set_percentile(const std::string& key, const Histogram& times, double percent,
                           std::chrono::nanoseconds unit) {
  const auto time = reliable_percentile(times, percent);
  figures_[key] = std::nullopt;
  if (time) figures_[key] = per(*time, static_cast<double>(unit.count()));
}

}  // namespace collet::bench

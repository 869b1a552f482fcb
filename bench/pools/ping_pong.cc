// SPDX-License-Identifier: MIT
// ping_pong.cc: a task that goes from worker to worker.
#include <atomic>

#include "bench/pools/benchmark.h"
#include "bench/pools/trial.h"

namespace collet::bench {
namespace {

using namespace std::chrono_literals;

// A hop submits the next one and stays until that has begun. Its own worker is taken, so another
// one must begin it: no pool can keep the task where its data are warm. It waits asleep, so that
// this also says something on one CPU.
class Rally {
 public:
  explicit Rally(Trial& trial) : trial_(trial) {}

  void play() {
    over_.expect(1);
    trial_.submit([this] { hop(0); });
    over_.wait();
  }

  const Histogram& round_trips() const noexcept { return round_trips_; }
  std::int64_t hops() const noexcept { return begun_.load(); }

 private:
  // One at a time writes what is not atomic: a hop's submit() orders it before the next.
  void hop(std::int32_t number) {
    const auto now = PoolClock::now();
    begun_.store(number + 1, std::memory_order_release);
    begun_.notify_all();
    if (number % 2 == 0) {
      if (number > 0) round_trips_.record(now - served_at_);
      served_at_ = now;
    }
    if (number % 2 == 0 && !budget_.goes_on(round_trips_.count())) {
      over_.arrive();
      return;
    }
    trial_.submit([this, next = number + 1] { hop(next); });
    std::int32_t begun = 0;
    while ((begun = begun_.load(std::memory_order_acquire)) < number + 2) begun_.wait(begun);
  }

  Trial& trial_;
  const Budget budget_{kSamplesForP99, 150ms, kPatience};
  std::atomic<std::int32_t> begun_{0};  // release in a hop, acquire in the one that waits for it
  Countdown over_;
  Histogram round_trips_;
  PoolClock::time_point served_at_;
};

}  // namespace

void run_ping_pong(Trial& trial) {
  Rally rally(trial);
  const Stopwatch watch;
  rally.play();
  const Cost cost = watch.elapsed();
  trial.drain();
  trial.spend(cost);
  trial.count(rally.hops(), rally.hops());
  const Histogram& trips = rally.round_trips();
  trial.set_percentile("round_trip_p50_us", trips, 50, 1us);
  trial.set_percentile("round_trip_p99_us", trips, 99, 1us);
  trial.set("cpu_us_per_round_trip", per(cost.cpu, 1e3 * static_cast<double>(trips.count())));
}

}  // namespace collet::bench

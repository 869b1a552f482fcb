// SPDX-License-Identifier: MIT
// starvation.cc: whether workers that always have something of their own to do look at what comes
// from outside.
#include <atomic>
#include <thread>
#include <vector>

#include "bench/pools/benchmark.h"
#include "bench/pools/trial.h"
#include "bench/pools/work.h"

namespace collet::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto kTime = 250ms;

// A task that submits its successor, until it is told to stop or the time is over. The latter ends
// it also where the thread outside waits for a task that no worker takes.
class Chain {
 public:
  Chain(Trial& trial, std::uint64_t rounds, const std::atomic<bool>& stop, Countdown& chains)
      : trial_(trial), rounds_(rounds), stop_(stop), chains_(chains) {}

  void run() {
    ++links_;
    burn(rounds_);
    const bool over = stop_.load(std::memory_order_relaxed) || PoolClock::now() >= end_;
    if (over) {
      chains_.arrive();
    } else {
      trial_.submit([this] { run(); });
    }
  }
  std::int64_t links() const noexcept { return links_; }  // once it is over

 private:
  Trial& trial_;
  const std::uint64_t rounds_;
  const std::atomic<bool>& stop_;
  Countdown& chains_;
  const PoolClock::time_point end_ = PoolClock::now() + kPatience;
  std::int64_t links_ = 0;
};

}  // namespace

void run_starvation(Trial& trial) {
  const std::uint64_t rounds = Pace().rounds_in(5us);
  std::atomic<bool> stop{false};
  Countdown running;
  std::vector<Chain> chains(static_cast<std::size_t>(trial.workers()),
                            Chain(trial, rounds, stop, running));
  running.expect(trial.workers());
  Countdown probe;
  Histogram waits;
  const Budget budget(kSamplesForP50, kTime, kPatience);
  const Stopwatch watch;
  for (Chain& chain : chains) trial.submit([&chain] { chain.run(); });
  do {
    std::this_thread::sleep_for(100us);
    probe.expect(1);
    trial.submit([&probe, &waits, submitted = PoolClock::now()] {
      waits.record(PoolClock::now() - submitted);
      probe.arrive();
    });
    probe.wait();
  } while (budget.goes_on(0));
  stop.store(true, std::memory_order_relaxed);
  running.wait();
  const Cost cost = watch.elapsed();
  trial.drain();
  trial.spend(cost);
  std::int64_t links = 0;
  for (const Chain& chain : chains) links += chain.links();
  const auto probes = static_cast<std::int64_t>(waits.count());
  trial.count(links + probes, links + probes - probe.left());
  trial.set("wait_max_us", per(waits.max(), 1e3));
  trial.set_percentile("wait_p50_us", waits, 50, 1us);
  trial.set("cpu_us_per_link", per(cost.cpu, 1e3 * static_cast<double>(links)));
}

}  // namespace collet::bench

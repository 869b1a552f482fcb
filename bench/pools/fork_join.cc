// SPDX-License-Identifier: MIT
// fork_join.cc: fib by tasks. Nobody waits for a child: the last of two to end adds up and goes on
// with the parent, so that one worker is enough and inline has no more than 21 calls on its stack.
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "bench/pools/benchmark.h"
#include "bench/pools/trial.h"

namespace collet::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kN = 21;
constexpr std::uint64_t kFib = 10'946;

// Of the calls that have children, by n: each has a place of its own, known beforehand, so that
// finding one costs neither a lock nor an allocation.
constexpr std::array<std::uint32_t, kN + 1> kForks = [] {
  std::array<std::uint32_t, kN + 1> forks{};
  for (std::size_t n = 2; n <= kN; ++n) forks[n] = 1 + forks[n - 1] + forks[n - 2];
  return forks;
}();

// A call that waits for two.
struct Fork {
  std::uint32_t parent = 0;
  std::atomic<std::uint32_t> missing{0};  // the last to end sees what both added
  std::atomic<std::uint64_t> sum{0};
};

class Tree {
 public:
  explicit Tree(Trial& trial) : trial_(trial), forks_(kForks[kN]) {}

  std::uint64_t run() {
    done_.expect(1);
    trial_.submit([this] { call(kN, 0, 0); });
    done_.wait();
    return forks_[0].sum.load(std::memory_order_relaxed);
  }

 private:
  // fib(n), whose fork, if it has one, is at `place`, for the fork at `parent`.
  void call(std::uint32_t n, std::uint32_t place, std::uint32_t parent) {
    if (n < 2) {
      finish(parent, n);
      return;
    }
    Fork& fork = forks_[place];
    fork.parent = parent;
    fork.sum.store(0, std::memory_order_relaxed);
    fork.missing.store(2, std::memory_order_relaxed);
    trial_.submit([this, n, place] { call(n - 1, place + 1, place); });
    trial_.submit([this, n, place] { call(n - 2, place + 1 + kForks[n - 1], place); });
  }

  void finish(std::uint32_t place, std::uint64_t value) {
    while (true) {
      Fork& fork = forks_[place];
      fork.sum.fetch_add(value, std::memory_order_relaxed);
      if (fork.missing.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
      if (place == 0) break;
      value = fork.sum.load(std::memory_order_relaxed);
      place = fork.parent;
    }
    done_.arrive();
  }

  Trial& trial_;
  std::vector<Fork> forks_;
  Countdown done_;
};

}  // namespace

void run_fork_join(Trial& trial) {
  constexpr std::int64_t kCalls = 2 * std::int64_t{kForks[kN]} + 1;
  Tree tree(trial);
  std::int64_t calls = 0;
  std::int64_t wrong = 0;
  const Budget budget(0, 250ms, 250ms);
  const Stopwatch watch;
  do {
    if (tree.run() != kFib) ++wrong;
    calls += kCalls;
  } while (budget.goes_on(0));
  const Cost cost = watch.elapsed();
  trial.drain();
  trial.spend(cost);
  // A tree with a wrong sum has lost a call, or made one twice.
  trial.count(calls, calls - wrong);
  trial.set("wall_ns_per_task", per(cost.wall, static_cast<double>(calls)));
  trial.set("cpu_ns_per_task", per(cost.cpu, static_cast<double>(calls)));
}

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// work.cc: a linear congruential generator whose result nobody reads.
#include "bench/pools/work.h"

#include <algorithm>

namespace collet::bench {

[[gnu::noinline]] void burn(std::uint64_t rounds) noexcept {
  std::uint64_t x = rounds;
  for (std::uint64_t i = 0; i < rounds; ++i) {
    x = x * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
    asm volatile("" : "+r"(x));  // someone might read it, as far as the compiler knows
  }
}

Pace::Pace() noexcept {
  constexpr std::uint64_t kRounds = 20'000;
  constexpr int kTries = 20;
  for (int i = 0; i < kTries; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    burn(kRounds);
    const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - begin;
    const double pace =
        static_cast<double>(kRounds) / static_cast<double>(std::max<std::int64_t>(took.count(), 1));
    rounds_per_ns_ = i == 0 ? pace : std::max(rounds_per_ns_, pace);
  }
}

std::uint64_t Pace::rounds_in(std::chrono::nanoseconds time) const noexcept {
  return std::max<std::uint64_t>(
      static_cast<std::uint64_t>(rounds_per_ns_ * static_cast<double>(time.count())), 1);
}

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// dice.h: chance that is the same in every run: it depends on a seed, never on time.
#pragma once

#include <atomic>
#include <cstdint>

namespace collet {

// Any thread may throw them; those of one thread alone fall the same each time.
class Dice {
 public:
  // Different instances of one seed differ.
  Dice(std::int64_t seed, std::uint64_t instance) noexcept
      : state_(scramble(static_cast<std::uint64_t>(seed)) + scramble(~instance)) {}

  // What never happens costs no throw, so that one fault is where it is whatever the others are.
  bool chance(std::int64_t parts_per_million) noexcept {
    return parts_per_million > 0 &&
           below(1'000'000) < static_cast<std::uint64_t>(parts_per_million);
  }

  // From 0 to `bound` - 1.
  std::uint64_t below(std::uint64_t bound) noexcept {
    constexpr std::uint64_t kStep = 0x9e37'79b9'7f4a'7c15;  // splitmix64
    return scramble(state_.fetch_add(kStep, std::memory_order_relaxed)) % bound;
  }

 private:
  static constexpr std::uint64_t scramble(std::uint64_t x) noexcept {
    x = (x ^ (x >> 30)) * 0xbf58'476d'1ce4'e5b9;
    x = (x ^ (x >> 27)) * 0x94d0'49bb'1331'11eb;
    return x ^ (x >> 31);
  }

  std::atomic<std::uint64_t> state_;
};

}  // namespace collet

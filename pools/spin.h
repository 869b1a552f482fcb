// SPDX-License-Identifier: MIT
// spin.h: looking for something for a while before going to sleep.
#pragma once

#include <chrono>

namespace collet {

// Leaves the core to its other thread for a moment.
inline void pause_core() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb" ::: "memory");
#endif
}

// Asks `found` until it says so or `longest` is over; returns what it said last. Zero: not at all.
template <typename Found>
bool spin_until(std::chrono::nanoseconds longest, const Found& found) noexcept {
  using Clock = std::chrono::steady_clock;
  constexpr int kLooksPerReadingOfTheClock = 8;
  if (longest <= longest.zero()) return false;
  const auto end = Clock::now() + longest;
  do {
    for (int i = 0; i < kLooksPerReadingOfTheClock; ++i) {
      if (found()) return true;
      pause_core();
    }
  } while (Clock::now() < end);
  return false;
}

}  // namespace collet

// SPDX-License-Identifier: MIT
// wake_storm.h: four threads that wake one which waits, of either seam.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace collet::conformance {

// Calls `wake` 100000 times from four threads, and `wait` until each of these was seen. Each thread
// wakes again only when its last wake was, so that the waiter sleeps in between; one that loses a
// wake never comes back.
template <typename Wake, typename Wait>
void wake_from_four_threads(const Wake& wake, const Wait& wait) {
  constexpr int kThreads = 4;
  constexpr int kWakes = 25'000;  // of each thread
  std::atomic<std::uint64_t> posted{0};
  std::atomic<std::uint64_t> seen{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < kWakes; ++k) {
        const std::uint64_t mine = posted.fetch_add(1) + 1;
        wake();
        while (seen.load() < mine) std::this_thread::yield();
      }
    });
  }
  while (seen.load() < std::uint64_t{kThreads} * kWakes) {
    wait();
    seen.store(posted.load());
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace collet::conformance

// SPDX-License-Identifier: MIT
// wake_storm.h: threads that wake one which waits, of either seam.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace collet::conformance {

// Calls `wake` so many times from each of several threads, and `wait` until each of these was seen.
// Each thread wakes again only when its last wake was, so that the waiter sleeps in between; one
// that loses a wake never comes back.
template <typename Wake, typename Wait>
void wake_from_threads(int thread_count, int wakes, const Wake& wake, const Wait& wait) {
  const auto all = static_cast<std::uint64_t>(thread_count) * static_cast<std::uint64_t>(wakes);
  std::atomic<std::uint64_t> posted{0};
  std::atomic<std::uint64_t> seen{0};
  std::atomic<std::uint64_t> turns{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < thread_count; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < wakes; ++k) {
        // Another number of turns each time, so as to meet the waiter at every step to sleep.
        for (int turn = 0; turn < k % 97; ++turn) turns.fetch_add(1);
        const std::uint64_t mine = posted.fetch_add(1) + 1;
        wake();
        while (seen.load() < mine) std::this_thread::yield();
      }
    });
  }
  while (seen.load() < all) {
    wait();
    seen.store(posted.load());
  }
  for (std::thread& thread : threads) thread.join();
}

template <typename Wake, typename Wait>
void wake_from_four_threads(const Wake& wake, const Wait& wait) {
  wake_from_threads(4, 25'000, wake, wait);
}

// Each wake stands alone: where one is lost, no other makes up for it.
template <typename Wake, typename Wait>
void wake_one_at_a_time(const Wake& wake, const Wait& wait) {
  wake_from_threads(1, 20'000, wake, wait);
}

}  // namespace collet::conformance

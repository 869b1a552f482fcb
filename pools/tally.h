// SPDX-License-Identifier: MIT
// tally.h: counts what one thread does, for others to read.
#pragma once

#include <atomic>
#include <cstdint>

namespace collet {

class Tally {
 public:
  // Whoever reads the new number (acquire, in get()) sees what was done before it was counted
  // (release).
  void add(std::uint64_t more) noexcept {
    count_.store(count_.load(std::memory_order_relaxed) + more, std::memory_order_release);
  }
  std::uint64_t get() const noexcept { return count_.load(std::memory_order_acquire); }

 private:
  std::atomic<std::uint64_t> count_{0};
};

}  // namespace collet

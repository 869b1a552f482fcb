// SPDX-License-Identifier: MIT
// work.h: CPU time to spend, as a fixed amount of work. Waiting for a clock would take a task that
// had lost its CPU for one that had done its work.
#pragma once

#include <chrono>
#include <cstdint>

namespace collet::bench {

// `rounds` of arithmetic, each of which needs the one before. No compiler can leave it out.
void burn(std::uint64_t rounds) noexcept;

// How many rounds take this long on this machine, now: the quickest of several tries counts. Takes
// about a millisecond.
class Pace {
 public:
  Pace() noexcept;
  std::uint64_t rounds_in(std::chrono::nanoseconds time) const noexcept;

 private:
  double rounds_per_ns_ = 1;
};

}  // namespace collet::bench

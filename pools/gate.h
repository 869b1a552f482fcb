// SPDX-License-Identifier: MIT
// gate.h: who is inside of a pool that has no lock, so that its stop() knows when nobody is.
#pragma once

#include <atomic>
#include <cstdint>

namespace collet {

class Gate {
 public:
  // False: it is shut. Else leave() follows.
  bool enter() noexcept {
    if ((state_.fetch_add(kOneCaller) & kShut) == 0) return true;
    leave();
    return false;
  }
  void leave() noexcept {
    if (state_.fetch_sub(kOneCaller) == kOneCaller + kShut) state_.notify_all();
  }

  // Lets nobody in any more. False if it was shut before.
  bool shut() noexcept { return (state_.fetch_or(kShut) & kShut) == 0; }

  // Once it is shut; not from inside.
  void wait_until_empty() noexcept {
    for (auto state = state_.load(); state != kShut; state = state_.load()) state_.wait(state);
  }

 private:
  static constexpr std::uint64_t kShut = 1;
  static constexpr std::uint64_t kOneCaller = 2;

  // The number of callers inside, doubled, and whether it is shut: one word, or one could slip in.
  std::atomic<std::uint64_t> state_{0};
};

}  // namespace collet

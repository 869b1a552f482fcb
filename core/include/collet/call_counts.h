// SPDX-License-Identifier: MIT
// call_counts.h: how often a backend was called, counted by the decorator `count` over all
// instances of one choice (Backend::counts()).
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace collet {

class CallCounts {
 public:
  // Those of a Poller first, up to `wake`.
  enum class Kind : std::uint8_t {
    wait,
    events,
    add,
    modify,
    remove,
    wake,
    run,
    opened,
    start,
    stop,
    send_now,
    send,
    shutdown,
    close,
    release,
    completions,
    bytes_in,
    bytes_out,
  };
  static constexpr std::array<const char*, 18> kNames{
      "wait",     "events", "add",     "modify",      "remove",   "wake",
      "run",      "opened", "start",   "stop",        "send_now", "send",
      "shutdown", "close",  "release", "completions", "bytes_in", "bytes_out"};

  // Any thread.
  void add(Kind kind, std::uint64_t count = 1) noexcept {
    counts_[static_cast<std::size_t>(kind)].fetch_add(count, std::memory_order_relaxed);
  }
  // By the place in kNames. Exact when nobody is calling.
  std::uint64_t operator[](std::size_t place) const noexcept {
    return counts_[place].load(std::memory_order_relaxed);
  }
  std::uint64_t operator[](Kind kind) const noexcept {
    return (*this)[static_cast<std::size_t>(kind)];
  }

 private:
  std::array<std::atomic<std::uint64_t>, kNames.size()> counts_{};
};

}  // namespace collet

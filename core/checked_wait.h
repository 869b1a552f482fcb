// SPDX-License-Identifier: MIT
// checked_wait.h: waits, and does not believe a Poller that reports more than there is room for.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>

#include <collet/poller.h>

namespace collet {

// Ends the process, after a line that says why.
[[noreturn, gnu::cold]] void end_for_too_many(std::size_t count, std::size_t room) noexcept;

// What lies behind `ready` would be taken for events: the usual mistake is to return the -1 of a
// system call as it is.
inline std::size_t checked_wait(Poller& poller, std::span<Event> ready,
                                std::chrono::nanoseconds timeout) noexcept {
  const std::size_t count = poller.wait(ready, timeout);
  if (count > ready.size()) [[unlikely]] {
    end_for_too_many(count, ready.size());
  }
  return count;
}

}  // namespace collet

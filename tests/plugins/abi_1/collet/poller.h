// SPDX-License-Identifier: MIT
// poller.h: the lower backend seam. A Poller says *when* a descriptor is ready.
//
// Five operations and no policy: about a hundred lines make a backend. ReadinessProactor
// (readiness_proactor.h) turns any Poller into what the event loop runs on.
//
// Rules, each with a conformance test:
//   P1  Level-triggered: a condition that persists is reported by every wait(), or, where more
//       descriptors are ready than fit, by one of the next: none is passed over for ever.
//   P2  Events may be spurious; a missing one is a bug.
//   P3  After remove(fd), no wait() that begins later reports it, even if the number is used again.
//   P4  error and hang_up are reported whatever the interest.
//   P5  wake() ends the wait() in progress, or else the next one. Wakes merge; none is lost.
//   P6  A timeout never expires early: what the kernel counts coarser is rounded up.
//
// Every call but wake() is made by the one thread that runs the loop.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include <collet/handle.h>

namespace collet {

// A set of conditions. In an Interest: what is watched. In an Event: what happened. The values are
// those of poll(2) and epoll(7), so that backends need not translate.
enum class Readiness : std::uint32_t {
  none = 0,
  read = 0x01,
  write = 0x04,
  error = 0x08,    // only in events
  hang_up = 0x10,  // only in events: both directions are shut
};
using Interest = Readiness;

constexpr Readiness operator|(Readiness a, Readiness b) noexcept {
  return static_cast<Readiness>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}
constexpr Readiness operator&(Readiness a, Readiness b) noexcept {
  return static_cast<Readiness>(static_cast<std::uint32_t>(a) & static_cast<std::uint32_t>(b));
}
constexpr bool has(Readiness set, Readiness any_of) noexcept {
  return (set & any_of) != Readiness::none;
}

struct Event {
  Token token{};
  Readiness ready = Readiness::none;
};

class Poller {
 public:
  virtual ~Poller() = default;

  // Watches `fd`, which stays the caller's, to be removed before it is closed. An interest of
  // `none` still reports error and hang_up. `token` is any value but ~0, which backends keep for
  // themselves. Returns 0 or an errno: EEXIST if already watched.
  virtual int add(int fd, Interest interest, Token token) noexcept = 0;

  // Replaces interest and token. Returns 0 or an errno: ENOENT if not watched.
  virtual int modify(int fd, Interest interest, Token token) noexcept = 0;

  // Forgets `fd`. Returns 0 or an errno: ENOENT if not watched.
  virtual int remove(int fd) noexcept = 0;

  // Blocks until something is ready, wake() is called, or `timeout` has passed; zero does not
  // block, nanoseconds::max() never expires. Fills `ready` from the front and returns the count,
  // which is 0 after a wake, a timeout or an interruption. A count below ready.size() means that
  // all that was ready has been reported.
  virtual std::size_t wait(std::span<Event> ready, std::chrono::nanoseconds timeout) noexcept = 0;

  // Ends the wait() in progress or the next one. Any thread, at any time before destruction.
  virtual void wake() noexcept = 0;
};

}  // namespace collet

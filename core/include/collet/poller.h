// SPDX-License-Identifier: MIT
// poller.h: the lower backend seam. A Poller says *when* a descriptor is ready.
//
// Five operations and no policy: about a hundred lines make a backend. ReadinessProactor
// (readiness_proactor.h) turns any Poller into what the event loop runs on.
//
// Rules. collet-conform judges every backend by those with two numbers, one test each:
//   P1  Level-triggered: a condition that persists is reported by every wait(), or, where more
//       descriptors are ready than fit, by one of the next: none is passed over for ever.
//         P1.1   readability is reported by every wait() while it lasts
//         P1.2   so is writability, alone and beside readability
//         P1.3   readiness older than the interest is reported
//         P1.4   modify() replaces interest and token at once
//         P1.5   an interest dropped and taken up again is served
//         P1.6   few places for events lose none: what did not fit comes later
//         P1.7   what was read in part is reported again
//         P1.8   of thousands of descriptors just those that are ready are reported
//         P1.9   a count below the room means that all that is ready was reported
//         P1.10  a token comes back as it was given, whatever its value
//   P2  Events may be spurious, but not by each wait(); a missing one is a bug.
//         P2.1   pipes, eventfds, timers and listeners are reported like streams
//         P2.2   a connect that succeeds or is refused ends in writability or error
//         P2.3   a full socket is silent until there is room, and then writable
//         P2.4   20000 random steps: nothing is missing, nothing removed is reported
//   P3  After remove(fd), no wait() that begins later reports it, even if the number is used again.
//         P3.1   remove() silences an event that is ready already
//         P3.2   it silences a descriptor that has a duplicate
//         P3.3   a number used again is not reported under its predecessor's token
//         P3.4   what a batch reports may be removed while the batch is handled
//         P3.5   removing one leaves the others of its batch reported
//         P3.6   added and removed a thousand times, a descriptor is served each time
//         P3.7   a number used again while its batch is handled is another's altogether
//   P4  error and hang_up are reported whatever the interest.
//         P4.1   hang_up is reported with interest none, read and write
//         P4.2   so is error
//         P4.3   the end of a peer's sending is readable
//         P4.4   half a close is no hang_up, and leaves the stream writable
//         P4.5   bytes before a hang_up stay readable beside it
//         P4.6   a hang_up older than add() and modify() is reported
//         P4.7   so is one behind urgent data that nobody reads
//   P5  wake() ends the wait() in progress, or else the next one. Wakes merge; none is lost.
//         P5.1   a wake while nobody waits ends the next wait()
//         P5.2   a thousand wakes end one wait(), not several
//         P5.3   a wake takes no event's place
//         P5.4   100000 wakes from four threads: none is lost
//         P5.5   a wake ends the wait() in progress
//         P5.6   one wakes itself as well as others, and only its own Poller
//         P5.7   wakes without pause hide no event
//         P5.8   20000 wakes, one at a time: each ends a wait()
//   P6  A timeout never expires early: what the kernel counts coarser is rounded up. Only events,
//       wakes and signals end a wait() before.
//         P6.1   no timeout expires early, from 1 ns to 7 ms
//         P6.2   a timeout of zero does not block
//         P6.3   timeouts beyond INT_MAX ms, and for ever, do not overflow
//         P6.4   a timeout does expire
//         P6.5   an event ends the wait() in progress, whatever its timeout
//         P6.6   signals end a wait() at most: no event, wake or timeout is lost
//   P7  A call that fails changes nothing and says why: EEXIST, ENOENT, EBADF, EPERM, ENOSPC.
//         P7.1   add() of what is watched is EEXIST, and changes nothing
//         P7.2   modify() and remove() of what is not watched are ENOENT
//         P7.3   add() of a descriptor that is not open is EBADF, and leaves nothing behind
//         P7.4   add() of a regular file is EPERM, or the file is ready or failed for good
//   P8  Waiting costs nothing, and what a Poller held is given back when it goes.
//         P8.1   a descriptor stays the caller's, open when the Poller is gone
//         P8.2   waiting uses no CPU and wakes no thread
//         P8.3   urgent data, which nobody asked for, keeps nobody busy
//         P8.4   with no descriptor left, what is watched is served and wakes arrive
//         P8.5   one made on one thread may run and end on another
//         P8.6   a hundred made and destroyed leave no descriptor and no thread behind
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
  // themselves. Returns 0 or an errno: EEXIST if already watched, EPERM if there is nothing to wait
  // for, as with a regular file. Where that is watched all the same, every wait() reports what it
  // was asked for, or an error.
  //
  // ENOSPC if this Poller is full: its mechanism has room for no more descriptors, or none for a
  // number so high. 256 descriptors, each of a number below 1024, always find room. Whose
  // connection it is then closes it, a server says so in its log, and rules that need more
  // descriptors are not judged.
  virtual int add(int fd, Interest interest, Token token) noexcept = 0;

  // Replaces interest and token. Returns 0 or an errno: ENOENT if not watched.
  virtual int modify(int fd, Interest interest, Token token) noexcept = 0;

  // Forgets `fd`. Returns 0 or an errno: ENOENT if not watched.
  virtual int remove(int fd) noexcept = 0;

  // Blocks until something is ready, wake() is called, or `timeout` has passed; zero does not
  // block, nanoseconds::max() never expires. Fills `ready` from the front and returns the count,
  // which is 0 after a wake, a timeout or an interruption. A count below ready.size() means that
  // all that was ready has been reported; one above it, as the -1 of a system call becomes, ends
  // the process.
  virtual std::size_t wait(std::span<Event> ready, std::chrono::nanoseconds timeout) noexcept = 0;

  // Ends the wait() in progress or the next one. Any thread, at any time before destruction.
  virtual void wake() noexcept = 0;
};

}  // namespace collet

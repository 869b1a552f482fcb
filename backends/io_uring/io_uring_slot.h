// SPDX-License-Identifier: MIT
// io_uring_slot.h: what a handle of the io_uring proactor names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <collet/handle.h>
#include <collet/poller.h>

namespace collet {

// A cache line. It stays in use until both of its requests have come to their end and all notices
// have come, so that no outcome ever reaches a successor.
struct IoUringSlot {
  enum class Kind : std::uint8_t { free, listener, stream, watch };

  int fd = -1;
  std::uint32_t index = 0;
  std::uint32_t generation = 1;
  Interest interest = Interest::none;  // of a watch
  Token token{};
  std::span<const std::byte> bytes{};  // of send()
  std::size_t sent = 0;
  // Of what the kernel sends without copying it: notices yet to come that it is done with a part of
  // `bytes`. Until then send() has not completed; and if there is nothing more to be asked for, how
  // it will.
  std::uint16_t notices = 0;
  std::uint16_t send_error = 0;
  Kind kind = Kind::free;

  // What the kernel has, or will have after the next enter().
  bool input = false;   // accept, receive or poll
  bool output = false;  // send, or the poll of a connect

  bool started = false;  // by start(); its last completion has not been delivered
  bool stopping = false;
  bool connecting = false;
  bool used = false;  // too late for release()
  bool closing = false;
  // Whether it is in the proactor's list of that name.
  bool due = false;
  bool parked = false;
  bool waits_for_room = false;  // for the rest of what it sends

  // Seldom looked at, hence bits.
  bool reset : 1 = false;
  bool ended : 1 = false;     // closing: the peer has been told
  bool uncopied : 1 = false;  // the send request that the kernel has or had last
  bool copies : 1 = false;    // the socket sends nothing without copying it
  bool refuses : 1 = false;   // a listener's Unix path, if it had one, may by now be another's
  bool holds : 1 = false;     // a listener: sockets accepted after stop()
  // The next poll request of a watch, or for room, is to be multishot. The kernel always tells that
  // the peer has ended, even if that was not asked for; a multishot request does so once, and goes
  // on to tell what else happens.
  bool patient : 1 = false;

  Handle handle() const noexcept { return {index, generation}; }
  bool idle() const noexcept { return !input && !output; }
  bool sends() const noexcept { return output || notices != 0; }
};
static_assert(sizeof(IoUringSlot) == 64);

}  // namespace collet

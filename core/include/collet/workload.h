// SPDX-License-Identifier: MIT
// workload.h: what a server does for a connection, and what a client does to it and checks. Both
// halves stand together, because each is the other's specification. For workloads out of plugins;
// collet does the rest: connecting, pipelining, closed and open loops, times, limits.
//
// Rules. collet-conform judges every workload out of a plugin by those with two numbers, one test
// each. Some bytes of a reply may vary by themselves, as a date does: where several conversations
// alike differ, nothing is compared, and what a client makes of those bytes is its own affair.
//   W1  A session is of one connection. Its calls never overlap; they may come on any thread, as
//       may those that make and delete it.
//         W1.1   sessions called on changing threads say what they say on one
//         W1.2   conversations whose calls alternate say what each says alone
//         W1.3   so do conversations at once, each begun and ended on a thread of its own
//         W1.4   sessions deleted in the middle, on another thread, leave the others as they are
//   W2  Bytes arrive in order, in pieces of any size, each once. They are gone when the call
//       returns, and so is the sink.
//         W2.1   what a server was given is overwritten after each call, and no reply shows it
//         W2.2   what a client was given is overwritten too, and it is right all the same
//         W2.3   nothing is written to the sink of an earlier call
//   W3  A reply depends on its request alone, never on how bytes were cut into pieces.
//         W3.1   requests that arrive byte by byte are answered like those that arrive whole
//         W3.2   so are those that are cut in two, wherever that is
//         W3.3   so are those in random pieces, with the ends of several in one
//   W4  A client's session accepts every right reply and no wrong one, and counts each reply in the
//       call that completes it.
//         W4.1   byte by byte, each reply is counted with its last byte, and none before
//         W4.2   in random pieces, each call counts the replies that end in it
//         W4.3   bytes behind the last reply are wrong, even those of the next one
//         W4.4   a reply is wrong when all of its bytes are others
//         W4.5   it is wrong with one other byte, where replies to different requests differ
//         W4.6   replies in another order are wrong, where they differ
//   W5  Sessions of one shape but of different serials send different bytes, so that a reply to
//       somebody else is seen to be wrong.
//         W5.1   no two of 70 serials, the largest included, send the same
//         W5.2   the replies to another serial are wrong, where they differ
//   W6  A request has the payload of its shape, of traits.least_payload_bytes or more, and at most
//       traits.framing_bytes around it. How many are written at once makes no difference.
//         W6.1   payloads of the least size, of the usual one and of others are sent and answered
//         W6.2   a request is as long as its payload, and longer by framing_bytes at most
//         W6.3   write_requests(n) writes what n times write_requests(1) writes
//   W7  A request is answered in the call that brings its end, since no other need follow, and
//       counted in Served::requests. The server goes on until the peer ends.
//         W7.1   a request is answered in the call that brings its last byte
//         W7.2   so it is when that call brings a part of the next one
//         W7.3   neither the peer's end nor half a request before it takes an answer away
//         W7.4   Served::requests of all calls add up to the requests sent
//         W7.5   right requests end no connection: the server neither finishes nor closes
//         W7.6   random steps of both halves: nothing is wrong, all is answered
//   W8  No bytes do harm: they are wrong, or end the connection. A session that cannot be made is
//       refused with a reason.
//         W8.1   a server lives through random bytes, spoilt requests and the end after them
//         W8.2   a client lives through random bytes and counts no more than was asked
//         W8.3   whatever options and payload, a session is made, or refused with a reason
//         W8.4   options that are unknown or out of range are refused
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <collet/option.h>

namespace collet {

// Takes bytes to be sent: copies them, unless they lie in the input of this very call. The host's;
// valid during the call it was given to.
class ByteSink {
 public:
  virtual void write(std::span<const std::byte> bytes) noexcept = 0;

 protected:
  ~ByteSink() = default;
};

// What is to follow a call of a server's session.
enum class Then : std::uint32_t {
  go_on,
  finish,  // when what was written is sent, no more follows; the peer may go on
  close,   // as soon as what was written is sent
};

struct Served {
  std::uint32_t requests = 0;  // that this call answered, for the Watcher
  Then then = Then::go_on;
};

// The server's half. Deleted on any thread.
class ServerSession {
 public:
  virtual ~ServerSession() = default;

  virtual Served on_open(ByteSink& out) noexcept = 0;
  virtual Served on_data(std::span<const std::byte> bytes, ByteSink& out) noexcept = 0;

  // The peer will send no more; replies may still be written.
  virtual Served on_end(ByteSink& out) noexcept = 0;
};

// What came of bytes from the server.
struct Checked {
  std::uint32_t replies = 0;  // that have become complete
  bool wrong = false;         // no right reply begins so: the connection has failed
};

// The client's half.
class ClientSession {
 public:
  virtual ~ClientSession() = default;

  // Appends the next `count` requests; false if it cannot.
  virtual bool write_requests(std::size_t count, ByteSink& out) noexcept = 0;

  virtual Checked on_data(std::span<const std::byte> bytes) noexcept = 0;
};

// What the requests of one connection look like.
struct ClientShape {
  std::uint64_t payload_bytes = 0;  // of each request
  std::uint64_t pipeline = 1;       // so many may be unanswered at once
  std::uint64_t serial = 0;         // no other connection of this load has it
};

// How a workload is loaded unless the user says otherwise, and what may be asked of it.
struct WorkloadTraits {
  std::uint64_t connections = 64;
  std::uint64_t payload_bytes = 64;
  std::uint64_t least_payload_bytes = 1;
  std::uint64_t framing_bytes = 0;  // at most so many surround a request's payload on the wire
};

struct WorkloadDescription {
  const char* name;     // lower case letters, digits, _ ; starts with a letter
  const char* summary;  // one line for --list
  std::span<const OptionDescription> options;
  WorkloadTraits traits;

  // One for each connection, on any thread, also on several at once; null with `why_not` filled in
  // on failure. The host owns and deletes what is returned.
  ServerSession* (*make_server)(const OptionValues& options, Refusal& why_not);
  ClientSession* (*make_client)(const OptionValues& options, const ClientShape& shape,
                                Refusal& why_not);

  // Whether it runs on this machine; called once. Null: it runs everywhere.
  bool (*probe)(Refusal& why_not) = nullptr;
};

}  // namespace collet

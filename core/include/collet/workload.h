// SPDX-License-Identifier: MIT
// workload.h: what a server does for a connection, and what a client does to it and checks. Both
// halves stand together, because each is the other's specification. For workloads out of plugins;
// collet does the rest: connecting, pipelining, closed and open loops, times, limits.
//
// Rules, each with a conformance test:
//   W1  A session is of one connection. Its calls never overlap; they may come on any thread.
//   W2  Bytes arrive in order, in pieces of any size, each once. They are gone when the call
//       returns.
//   W3  A reply depends on its request alone, never on how bytes were cut into pieces.
//   W4  A client's session accepts every right reply and no wrong one, and counts each reply in the
//       call that completes it.
//   W5  Sessions of one shape but of different serials send different bytes, so that a reply to
//       somebody else is seen to be wrong.
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
  std::uint64_t framing_bytes = 0;  // at most so many surround a payload on the wire
};

struct WorkloadDescription {
  const char* name;     // lower case letters, digits, _ ; starts with a letter
  const char* summary;  // one line for --list
  std::span<const OptionDescription> options;
  WorkloadTraits traits;

  // One for each connection; null with `why_not` filled in on failure. The host owns and deletes
  // what is returned.
  ServerSession* (*make_server)(const OptionValues& options, Refusal& why_not);
  ClientSession* (*make_client)(const OptionValues& options, const ClientShape& shape,
                                Refusal& why_not);
};

}  // namespace collet

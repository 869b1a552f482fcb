// SPDX-License-Identifier: MIT
// proactor.h: the upper backend seam. A Proactor says *done*.
//
// The event loop and everything above it know only this class: they make no system call on a
// socket and read time only from now(), so a whole server can run on any backend, or on a
// simulated network with a virtual clock.
//
// A handle names a listener, a stream or a watch. start() makes it produce: sockets from a
// listener, leases of bytes from a stream, readiness from a watch. That goes on until stop(), the
// end of the stream, an error or close(), and always ends in one completion marked `last`.
//
// Rules, each with a conformance test:
//   R1  A handle that names nothing (closed, or never opened) is refused with EBADF. A late event
//       for an old generation is dropped and counted in Counters::stale_events.
//   R2  Every operation started (start, send, connect, close) ends in exactly one completion with
//       `last` set: done, error, or ECANCELED. The one of close() comes after all others of that
//       handle, and after it the backend never uses the token again.
//   R3  Received bytes are lent (lease.h). An idle stream holds no receive buffer, except where the
//       backend's own API demands one in advance; its description says so. When no buffer is left,
//       receiving pauses until one comes home; counted in Counters::lease_waits.
//   R4  Memory given to send() stays untouched until its completion; memory given to send_now() is
//       free again when the call returns.
//   R5  close() stops, cancels, waits for terminal completions and only then lets the number go.
//       The backend's wake descriptor closes last.
//   R6  wake() is the one operation that any thread may call. Wakes merge; none is lost.
//   R7  The end of a stream is reported after all bytes before it. It ends the peer's sending only:
//       sending goes on.
//   R8  Work per run() is bounded; run() says whether it stopped at a bound.
//   R9  The sink is called only inside run(), never from inside another operation. It may call
//       every operation but run().
//
// Every call but wake() is made by the one thread that runs the loop. All errors are errno values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include <collet/endpoint.h>
#include <collet/handle.h>
#include <collet/lease.h>
#include <collet/poller.h>

namespace collet {

// What start(), send(), connect() and close() lead to.
enum class Operation : std::uint8_t { accept, connect, receive, send, ready, close };

struct Completion {
  Operation operation{};
  bool last = false;     // nothing more follows from this operation
  bool emptied = false;  // receive: the socket held no more when these bytes were taken
  int error = 0;         // 0, ECANCELED, or what went wrong; only when `last`
  Token token{};
  Handle accepted{};                  // accept: a new stream of this proactor: bind() or close() it
  Readiness ready = Readiness::none;  // ready: the conditions that hold
  std::size_t sent = 0;               // send: bytes taken, all of them unless `error`
  Lease lease{};                      // receive: the bytes; none with `last`
};

class CompletionSink {
 public:
  virtual void complete(Completion& completion) noexcept = 0;

 protected:
  ~CompletionSink() = default;
};

struct Opened {
  Handle handle;
  int error = 0;  // 0, or why there is no handle
};

struct ListenOptions {
  int backlog = 4096;       // the kernel cuts it to net.core.somaxconn
  bool share_port = false;  // SO_REUSEPORT: several listeners of this user on one port
};

enum class Side : std::uint8_t { local, peer };

// What a backend counted since it was made. Read on the loop's thread.
struct Counters {
  std::uint64_t stale_events = 0;    // events for a handle already closed, dropped
  std::uint64_t lease_waits = 0;     // receives put off because every buffer was out
  std::uint64_t bounded_passes = 0;  // run() calls that stopped at a bound
};

class Proactor {
 public:
  virtual ~Proactor() = default;

  // -- Opening ---------------------------------------------------------------------------------

  // A listening socket at `at`, silent until start(). Port 0 lets the kernel choose: see
  // endpoint(). A Unix path must be free, or be the leftover of a server that is gone.
  virtual Opened listen(const Endpoint& at, const ListenOptions& options, Token token) noexcept = 0;

  // A stream being connected; one `connect` completion tells the outcome. `from`, where given, is
  // the local address to use (its port may be 0).
  virtual Opened connect(const Endpoint& to, const Endpoint* from, Token token) noexcept = 0;

  // A stream from a connected non-blocking socket, typically release()d by another proactor of the
  // same backend. On success the proactor owns it.
  virtual Opened adopt(int socket, Token token) noexcept = 0;

  // Readiness of a foreign descriptor, which stays the caller's: close() forgets it without
  // closing it.
  virtual Opened watch(int fd, Interest interest, Token token) noexcept = 0;

  // Gives the stream a new token, as an accepted one needs.
  virtual int bind(Handle handle, Token token) noexcept = 0;

  // -- Producing -------------------------------------------------------------------------------

  // Begins accepting, receiving or watching. EALREADY until the `last` completion of the start
  // before has been delivered. A listener that cannot accept for want of descriptors or memory
  // (EMFILE, ENFILE, ENOBUFS, ENOMEM) ends with that error and may be started again.
  virtual int start(Handle handle) noexcept = 0;

  // Asks for the end; the `last` completion (ECANCELED, or the end if that came first) follows.
  // Completions already under way may still precede it. No effect if not started.
  virtual int stop(Handle handle) noexcept = 0;

  // -- Sending ---------------------------------------------------------------------------------

  // Sends what can be sent on the spot and returns how much that was; 0 when nothing could, or
  // when the backend sends by completion only. Not while a send() is under way. An error is kept
  // for the next send() to report.
  virtual std::size_t send_now(Handle handle, std::span<const std::byte> bytes) noexcept = 0;

  // Sends all of `bytes`; one completion follows. One send() at a time for each stream.
  virtual int send(Handle handle, std::span<const std::byte> bytes) noexcept = 0;

  // On a stream: no more will be sent; the peer sees the end. On a listener: no new connection will
  // be queued; those in the queue are still accepted.
  virtual int shutdown(Handle handle) noexcept = 0;

  // -- Ending ----------------------------------------------------------------------------------

  // Ends whatever is under way with ECANCELED, then closes; the `close` completion is the last of
  // this handle. `reset` makes a TCP peer see a reset instead of an orderly end.
  virtual int close(Handle handle, bool reset) noexcept = 0;

  // Gives an accepted stream away before anything was started on it: returns its socket, now the
  // caller's, or -1. No completion follows.
  virtual int release(Handle handle) noexcept = 0;

  // -- Asking ----------------------------------------------------------------------------------

  // The address of either side; of length 0 when there is none.
  virtual Endpoint endpoint(Handle handle, Side side) noexcept = 0;
  virtual Counters counters() const noexcept = 0;

  // Monotonic time since an arbitrary origin that is the same for all proactors of a process.
  virtual std::chrono::nanoseconds now() noexcept = 0;

  // -- Running ---------------------------------------------------------------------------------

  // Waits until something completes, wake() is called, or now() reaches `deadline` (max(): never;
  // in the past: does not block), and hands over what has completed; having handed over something,
  // it waits no more. A signal or a spurious event may end the wait before its time. Returns true
  // if all that was ready has been handed over, false if it stopped at a bound with more to come.
  virtual bool run(std::chrono::nanoseconds deadline, CompletionSink& sink) noexcept = 0;

  // Ends the run() in progress or the next one. Any thread, at any time before destruction.
  virtual void wake() noexcept = 0;
};

}  // namespace collet

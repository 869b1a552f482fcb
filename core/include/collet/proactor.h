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
// Rules. collet-conform judges every backend by those with two numbers, one test each:
//   R1  A handle that names nothing (closed, or never opened) is refused with EBADF. A late event
//       for an old generation is dropped and counted in Counters::stale_events.
//         R1.1   a handle that was never opened is refused by every operation
//         R1.2   so is one that was closed, from close() on
//         R1.3   an old handle does not reach its successor
//         R1.4   bind() replaces the token
//         R1.5   a stale event for a number used again harms nobody
//         R1.6   what is ready and is closed before its turn says no more but its ends
//   R2  Every operation started (start, send, connect, close) ends in exactly one completion with
//       `last` set: done, error, or ECANCELED. The one of close() comes after all others of that
//       handle, and after it the backend never uses the token again.
//         R2.1   stop() ends accepting, receiving and watching in ECANCELED
//         R2.2   stopping what was not started has no effect
//         R2.3   start() is EALREADY until the last completion of the one before
//         R2.4   close() ends whatever is pending, each operation once
//         R2.5   it ends what was begun just before
//         R2.6   a reset by the peer ends receiving once
//         R2.7   stop() leaves sending alone
//         R2.8   a reset in the middle of a large send() ends it with the error
//         R2.9   5000 random steps lose, repeat and reorder nothing; each start ends
//   R3  Received bytes are lent (lease.h). An idle stream holds no receive buffer, except where the
//       backend's own API demands one in advance; its description says so. When no buffer is left,
//       receiving pauses until one comes home; counted in Counters::lease_waits.
//         R3.1   lent bytes stay as they are while more arrives
//         R3.2   leases may be given back on another thread
//         R3.3   leases outlive the proactor
//         R3.4   without a lease receiving pauses until one comes home
//         R3.5   one that comes home on another thread wakes the paused stream
//         R3.6   a stream paused for want of a lease can stop and close
//         R3.7   without a lease it still sends, accepts and wakes
//   R4  Memory given to send() stays untouched until its completion; memory given to send_now() is
//       free again when the call returns.
//         R4.1   send() delivers all to a slow reader, one at a time
//         R4.2   send_now() sends a prefix from memory free at once, send() the rest
//         R4.3   an error of send_now() is reported by the next send()
//         R4.4   sending nothing completes
//         R4.5   both directions run at once
//         R4.6   the memory may be written to as soon as send() has completed
//   R5  close() stops, cancels, waits for terminal completions and only then lets the number go.
//       The backend's wake descriptor closes last.
//         R5.1   close() is possible from within every completion
//         R5.2   one completion may close everybody else
//         R5.3   close() lets the peer see the end, or a reset
//         R5.4   the destructor closes what is open, but no watched descriptor
//         R5.5   no handle is given twice, in a thousand streams
//         R5.6   a thousand connections later no more descriptors are open and no more threads run
//   R6  wake() is the one operation that any thread may call. Wakes merge; none is lost.
//         R6.1   a wake while nobody runs ends the next run()
//         R6.2   a thousand wakes end one run(), not several
//         R6.3   100000 wakes from four threads: none is lost
//         R6.4   a wake ends the run() in progress
//         R6.5   wakes without pause hide no completion
//         R6.6   20000 wakes, one at a time: each ends a run()
//   R7  The end of a stream is reported after all bytes before it. It ends the peer's sending only:
//       sending goes on.
//         R7.1   the end comes after all bytes
//         R7.2   sending goes on after the peer has ended
//         R7.3   shutdown() ends our sending only
//         R7.4   emptied tells that the socket held no more
//         R7.5   stopping and starting under traffic loses nothing
//         R7.6   what arrives while stopped is there after start()
//   R8  Work per run() is bounded; run() says whether it stopped at a bound.
//         R8.1   true from run() means that the accept queue is empty
//         R8.2   it means that sockets have been emptied
//         R8.3   work that makes work does not keep run() from returning
//         R8.4   nor do sends that follow each other
//         R8.5   a stream that always has more does not keep others from their turn
//   R9  The sink is called only inside run(), never from inside another operation. It may call
//       every operation but run().
//         R9.1   what ends at once is completed by the next run(), which does not wait
//         R9.2   every operation but run() may be called from within a completion
//   R10 Listeners and streams are what sockets are to everybody else.
//         R10.1  a server echoes over IPv4, IPv6 and Unix sockets
//         R10.2  as client and as server it understands every built-in backend
//         R10.3  a plain blocking server gets and gives it every byte, and the end
//         R10.4  port 0 lets the kernel choose
//         R10.5  a port in use is EADDRINUSE unless both share it
//         R10.6  a listener is silent until started
//         R10.7  a Unix path in use is refused, a leftover one taken over
//         R10.8  a released socket is non-blocking and not inherited
//         R10.9  accepting without descriptors ends in EMFILE and may start again
//         R10.10 a listener that was shut down delivers its queue and no more
//         R10.11 a successor on its Unix path outlives it
//         R10.12 connecting to nobody is ECONNREFUSED
//         R10.13 connecting to a missing path is ENOENT, to a leftover ECONNREFUSED
//         R10.14 connecting to a full Unix queue is EAGAIN
//         R10.15 connecting from a local address uses it, or is EADDRNOTAVAIL
//         R10.16 an accepted stream can move to another proactor
//         R10.17 a stream in use cannot be released, nor can a listener
//         R10.18 adopting what is no descriptor is EBADF
//         R10.19 so does a plain blocking client
//         R10.20 five hundred connections at once are all served
//   R11 A watch reports readiness as a Poller does, and leaves the descriptor alone.
//         R11.1  a watch reports while the condition holds
//         R11.2  it reports writability, and hang-up whatever the interest
//         R11.3  a stopped watch is silent, and starts again
//         R11.4  a watch reports what was ready before it was started
//         R11.5  urgent data, unread, keeps a watch neither busy nor from a hang-up
//   R12 run() keeps its deadline, but for signals and spurious events, and costs nothing while it
//       waits.
//         R12.1  run() with nothing to do never returns before its deadline
//         R12.2  a deadline in the past does not block
//         R12.3  the clocks of two proactors agree
//         R12.4  waiting uses no CPU and wakes no thread, whatever ended, stopped and failed before
//         R12.5  deadlines do pass, and those far away do not overflow
//         R12.6  signals end a run() at most: no completion, wake or deadline is lost
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

// What completes is the backend's again when complete() returns. A sink may take the lease; the
// rest it leaves as it is.
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

  // Readiness of a foreign descriptor, which stays the caller's, and open until the watch is
  // closed: close() forgets it without closing it.
  virtual Opened watch(int fd, Interest interest, Token token) noexcept = 0;

  // Gives the stream a new token, as an accepted one needs.
  virtual int bind(Handle handle, Token token) noexcept = 0;

  // -- Producing -------------------------------------------------------------------------------

  // Begins accepting, receiving or watching. EALREADY until the `last` completion of the start
  // before has been delivered. A listener that cannot accept for want of descriptors or memory
  // (EMFILE, ENFILE, ENOBUFS, ENOMEM) ends with that error and may be started again. Any errno of a
  // backend that will not wait for this handle, ENOSPC where it is full (poller.h).
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

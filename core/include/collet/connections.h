// SPDX-License-Identifier: MIT
// connections.h: all connections of one loop, accepted or connected.
//
// Runs each connection's handler in order (on the pool, or on the loop when the pool has no
// workers), moves bytes both ways within bounds, and closes what is done. TcpServer has one for
// each loop; a client makes its own. Call on the loop's thread, or before the loop runs, unless a
// comment says otherwise.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include <collet/endpoint.h>
#include <collet/event_loop.h>
#include <collet/handler.h>
#include <collet/thread_pool.h>
#include <collet/watcher.h>

namespace collet {

class Connection;

struct ConnectionLimits {
  // With more than this unsent, or received and not yet handled, a connection stops receiving until
  // half of it is left.
  std::size_t high_water_bytes = 64 * 1024;
  // Closed when nothing has moved for so long; max(): never.
  std::chrono::nanoseconds idle_timeout = std::chrono::nanoseconds::max();
  // How long a finished connection waits for its peer to end too.
  std::chrono::nanoseconds linger = std::chrono::seconds(1);
};

struct ConnectionStats {
  std::uint64_t opened = 0;
  std::array<std::uint64_t, kCloseReasons> closed{};  // by CloseReason
  std::uint64_t receive_pauses = 0;                   // a water mark was crossed
  std::uint64_t unwatched = 0;  // closed since the backend would not wait for them

  void merge(const ConnectionStats& other) noexcept;
};

class Connections {
 public:
  // What happens to a connection, called once for each, in this order; each may be empty.
  // `on_unwatched`: it ends since the backend would not wait for it, and gave this errno.
  // `on_done`: another may have its place, because it has gone or, while draining, only waits for
  // its peer to end too. `on_gone`: its descriptor is free again.
  struct Events {
    std::function<void(int error)> on_unwatched;
    std::function<void()> on_done;
    std::function<void()> on_gone;
  };

  // `pool` outlives this, and is stopped before this is destroyed.
  Connections(EventLoop& loop, ThreadPool& pool, const ConnectionLimits& limits,
              Events events = {});
  ~Connections();  // whatever is still open is forgotten with the loop's proactor
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  // Takes over a stream that this loop's proactor accepted, or a socket that another one released.
  void accept(Handle stream, std::unique_ptr<Handler> handler);
  void adopt(int socket, std::unique_ptr<Handler> handler);

  // Connects; `from` may be null. A failure is told to the handler's on_close(), later, never from
  // inside this call.
  void connect(const Endpoint& to, const Endpoint* from, std::unique_ptr<Handler> handler);

  // Ends each connection as soon as everything that had reached its socket by now has been
  // answered, and those that are still to come likewise. There is no way back.
  void drain();

  // Closes everything now, unsent replies or not.
  void close_all(CloseReason reason);

  // Connections not yet gone. Any thread.
  std::size_t open() const noexcept { return open_.load(std::memory_order_relaxed); }

  // Adds the interval so far to `into` and begins a new one.
  void take_shard(WatcherShard& into) noexcept;

  const ConnectionStats& stats() const noexcept { return stats_; }

 private:
  friend class Connection;
  friend class Waker;
  struct State;  // connections, and the jobs and buffers they borrow

  Connection& make(std::unique_ptr<Handler> handler);
  void gone(std::uint32_t index);
  void wake(std::uint32_t index, Handle stream);
  std::chrono::nanoseconds sweep_interval() const noexcept;
  void sweep_later(std::chrono::nanoseconds when);
  void sweep();

  EventLoop& loop_;
  ConnectionLimits limits_;
  Events events_;
  const bool runs_on_loop_;  // the pool has no threads: handlers run in place
  bool draining_ = false;
  ConnectionStats stats_;
  WatcherShard shard_;
  std::atomic<std::size_t> open_{0};
  std::unique_ptr<State> state_;
};

}  // namespace collet

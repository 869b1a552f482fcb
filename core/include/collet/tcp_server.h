// SPDX-License-Identifier: MIT
// tcp_server.h: a server on one endpoint: loops, a pool, and a handler for each connection.
//
//   collet::Registry registry;
//   collet::add_builtin_backends(registry);
//   collet::add_builtin_pools(registry);
//   auto server = collet::TcpServer::start(*registry.backend("epoll"), *registry.pool("inline"),
//                                          {.listen = *collet::parse_endpoint("127.0.0.1:0")},
//                                          [] { return std::make_unique<Echo>(); });
//   ...
//   (*server)->drain();
//   (*server)->wait();
//
// Stream sockets of every kind: TCP over IPv4 and IPv6, and Unix paths. Every member may be called
// from any thread that is not one of the server's own.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <absl/status/statusor.h>
#include <collet/connections.h>
#include <collet/endpoint.h>
#include <collet/registry.h>

namespace collet {

enum class ListenMode : std::uint8_t {
  reuseport,  // one listener for each loop; the kernel spreads connections by hash (TCP only)
  handoff,    // one listener; each connection goes to the loop that has the fewest
};

// What a server comes short of.
enum class Trouble : std::uint8_t {
  accept,  // a listener pauses: no descriptor or memory is left, or it could not be watched
  watch,   // a connection was closed, because the backend would not wait for it
};

struct ServerOptions {
  Endpoint listen{};
  ListenMode listen_mode = ListenMode::reuseport;
  std::size_t loops = 1;            // threads that run an event loop
  std::size_t workers = 0;          // threads of the pool; 0: Pool::default_workers()
  std::size_t max_connections = 0;  // 0: as many as descriptors allow, less 64
  ConnectionLimits limits{};
  // Called with the errno each time, on a loop's thread; must not throw. core itself logs nothing.
  std::function<void(Trouble, int error)> on_trouble{};
};

struct ServerStats {
  ConnectionStats connections;
  LoopStats loops;  // summed
  PoolStats pool;
  std::uint64_t accept_failures = 0;  // accepts refused for want of descriptors or memory
  std::uint64_t accept_pauses = 0;    // times a listener was unwatched, for that or for the limit
  std::vector<std::size_t> open;      // connections open now, for each loop
};

class TcpServer {
 public:
  // Called on a loop's thread for every connection. If it throws or returns null, that connection
  // is reset.
  using MakeHandler = std::function<std::unique_ptr<Handler>()>;

  // Listens and starts all threads; connections are accepted when it returns. On error nothing is
  // left running; the sentence says what could not be had and why. kFailedPrecondition: the
  // endpoint cannot be listened on.
  static absl::StatusOr<std::unique_ptr<TcpServer>> start(const Backend& backend, const Pool& pool,
                                                          const ServerOptions& options,
                                                          MakeHandler make_handler);

  ~TcpServer();  // stop(), then wait()
  TcpServer(const TcpServer&) = delete;
  TcpServer& operator=(const TcpServer&) = delete;

  // Where it listens; with the port the kernel chose if port 0 was asked for.
  const Endpoint& endpoint() const noexcept;

  // Accepts what is in the accept queue, stops listening, answers what has arrived and closes.
  // Returns at once. `on_drained` is called, on one of the server's threads, when the last
  // connection is gone, also if stop() had to force it; at once, on this thread, if they are gone
  // already.
  void drain(std::function<void()> on_drained = {});

  // Closes every connection at once. Returns at once.
  void stop();

  // True if a loop sleeps on though its backend was told to wake it: see EventLoop.
  bool waits_for_wake() const noexcept;

  // Blocks until every thread of the server has ended, as they do after drain() or stop().
  void wait();

  // Adds what the Watcher saw since the last call, over all loops. Blocks for one pass of each
  // loop. False once the server has ended: this was the rest.
  bool take_interval(WatcherShard& into);

  ServerStats stats();

 private:
  struct Impl;
  explicit TcpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace collet

// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <sys/resource.h>
#include <collet/tcp_server.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cstring>
#include <latch>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <absl/strings/str_format.h>
#include <collet/address.h>
#include <collet/event_loop.h>

#include "core/net/acceptor.h"

namespace collet {
namespace {

std::size_t connections_that_descriptors_allow() {
  constexpr std::size_t kKept = 64;  // for files, wake descriptors, listeners
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return 1'000'000;
  return limit.rlim_cur > kKept ? limit.rlim_cur - kKept : 1;
}

absl::Status cannot_listen(const Endpoint& at, int error) {
  std::string_view remedy;
  if (error == EADDRINUSE) {
    remedy = at.family() == AF_UNIX
                 ? "; a server listens there, or it is no socket: choose another path"
                 : "; stop what listens there, or let the kernel choose with port 0";
  }
  if (error == EACCES) remedy = "; choose a port above 1023, or a path you may write to";
  if (error == ENOENT) remedy = "; create the directory it is to be in";
  if (error == EADDRNOTAVAIL) remedy = "; no interface of this machine has that address";
  if (error == EAFNOSUPPORT) remedy = "; this machine has no such protocol, use an IPv4 address";
  return absl::FailedPreconditionError(absl::StrFormat(
      "cannot listen on %s: %s%s", format_endpoint(at), std::strerror(error), remedy));
}

}  // namespace

// What one loop owns. The server's threads touch only their own lane, but for the atomics.
struct Lane {
  Lane(std::unique_ptr<Proactor> proactor, ThreadPool& pool, const ConnectionLimits& limits,
       Connections::Events events)
      : loop(std::move(proactor)), connections(loop, pool, limits, std::move(events)) {}

  EventLoop loop;
  Connections connections;
  std::unique_ptr<Acceptor> acceptor;  // null in a lane that is handed its connections
  std::atomic<std::size_t> coming{0};  // handed over, not yet open here
  std::thread thread;
};

struct TcpServer::Impl {
  absl::Status make_lanes(const Backend& backend, const Pool& pool_choice);
  absl::Status listen(const Backend& backend);
  absl::Status claim_port(const Backend& backend);
  int listen_in(Lane& lane, const Endpoint& at, bool share_port);
  absl::Status run();

  void trouble(Trouble what, int error);
  void accepted(Lane& lane, Handle stream);
  std::unique_ptr<Handler> new_handler();
  void serve(Lane& lane, Handle stream);
  void serve(Lane& lane, int socket);
  void hand_over(Lane& from, Lane& to, Handle stream);
  void refuse(Lane& lane, Handle stream);
  void place_free();
  bool has_room() const noexcept { return connections < options.max_connections; }
  void pause_all(Lane& here);
  void resume_all();
  void one_less();

  // Runs `task` on every loop and returns when all have; false, with some not run, once the server
  // has ended.
  bool on_every_loop(const std::function<void(Lane&)>& task);

  ServerOptions options;
  MakeHandler make_handler;
  Endpoint endpoint;
  std::unique_ptr<ThreadPool> pool;
  AcceptTurns turns;  // before the lanes, whose acceptors use it
  std::vector<std::unique_ptr<Lane>> lanes;

  std::atomic<std::size_t> connections{0};  // that have a place
  std::atomic<std::size_t> live{0};         // those, and acceptors not yet closed
  std::atomic<bool> at_limit{false};        // acceptors are paused until a connection goes
  std::atomic<bool> stopping{false};

  std::mutex mutex;  // of what follows
  std::vector<std::function<void()>> on_drained;
  bool drained = false;

  std::mutex join_mutex;  // of the threads' ends, and of what they leave behind
};

// -- Starting ------------------------------------------------------------------------------------

absl::StatusOr<std::unique_ptr<TcpServer>> TcpServer::start(const Backend& backend,
                                                            const Pool& pool,
                                                            const ServerOptions& options,
                                                            MakeHandler make_handler) {
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  impl->make_handler = std::move(make_handler);
  if (options.max_connections == 0) {
    impl->options.max_connections = connections_that_descriptors_allow();
  }
  if (options.listen.family() == AF_UNIX) impl->options.listen_mode = ListenMode::handoff;
  if (absl::Status status = impl->make_lanes(backend, pool); !status.ok()) return status;
  if (absl::Status status = impl->listen(backend); !status.ok()) return status;
  if (absl::Status status = impl->run(); !status.ok()) return status;
  return std::unique_ptr<TcpServer>(new TcpServer(std::move(impl)));
}

absl::Status TcpServer::Impl::make_lanes(const Backend& backend, const Pool& pool_choice) {
  if (options.workers == 0) options.workers = pool_choice.default_workers(options.loops);
  auto made_pool = pool_choice.make(options.workers);
  if (!made_pool.ok()) return made_pool.status();
  pool = *std::move(made_pool);
  for (std::size_t i = 0; i < std::max<std::size_t>(options.loops, 1); ++i) {
    auto proactor = backend.make();
    if (!proactor.ok()) return proactor.status();
    lanes.push_back(std::make_unique<Lane>(
        *std::move(proactor), *pool, options.limits,
        Connections::Events{.on_unwatched = [this](int error) { trouble(Trouble::watch, error); },
                            .on_done = [this] { place_free(); },
                            .on_gone = [this] { one_less(); }}));
  }
  return absl::OkStatus();
}

int TcpServer::Impl::listen_in(Lane& lane, const Endpoint& at, bool share_port) {
  lane.acceptor = std::make_unique<Acceptor>(
      lane.loop, turns,
      Acceptor::Events{.on_accept = [this, &lane](Handle stream) { accepted(lane, stream); },
                       .on_failed = [this](int error) { trouble(Trouble::accept, error); },
                       .on_closed = [this] { one_less(); }});
  ListenOptions how;
  how.share_port = share_port;
  return lane.acceptor->listen(at, how);
}

absl::Status TcpServer::Impl::listen(const Backend& backend) {
  const bool share = options.listen_mode == ListenMode::reuseport && lanes.size() > 1;
  endpoint = options.listen;
  if (share) {
    if (absl::Status status = claim_port(backend); !status.ok()) return status;
  }
  for (const auto& lane : lanes) {
    const int error = listen_in(*lane, endpoint, share);
    if (error != 0) return cannot_listen(endpoint, error);
    endpoint = lane->acceptor->endpoint();
    if (!share) break;
  }
  return absl::OkStatus();
}

// Several listeners on one port need SO_REUSEPORT, and with it the kernel would also let us join
// the port of a stranger's server. So the port is claimed without it first.
absl::Status TcpServer::Impl::claim_port(const Backend& backend) {
  auto claimant = backend.make();
  if (!claimant.ok()) return claimant.status();
  const Opened claim = (*claimant)->listen(endpoint, {}, Token{});
  if (claim.error != 0) return cannot_listen(endpoint, claim.error);
  endpoint = (*claimant)->endpoint(claim.handle, Side::local);
  return absl::OkStatus();
}

absl::Status TcpServer::Impl::run() {
  for (const auto& lane : lanes) {
    if (lane->acceptor == nullptr) continue;
    ++live;
    lane->acceptor->start();
  }
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    try {
      lanes[i]->thread = std::thread([this, i] {
        ::pthread_setname_np(::pthread_self(), absl::StrFormat("collet-loop-%d", i).c_str());
        lanes[i]->loop.run();
      });
    } catch (const std::system_error& error) {
      for (const auto& lane : lanes) lane->loop.stop();
      for (std::size_t begun = 0; begun < i; ++begun) lanes[begun]->thread.join();
      return absl::ResourceExhaustedError(absl::StrFormat(
          "cannot start %d loops: thread %d: %s; ask for fewer, or raise the limits "
          "on threads and memory",
          lanes.size(), i + 1, error.what()));
    }
  }
  return absl::OkStatus();
}

// -- Connections ---------------------------------------------------------------------------------

void TcpServer::Impl::trouble(Trouble what, int error) {
  if (options.on_trouble) options.on_trouble(what, error);
}

void TcpServer::Impl::accepted(Lane& lane, Handle stream) {
  ++live;
  if (++connections >= options.max_connections) pause_all(lane);
  if (options.listen_mode == ListenMode::reuseport) return serve(lane, stream);
  const auto load = [](const std::unique_ptr<Lane>& each) {
    return each->connections.open() + each->coming.load(std::memory_order_relaxed);
  };
  const auto least = std::min_element(
      lanes.begin(), lanes.end(), [&](const auto& a, const auto& b) { return load(a) < load(b); });
  if (least->get() == &lane) return serve(lane, stream);
  hand_over(lane, **least, stream);
}

void TcpServer::Impl::hand_over(Lane& from, Lane& to, Handle stream) {
  const int socket = from.loop.proactor().release(stream);
  ++to.coming;
  [[maybe_unused]] const bool posted = to.loop.post([this, &to, socket] {
    --to.coming;
    serve(to, socket);
    if (stopping) to.connections.close_all(CloseReason::forced);
  });
  assert(posted);  // no loop ends while something is live
}

// A handler that cannot be made costs its connection only, as one that throws.
std::unique_ptr<Handler> TcpServer::Impl::new_handler() {
  try {
    return make_handler();
  } catch (...) {
    return nullptr;
  }
}

void TcpServer::Impl::serve(Lane& lane, Handle stream) {
  auto handler = new_handler();
  if (handler == nullptr) return refuse(lane, stream);
  lane.connections.accept(stream, std::move(handler));
}

void TcpServer::Impl::serve(Lane& lane, int socket) {
  auto handler = new_handler();
  if (handler == nullptr) return refuse(lane, lane.loop.proactor().adopt(socket, Token{}).handle);
  lane.connections.adopt(socket, std::move(handler));
}

void TcpServer::Impl::refuse(Lane& lane, Handle stream) {
  lane.loop.proactor().close(stream, true);
  place_free();
  one_less();
}

void TcpServer::Impl::place_free() {
  --connections;
  if (has_room() && at_limit.exchange(false)) resume_all();
}

// The flag goes up before the count is read again, and place_free() lowers the count before it
// reads the flag: so one of the two sees that there is room.
void TcpServer::Impl::pause_all(Lane& here) {
  here.acceptor->pause();
  for (const auto& lane : lanes) {
    if (lane.get() == &here || lane->acceptor == nullptr) continue;
    lane->loop.post([acceptor = lane->acceptor.get()] { acceptor->pause(); });
  }
  at_limit = true;
  if (has_room() && at_limit.exchange(false)) resume_all();
}

void TcpServer::Impl::resume_all() {
  for (const auto& lane : lanes) {
    if (lane->acceptor == nullptr) continue;
    lane->loop.post([this, acceptor = lane->acceptor.get()] {
      if (has_room()) acceptor->resume();  // else another lane has filled it, and raised the flag
    });
  }
}

// -- Ending --------------------------------------------------------------------------------------

void TcpServer::Impl::one_less() {
  if (--live > 0) return;
  std::vector<std::function<void()>> waiting;
  {
    const std::lock_guard lock(mutex);
    waiting.swap(on_drained);
    drained = true;
  }
  for (const auto& tell : waiting) tell();
  for (const auto& lane : lanes) lane->loop.stop();
}

void TcpServer::drain(std::function<void()> on_drained) {
  bool drained = false;
  {
    const std::lock_guard lock(impl_->mutex);
    drained = impl_->drained;
    if (on_drained && !drained) impl_->on_drained.push_back(std::move(on_drained));
  }
  if (drained) {
    if (on_drained) on_drained();
    return;
  }
  for (const auto& lane : impl_->lanes) {
    lane->loop.post([lane = lane.get()] {
      if (lane->acceptor != nullptr) lane->acceptor->drain();
      lane->connections.drain();
    });
  }
}

void TcpServer::stop() {
  impl_->stopping = true;
  for (const auto& lane : impl_->lanes) {
    lane->loop.post([lane = lane.get()] {
      if (lane->acceptor != nullptr) lane->acceptor->close();
      lane->connections.close_all(CloseReason::forced);
    });
  }
}

void TcpServer::wait() {
  const std::lock_guard lock(impl_->join_mutex);
  for (const auto& lane : impl_->lanes) {
    if (lane->thread.joinable()) lane->thread.join();
  }
}

TcpServer::TcpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

TcpServer::~TcpServer() {
  stop();
  wait();
  impl_->pool->stop(StopMode::discard);
}

// -- Asking --------------------------------------------------------------------------------------

const Endpoint& TcpServer::endpoint() const noexcept { return impl_->endpoint; }

bool TcpServer::waits_for_wake() const noexcept {
  return std::ranges::any_of(impl_->lanes,
                             [](const auto& lane) { return lane->loop.waits_for_wake(); });
}

bool TcpServer::Impl::on_every_loop(const std::function<void(Lane&)>& task) {
  std::latch done(static_cast<std::ptrdiff_t>(lanes.size()));
  bool all = true;
  for (const auto& lane : lanes) {
    const bool posted = lane->loop.post([&task, &done, lane = lane.get()] {
      task(*lane);
      done.count_down();
    });
    if (posted) continue;
    all = false;
    done.count_down();
  }
  done.wait();
  return all;
}

bool TcpServer::take_interval(WatcherShard& into) {
  std::mutex merging;
  const std::uint64_t open_before = into.open;
  const auto take = [&](Lane& lane) {
    const std::lock_guard lock(merging);
    lane.connections.take_shard(into);
  };
  if (impl_->on_every_loop(take)) return true;
  wait();  // the loops have ended, or are about to: take what is left, and no level twice
  const std::lock_guard lock(impl_->join_mutex);
  into.open = open_before;
  for (const auto& lane : impl_->lanes) take(*lane);
  return false;
}

ServerStats TcpServer::stats() {
  ServerStats stats;
  std::mutex merging;
  const auto add = [&](Lane& lane) {
    const std::lock_guard lock(merging);
    stats.connections.merge(lane.connections.stats());
    stats.loops.merge(lane.loop.stats());
    stats.open.push_back(lane.connections.open());
    if (lane.acceptor == nullptr) return;
    stats.accept_failures += lane.acceptor->failures();
    stats.accept_pauses += lane.acceptor->pauses();
  };
  if (!impl_->on_every_loop(add)) {
    wait();  // the loops have ended, or are about to: read what they left, from the start
    stats = {};
    for (const auto& lane : impl_->lanes) add(*lane);
  }
  stats.pool = impl_->pool->stats();
  return stats;
}

}  // namespace collet

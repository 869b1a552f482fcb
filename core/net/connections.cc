// SPDX-License-Identifier: MIT
#include <collet/connections.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "core/net/connections_state.h"

namespace collet {

using std::chrono::nanoseconds;

namespace {

// Idle timeouts are kept to within this, or an eighth of theirs if that is less.
constexpr nanoseconds kCoarsestSweep = std::chrono::seconds(1);

}  // namespace

void ConnectionStats::merge(const ConnectionStats& other) noexcept {
  opened += other.opened;
  for (std::size_t i = 0; i < closed.size(); ++i) closed[i] += other.closed[i];
  receive_pauses += other.receive_pauses;
  unwatched += other.unwatched;
}

std::string_view to_string(CloseReason reason) noexcept {
  switch (reason) {
    case CloseReason::peer_closed:
      return "peer_closed";
    case CloseReason::handler_closed:
      return "handler_closed";
    case CloseReason::handler_threw:
      return "handler_threw";
    case CloseReason::error:
      return "error";
    case CloseReason::idle:
      return "idle";
    case CloseReason::drained:
      return "drained";
    case CloseReason::forced:
      return "forced";
  }
  return "?";
}

Connections::Connections(EventLoop& loop, ThreadPool& pool, const ConnectionLimits& limits,
                         Events events)
    : loop_(loop),
      limits_(limits),
      events_(std::move(events)),
      runs_on_loop_(pool.workers() == 0),
      state_(std::make_unique<State>(loop, pool)) {}

Connections::~Connections() = default;

Connection& Connections::make(std::unique_ptr<Handler> handler) {
  const std::uint32_t index = state_->connections.acquire();
  open_.fetch_add(1, std::memory_order_relaxed);
  const bool idle_ends = limits_.idle_timeout != nanoseconds::max();
  if (idle_ends && state_->sweep == TimerId::none) sweep_later(loop_.now() + limits_.idle_timeout);
  return state_->connections[index].emplace(*this, index, std::move(handler));
}

void Connections::gone(std::uint32_t index) {
  state_->connections[index].reset();
  state_->connections.release(index);
  open_.fetch_sub(1, std::memory_order_relaxed);
  if (events_.on_gone) events_.on_gone();
}

void Connections::accept(Handle stream, std::unique_ptr<Handler> handler) {
  make(std::move(handler)).accepted(stream);
}

void Connections::adopt(int socket, std::unique_ptr<Handler> handler) {
  make(std::move(handler)).adopt(socket);
}

void Connections::connect(const Endpoint& to, const Endpoint* from,
                          std::unique_ptr<Handler> handler) {
  make(std::move(handler)).connect(to, from);
}

void Connections::close_all(CloseReason reason) {
  for (std::uint32_t i = 0; i < state_->connections.size(); ++i) {
    if (auto& connection = state_->connections[i]) connection->close(reason, 0);
  }
}

void Connections::take_shard(WatcherShard& into) noexcept {
  into.merge(shard_);
  shard_.begin_interval();
}

// -- Waking --------------------------------------------------------------------------------------

// Never from inside the call of another handler, which may be the one that wakes.
void Waker::wake() const {
  if (owner_ == nullptr) return;
  auto task = [owner = owner_, index = index_, stream = stream_] { owner->wake(index, stream); };
  if (owner_->loop_.runs_here()) {
    owner_->loop_.defer(task);
  } else {
    owner_->loop_.post(task);
  }
}

// The place may be another connection's by now.
void Connections::wake(std::uint32_t index, Handle stream) {
  auto& connection = state_->connections[index];
  if (connection && connection->stream() == stream) connection->wake();
}

// -- Draining ------------------------------------------------------------------------------------

// Whoever is silent through a complete pass has nothing left to be answered; who is not ends with
// the receive that emptied its socket (Connection::received).
void Connections::drain() {
  if (std::exchange(draining_, true)) return;
  state_->drain_look.begin([this] {
    for (std::uint32_t i = 0; i < state_->connections.size(); ++i) {
      auto& connection = state_->connections[i];
      if (connection && connection->was_quiet()) connection->end(CloseReason::drained);
    }
    return true;
  });
}

// -- Idle and lingering connections --------------------------------------------------------------

nanoseconds Connections::sweep_interval() const noexcept {
  return std::min(std::min(limits_.idle_timeout, limits_.linger) / 8, kCoarsestSweep);
}

void Connections::sweep_later(nanoseconds when) {
  when = std::max(when, loop_.now() + sweep_interval());
  if (state_->sweep != TimerId::none) {
    if (state_->sweep_at <= when) return;
    loop_.cancel(state_->sweep);
  }
  state_->sweep_at = when;
  state_->sweep = loop_.call_at(when, [this] { sweep(); });
}

// Looks at every connection and comes back when the first may have run out. One timer for all: a
// request costs no more than noting the time.
void Connections::sweep() {
  state_->sweep = TimerId::none;
  // While the loop was held up, by a handler or because the process was stopped, nobody could show
  // a sign of life: that time does not count.
  const nanoseconds late = loop_.now() - state_->sweep_at;
  const nanoseconds held_up = late > sweep_interval() ? late : nanoseconds::zero();
  nanoseconds next = nanoseconds::max();
  for (std::uint32_t i = 0; i < state_->connections.size(); ++i) {
    if (auto& connection = state_->connections[i]) {
      next = std::min(next, connection->check_idle(loop_.now(), held_up));
    }
  }
  const bool idle_ends = limits_.idle_timeout != nanoseconds::max();
  if (next == nanoseconds::max() && idle_ends && open() > 0)
    next = loop_.now() + limits_.idle_timeout;
  if (next != nanoseconds::max()) sweep_later(next);
}

}  // namespace collet

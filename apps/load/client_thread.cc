// SPDX-License-Identifier: MIT
// client_thread.cc: the crowd's thread.
#include <sys/prctl.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "apps/load/client_thread.h"

namespace collet::apps {
namespace {

ConnectionLimits limits_for(const CrowdPlan& plan, std::chrono::nanoseconds timeout) {
  ConnectionLimits limits;
  // A client that stopped reading because it has much to send, of a server that does the same,
  // would wait for ever.
  const std::size_t request_bytes = plan.shape.payload_bytes + plan.shape.framing_bytes;
  limits.high_water_bytes =
      std::max(limits.high_water_bytes, 2 * plan.shape.pipeline * request_bytes);
  limits.idle_timeout = timeout;
  // In an open loop a connection's turn may come late.
  const double rate = plan.arrivals.rate_per_s / static_cast<double>(plan.arrivals.parts);
  if (rate > 0) {
    const double turn_s = static_cast<double>(plan.connections) / rate;
    limits.idle_timeout += std::chrono::seconds(std::llround(std::ceil(4 * turn_s)));
  }
  return limits;
}

// A load thread has nothing to do once it is done: its loop ends with its crowd.
Crowd::Events stopping(EventLoop& loop, Crowd::Events events) {
  auto on_done = [&loop, inner = std::move(events.on_done)] {
    inner();
    loop.stop();
  };
  return {.on_up = std::move(events.on_up), .on_done = std::move(on_done)};
}

}  // namespace

ClientThread::ClientThread(std::unique_ptr<Proactor> proactor, std::unique_ptr<ThreadPool> pool,
                           const CrowdPlan& plan, Nanoseconds timeout, Crowd::Events events)
    : pool_(std::move(pool)),
      loop_(std::move(proactor)),
      connections_(loop_, *pool_, limits_for(plan, timeout)),
      crowd_(loop_, connections_, plan, stopping(loop_, std::move(events))) {}

ClientThread::~ClientThread() {
  finish();
  join();
  pool_->stop(StopMode::discard);
}

void ClientThread::open_window(Nanoseconds begin, Nanoseconds end) {
  if (!thread_.joinable()) return crowd_.set_window(begin, end);
  loop_.post([this, begin, end] { crowd_.set_window(begin, end); });
}

void ClientThread::start() {
  thread_ = std::thread([this] {
    // By default the kernel lets a timer be 50 us late, to save power.
    ::prctl(PR_SET_TIMERSLACK, 1);
    crowd_.start();
    loop_.run();
  });
}

void ClientThread::begin_schedule(Nanoseconds at) {
  loop_.post([this, at] { crowd_.begin_schedule(at); });
}

void ClientThread::finish() {
  if (thread_.joinable()) loop_.post([this] { crowd_.finish(); });
}

void ClientThread::join() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace collet::apps

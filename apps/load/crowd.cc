// SPDX-License-Identifier: MIT
// crowd.cc: when connections are opened, opened again, and left alone.
#include <netinet/in.h>

#include <utility>

#include "apps/load/crowd.h"

namespace collet::apps {
namespace {

using std::chrono::milliseconds;

// More connections than this have not been opened for the first time while none had an answer: a
// larger crowd arriving at once would overflow the server's accept queue, and be told to come back
// a second later.
constexpr std::size_t kUnsettled = 256;

// How long a connection that failed waits before it tries again: a server that is gone costs
// little.
constexpr milliseconds kRest{100};

// At the end: how long to wait for answers, and then for the connections to close.
constexpr milliseconds kGrace{250};
constexpr milliseconds kLastGrace{500};

// One address pair has 28,000 ports, each unusable for a while after its connection. Every address
// in 127.0.0.0/8 is this machine, so that connecting from several of them multiplies the ports.
constexpr std::size_t kManyConnections = 20'000;
constexpr std::uint32_t kSources = 16;

std::vector<Endpoint> sources_for(const CrowdPlan& plan) {
  const bool runs_out =
      plan.workload->load_defaults().connection_per_request || plan.connections >= kManyConnections;
  if (!runs_out || plan.target.family() != AF_INET) return {};
  const auto& target = *reinterpret_cast<const sockaddr_in*>(plan.target.address());
  if ((ntohl(target.sin_addr.s_addr) >> 24) != 127) return {};
  std::vector<Endpoint> sources(kSources);
  for (std::uint32_t i = 0; i < kSources; ++i) {
    auto& source = *reinterpret_cast<sockaddr_in*>(sources[i].address());
    source.sin_family = AF_INET;
    source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + i);
    sources[i].length = sizeof source;
  }
  return sources;
}

}  // namespace

Crowd::Crowd(EventLoop& loop, Connections& connections, const CrowdPlan& plan, Events events)
    : Meter(loop, plan.seed),
      connections_(connections),
      plan_(plan),
      events_(std::move(events)),
      connection_per_request_(plan.workload->load_defaults().connection_per_request),
      sources_(sources_for(plan)) {
  set_allowance(plan.requests);
}

void Crowd::start() { launch_soon(); }

void Crowd::finish() {
  end();
  check_done();
  if (done_) return;
  loop().call_after(kGrace, [this] { connections_.close_all(CloseReason::forced); });
  loop().call_after(kGrace + kLastGrace, [this] {
    live_ = 0;
    check_done();
  });
}

void Crowd::on_client_settled() {
  ++settled_;
  if (!up_ && settled_ >= plan_.connections) {
    up_ = true;
    events_.on_up();
  }
  if (launched_ < plan_.connections) launch_soon();
}

void Crowd::on_client_closed(Failure failure) {
  --live_;
  if (failure == Failure::none) {
    ++vacant_;
    launch_soon();
  } else {
    rest();
  }
  check_done();
}

void Crowd::rest() {
  if (resting_++ != 0) return;
  loop().call_after(kRest, [this] {
    vacant_ += std::exchange(resting_, 0);
    launch_soon();
  });
}

// Once a pass, so that a connection is never opened from inside the end of another.
void Crowd::launch_soon() {
  if (std::exchange(launching_soon_, true)) return;
  loop().defer([this] {
    launching_soon_ = false;
    launch_all();
    check_done();
  });
}

void Crowd::launch_all() {
  while (vacant_ > 0 && launch()) --vacant_;
  while (launched_ < plan_.connections && launched_ < settled_ + kUnsettled && launch()) {
    ++launched_;
  }
}

bool Crowd::launch() {
  if (connection_per_request_ ? allow(1) == 0 : !may_begin()) return false;
  ++live_;
  connections_.connect(plan_.target, next_source(),
                       plan_.workload->make_client(plan_.shape, *this));
  return true;
}

const Endpoint* Crowd::next_source() {
  if (sources_.empty()) return nullptr;
  next_source_ = (next_source_ + 1) % sources_.size();
  return &sources_[next_source_];
}

void Crowd::check_done() {
  if (done_ || may_begin() || live_ != 0) return;
  done_ = true;
  events_.on_done();
}

}  // namespace collet::apps

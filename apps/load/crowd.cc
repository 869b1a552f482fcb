// SPDX-License-Identifier: MIT
// crowd.cc: when connections are opened, opened again, and left alone.
#include <netinet/in.h>

#include <utility>

#include "apps/load/crowd.h"

namespace collet::apps {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// More connections than this have not been opened for the first time while none had an answer: a
// larger crowd arriving at once would overflow the server's accept queue, and be told to come back
// a second later.
constexpr std::size_t kUnsettled = 256;

// How long a connection that failed waits before it tries again: a server that is gone costs
// little.
constexpr milliseconds kRest{100};

// At the end: how long what was due may still be sent and answered, then as long again for answers
// alone, and how long the connections may take to close. An answer that has not come by then is an
// error, of which one must be sure. Readers that are slow on purpose have no answer that counts.
constexpr milliseconds kGrace{1000};
constexpr milliseconds kGraceOfSlow{250};
constexpr milliseconds kLastGrace{500};

// Waiting is in steps of this: where nobody is given a CPU, no time passes for this client either.
constexpr milliseconds kStep{50};

// One address pair has 28,000 ports, each unusable for a while after its connection. Every address
// in 127.0.0.0/8 is this machine, so that connecting from several of them multiplies the ports.
constexpr std::size_t kManyConnections = 20'000;
constexpr std::uint32_t kSources = 16;

}  // namespace

std::vector<Endpoint> sources_for(const CrowdPlan& plan) {
  const bool runs_out = plan.workload->load_defaults().connection_per_request ||
                        plan.connections_of_all >= kManyConnections;
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

Crowd::Crowd(EventLoop& loop, Connections& connections, const CrowdPlan& plan, Events events)
    : Meter(loop, plan.seed, plan.arrivals.rate_per_s > 0),
      connections_(connections),
      plan_(plan),
      events_(std::move(events)),
      connection_per_request_(plan.workload->load_defaults().connection_per_request),
      sources_(sources_for(plan)) {
  set_allowance(plan.requests);
}

// An open loop that opens a connection for each request has none before its schedule begins.
void Crowd::start() {
  if (open_loop() && connection_per_request_) {
    launched_ = plan_.connections;
    add_vacancies(plan_.connections);
    up_ = true;
    return events_.on_up();
  }
  launch_soon();
}

void Crowd::begin_schedule(nanoseconds at) { Meter::begin_schedule(Arrivals(plan_.arrivals, at)); }

void Crowd::finish() {
  end();
  dismiss_if_over();
  check_done();
  linger((is_slow_on_purpose() ? kGraceOfSlow : kGrace) / kStep, &Crowd::send_no_more);
}

void Crowd::linger(std::int64_t steps, void (Crowd::*next)()) {
  if (done_) return;
  if (steps == 0) return (this->*next)();
  loop().call_after(kStep, [this, steps, next] { linger(steps - 1, next); });
}

void Crowd::send_no_more() {
  give_up(loop().read_clock());
  check_done();
  linger(is_slow_on_purpose() ? 0 : kGrace / kStep, &Crowd::close_all);
}

// Where every answer that came took less, and none has come for as long although the server had
// nothing else to do, those that are missing were never going to.
void Crowd::close_all() {
  const bool came_sooner = tally().service.max() < kGrace;
  const bool fell_silent = loop().read_clock() - latest_answer() >= kGrace;
  if (came_sooner && fell_silent && !is_slow_on_purpose()) lose_patience();
  connections_.close_all(CloseReason::forced);
  loop().call_after(kLastGrace, [this] {
    live_ = 0;
    check_done();
  });
}

bool Crowd::is_slow_on_purpose() const noexcept {
  return plan_.workload->load_defaults().half_is_timed;
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
    add_vacancies(1);
    launch_soon();
  } else {
    rest();
  }
  check_done();
}

void Crowd::rest() {
  if (resting_++ != 0) return;
  loop().call_after(kRest, [this] {
    add_vacancies(std::exchange(resting_, 0));
    launch_soon();
  });
}

void Crowd::add_vacancies(std::size_t count) {
  if (vacant_ == 0) vacant_since_ = now();
  vacant_ += count;
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
  if (connection_per_request_) {
    const auto due = take_request(now());
    if (!due) {
      await_due();
      return false;
    }
    if (vacant_since_ <= *due) sent_late(*due, now());
    set_connection_due(*due);
  } else if (!may_begin()) {
    return false;
  }
  ++live_;
  connections_.connect(plan_.target, next_source(),
                       plan_.workload->make_client(plan_.shape, *this));
  return true;
}

// -- Open loop: requests that fall due while connections wait for them ---------------------------

void Crowd::on_wait(Waiter& waiter) {
  waiting_.push_back(&waiter);
  await_due();
}

void Crowd::on_stop_waiting(Waiter& waiter) noexcept { std::erase(waiting_, &waiter); }

// Only while somebody has a place free: whoever becomes free later looks by itself. To sleep until
// the very time would be to wake too late, so the last stretch is spent in passes that do not
// block.
void Crowd::await_due() {
  const auto due = next_due();
  if (!due || awaits_due_ || (waiting_.empty() && !has_vacancy())) return;
  awaits_due_ = true;
  const auto serve = [this] {
    awaits_due_ = false;
    serve_due();
  };
  if (*due - plan_.spin > now()) {
    loop().call_at(*due - plan_.spin, serve);
  } else {
    loop().defer(serve);
  }
}

void Crowd::serve_due() {
  const nanoseconds time = now();
  if (has_vacancy()) launch_all();
  while (!waiting_.empty()) {
    const auto due = take_request(time);
    if (!due) break;
    Waiter* next = waiting_.front();
    waiting_.pop_front();
    if (next->assign(*due)) waiting_.push_back(next);
  }
  dismiss_if_over();
  await_due();
}

void Crowd::dismiss_if_over() {
  if (!over()) return;
  while (!waiting_.empty()) {
    Waiter* idle = waiting_.front();
    waiting_.pop_front();
    idle->dismiss();
  }
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

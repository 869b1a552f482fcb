// SPDX-License-Identifier: MIT
// crowd.h: the connections of one loop: opened by and by, kept at their number, sent on at the
// times of a schedule if there is one, ended together.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include <collet/connections.h>
#include <collet/endpoint.h>
#include <collet/event_loop.h>

#include "apps/workloads/workload.h"

namespace collet::apps {

// What one loop is to do.
struct CrowdPlan {
  const Workload* workload = nullptr;
  RequestShape shape;
  Endpoint target;
  std::size_t connections = 0;
  std::size_t connections_of_all = 0;  // loops together, which share the ports of an address
  std::size_t requests = SIZE_MAX;     // closed loop: ends by itself after so many
  ArrivalPlan arrivals;                // open loop, if it has a rate
  std::chrono::nanoseconds spin{};     // open loop: wakes so long before a request is due
  std::uint64_t seed = 0;              // differs between loops
};

// The local addresses to connect from, in turn, where one has too few ports; none: any.
std::vector<Endpoint> sources_for(const CrowdPlan& plan);

class Crowd final : public Meter {
 public:
  // Both are called on the loop, once. `on_up`: each connection has had its first answer (in an
  // open loop: is up) or has failed to. `on_done`: no request is left to send, and every connection
  // has gone.
  struct Events {
    std::function<void()> on_up;
    std::function<void()> on_done;
  };

  Crowd(EventLoop& loop, Connections& connections, const CrowdPlan& plan, Events events);

  // Begins connecting.
  void start();

  // Open loop: the first request is due then.
  void begin_schedule(std::chrono::nanoseconds at);

  // Sends no more, waits a little for the answers that are due, and closes everything.
  void finish();

 private:
  void on_client_settled() override;
  void on_client_closed(Failure failure) override;
  void on_schedule() override { await_due(); }
  void on_wait(Waiter& waiter) override;
  void on_stop_waiting(Waiter& waiter) noexcept override;

  // Where a request is a connection, it waits for a place among them.
  bool has_vacancy() const noexcept { return connection_per_request_ && vacant_ != 0; }
  void add_vacancies(std::size_t count);
  void await_due();
  void serve_due();
  void dismiss_if_over();
  void launch_soon();
  void launch_all();
  bool launch();
  void rest();
  const Endpoint* next_source();
  void linger(std::int64_t steps, void (Crowd::*next)());
  void send_no_more();
  void close_all();
  bool is_slow_on_purpose() const noexcept;
  void check_done();

  Connections& connections_;
  CrowdPlan plan_;
  Events events_;
  bool connection_per_request_;
  std::vector<Endpoint> sources_;
  std::size_t next_source_ = 0;
  std::size_t launched_ = 0;  // of plan_.connections, for the first time
  std::size_t settled_ = 0;   // connections that have, counting every time anew
  std::size_t live_ = 0;      // launched and not gone
  std::size_t vacant_ = 0;    // to be launched again
  std::chrono::nanoseconds vacant_since_{0};
  std::size_t resting_ = 0;      // failed: to be launched again after a pause
  std::deque<Waiter*> waiting_;  // open loop: with a place free, the longest waiting first
  bool awaits_due_ = false;
  bool launching_soon_ = false;
  bool up_ = false;
  bool done_ = false;
};

}  // namespace collet::apps

// SPDX-License-Identifier: MIT
// crowd.h: the connections of one loop: opened by and by, kept at their number, ended together.
#pragma once

#include <chrono>
#include <cstddef>
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
  std::size_t requests = SIZE_MAX;  // ends by itself after so many
  std::uint64_t seed = 0;           // differs between loops
};

class Crowd final : public Meter {
 public:
  // Both are called on the loop, once. `on_up`: each connection has had its first answer or has
  // failed to. `on_done`: no request is left to send, and every connection has gone.
  struct Events {
    std::function<void()> on_up;
    std::function<void()> on_done;
  };

  Crowd(EventLoop& loop, Connections& connections, const CrowdPlan& plan, Events events);

  // Begins connecting.
  void start();

  // Sends no more, waits a little for the answers that are due, and closes everything.
  void finish();

 private:
  void on_client_settled() override;
  void on_client_closed(Failure failure) override;

  void launch_soon();
  void launch_all();
  bool launch();
  void rest();
  const Endpoint* next_source();
  void check_done();

  Connections& connections_;
  CrowdPlan plan_;
  Events events_;
  bool connection_per_request_;
  std::vector<Endpoint> sources_;  // local addresses to connect from, in turn; none: any
  std::size_t next_source_ = 0;
  std::size_t launched_ = 0;  // of plan_.connections, for the first time
  std::size_t settled_ = 0;   // connections that have, counting every time anew
  std::size_t live_ = 0;      // launched and not gone
  std::size_t vacant_ = 0;    // to be launched again
  std::size_t resting_ = 0;   // failed: to be launched again after a pause
  bool launching_soon_ = false;
  bool up_ = false;
  bool done_ = false;
};

}  // namespace collet::apps

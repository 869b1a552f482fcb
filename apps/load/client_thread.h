// SPDX-License-Identifier: MIT
// client_thread.h: a thread of the load with its loop and its share of the connections.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include <absl/status/statusor.h>
#include <collet/connections.h>
#include <collet/event_loop.h>
#include <collet/thread_pool.h>

#include "apps/load/crowd.h"

namespace collet::apps {

class ClientThread {
 public:
  using Nanoseconds = std::chrono::nanoseconds;

  // `pool` has no workers. The events are called on this thread; after `on_done` it ends.
  ClientThread(std::unique_ptr<Proactor> proactor, std::unique_ptr<ThreadPool> pool,
               const CrowdPlan& plan, Nanoseconds timeout, Crowd::Events events);
  ~ClientThread();  // finish(), then join()

  // Before start(), or from any thread.
  void open_window(Nanoseconds begin, Nanoseconds end);

  void start();

  // Open loop: the first request is due then. Any thread.
  void begin_schedule(Nanoseconds at);

  // Ends gently, and within three seconds. Any thread.
  void finish();

  void join();

  // What was seen. After join(), or inside an event, or what may be asked from any thread.
  const Meter& meter() const noexcept { return crowd_; }

 private:
  std::unique_ptr<ThreadPool> pool_;
  EventLoop loop_;
  Connections connections_;
  Crowd crowd_;
  std::thread thread_;
};

}  // namespace collet::apps

// SPDX-License-Identifier: MIT
// server_process.h: collet-server from start to exit. The server's threads serve; the calling
// thread has a loop of its own for signals and the end.
#pragma once

#include <chrono>
#include <memory>

#include <absl/status/status.h>
#include <collet/event_loop.h>
#include <collet/tcp_server.h>

#include "apps/cli/stop_signals.h"
#include "apps/server/complaints.h"
#include "apps/server/options.h"
#include "apps/server/watch.h"
#include "apps/server/watcher_output.h"

namespace collet::apps {

class ServerProcess {
 public:
  ServerProcess(const ServeOptions& options, StopSignals& signals);

  // Listens, and says so on standard output. On error nothing has been started.
  absl::Status start();

  // Returns when the server has been drained after a signal.
  void run();

 private:
  void begin_drain(int signal);
  void drain_timed_out();

  const ServeOptions& options_;
  StopSignals& signals_;
  WatcherOutput output_;
  Complaints complaints_;  // before the server, whose threads use it
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<TcpServer> server_;
  std::unique_ptr<Watch> watch_;
};

}  // namespace collet::apps

// SPDX-License-Identifier: MIT
// watch.h: takes the Watcher's row each interval, on a thread of its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include <collet/tcp_server.h>
#include <collet/watcher.h>

#include "apps/server/watcher_output.h"

namespace collet::apps {

// Asking a server what it saw waits for a pass of every loop, however long its handlers take, and
// nothing that must answer a signal may wait so.
class Watch {
 public:
  // Both outlive this.
  Watch(TcpServer& server, WatcherOutput& output, std::chrono::nanoseconds interval);
  ~Watch();  // finish()
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Takes the last row, of an interval cut short. For when the server has ended.
  void finish();

  // Everything since the start. After finish().
  const WatcherShard& seen() const noexcept { return *seen_; }

 private:
  void run(std::chrono::nanoseconds interval);
  void take_row();

  TcpServer& server_;
  WatcherOutput& output_;
  std::unique_ptr<WatcherShard> interval_;  // 80 KB each: not for the stack
  std::unique_ptr<WatcherShard> seen_;
  std::mutex mutex_;
  std::condition_variable finishing_changed_;
  bool finishing_ = false;
  std::thread thread_;
};

}  // namespace collet::apps

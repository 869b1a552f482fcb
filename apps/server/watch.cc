// SPDX-License-Identifier: MIT
// watch.cc: the Watcher's thread.
#include <algorithm>

#include "apps/server/watch.h"

namespace collet::apps {

Watch::Watch(TcpServer& server, WatcherOutput& output, std::chrono::nanoseconds interval)
    : server_(server),
      output_(output),
      interval_(std::make_unique<WatcherShard>()),
      seen_(std::make_unique<WatcherShard>()),
      thread_([this, interval] { run(interval); }) {}

Watch::~Watch() { finish(); }

void Watch::finish() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
  }
  finishing_changed_.notify_one();
  thread_.join();
  take_row();
}

void Watch::run(std::chrono::nanoseconds interval) {
  auto next = std::chrono::steady_clock::now() + interval;
  std::unique_lock lock(mutex_);
  while (!finishing_changed_.wait_until(lock, next, [this] { return finishing_; })) {
    lock.unlock();
    take_row();
    // After a row that took long the next one is late, not followed by several at once.
    next = std::max(next, std::chrono::steady_clock::now() - interval) + interval;
    lock.lock();
  }
}

void Watch::take_row() {
  *interval_ = WatcherShard();
  server_.take_interval(*interval_);
  seen_->merge(*interval_);
  output_.add(WatcherRow::of(*interval_, resident_bytes()));
}

}  // namespace collet::apps

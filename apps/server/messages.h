// SPDX-License-Identifier: MIT
// messages.h: what collet-server says on standard output: that it listens, and its totals.
#pragma once

#include <chrono>
#include <string>

#include <collet/tcp_server.h>
#include <collet/watcher.h>

#include "apps/server/options.h"

namespace collet::apps {

// The line, without its end, for people or as JSON. `at`: where it really listens.
std::string listening_text(const ServeOptions& options, const Endpoint& at);
std::string listening_json(const ServeOptions& options, const Endpoint& at);

// What happened from start to end.
std::string totals_json(const ServeOptions& options, const ServerStats& stats,
                        const WatcherShard& seen, std::chrono::nanoseconds served);

// What the decorator `count` has counted, for people: `wait 12, events 30, ...`.
std::string counted_text(const CallCounts& counts);

// The same of a pool: `900 tasks, 300 batches of at most 8; queue delay p50 4.10 us, ...`.
std::string pool_times_text(const PoolTimes::Totals& times);

}  // namespace collet::apps

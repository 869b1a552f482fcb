// SPDX-License-Identifier: MIT
// external_server.h: how to reach a server that says nothing about itself.
#pragma once

#include <absl/status/statusor.h>

#include "bench/measure/process.h"

namespace collet::bench {

// A port of 127.0.0.1 that nobody listens on. Another program may take it before a server does.
absl::StatusOr<int> find_free_port();

// Waits until `server` accepts connections on `port`: ready, closed if it ended, or as Wait says.
Wait wait_until_it_listens(const ChildProcess& server, int port, Deadline deadline, int stop_fd);

}  // namespace collet::bench

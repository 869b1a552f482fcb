// SPDX-License-Identifier: MIT
// options.h: what collet-server was asked to do, checked.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>

#include <absl/status/statusor.h>
#include <collet/registry.h>
#include <collet/tcp_server.h>

#include "apps/cli/kit.h"
#include "apps/workloads/workload.h"

namespace collet::apps {

struct ServeOptions {
  Backend backend;
  Pool pool;
  const Workload* workload = nullptr;
  Burden burden{};
  ServerOptions server{};
  std::chrono::nanoseconds drain_timeout{};
  std::string watcher_csv{};  // a path; empty: no file
  std::chrono::nanoseconds watcher_interval{};
  bool quiet = false;
  bool json = false;
};

// Either text to print instead of serving, or what to serve.
using ServerCommand = std::variant<std::string, ServeOptions>;

// Errors are sentences for the user; nothing has been started. `kit`, of which what is served is a
// part, is made here, as soon as the process is whom --user names: to know what it can do, io_uring
// makes a ring.
absl::StatusOr<ServerCommand> parse_server_command(int argc, const char* const* argv,
                                                   std::optional<Kit>& kit);

// Every backend, pool and workload with its options and whether it runs here, and where plugins
// came from: --list.
std::string describe_choices(const Kit& kit);

}  // namespace collet::apps

// SPDX-License-Identifier: MIT
// options.h: what collet-load was asked to do, checked.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include <absl/status/statusor.h>
#include <collet/endpoint.h>
#include <collet/registry.h>

#include "apps/cli/kit.h"
#include "apps/workloads/workload.h"

namespace collet::apps {

struct LoadOptions {
  Backend backend;
  const Workload* workload = nullptr;
  Endpoint target{};
  std::size_t connections = 0;  // at least one for each thread
  std::size_t threads = 1;
  RequestShape shape{};
  double rate_per_s = 0;  // open loop, over all connections; 0: closed loop
  Spacing spacing = Spacing::uniform;
  std::chrono::nanoseconds spin{};
  std::uint64_t requests = 0;           // end after so many; 0: by the clock alone
  std::chrono::nanoseconds duration{};  // max(): by the number of requests alone
  std::chrono::nanoseconds warmup{};
  std::chrono::nanoseconds timeout{};  // without an answer, a connection has failed
  bool json = false;
};

// Either text to print instead of running, or what to run.
using LoadCommand = std::variant<std::string, LoadOptions>;

// Errors are sentences for the user; nothing has been started.
absl::StatusOr<LoadCommand> parse_load_command(int argc, const char* const* argv, Kit& kit);

}  // namespace collet::apps

// SPDX-License-Identifier: MIT
// settings.h: what all runs of a session share, and the command lines that follow from it.
#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "bench/session/plan.h"

namespace collet::bench {

// A server that is not collet's, as a row of every table.
struct External {
  std::string name;
  std::string command;  // for /bin/sh; {port} and {workload} stand for the cell's
};

// `name=command with {port}`; the error is a sentence for whoever typed `flag`.
absl::StatusOr<External> parse_external(const std::string& text, const std::string& flag);

struct Settings {
  std::chrono::nanoseconds duration = std::chrono::milliseconds(800);
  std::chrono::nanoseconds warmup = std::chrono::milliseconds(200);
  int loops = 1;
  int workers = 1;  // of pools that have any
  int client_threads = 1;
  std::string arrivals = "uniform";  // of open loops; or poisson
  int blocks = 1;
  int max_repeats = 2;            // of a noisy run, at the end of its block
  bool accept_any_build = false;  // debug and sanitizer builds are refused otherwise
  bool counts = false;            // afterwards also system calls and the like
  std::vector<External> externals;
  std::vector<std::string> plugins;  // files, which server and pools are to load

  // What this machine and this build have; not written down with a session.
  std::string server;              // path of collet-server
  std::string load;                // path of collet-load
  std::string allocation_library;  // path of what counts allocations
  std::int64_t requests = 0;       // for a run that ends after so many; 0: after `duration`
  std::set<std::string> workerless_pools;
  std::set<std::string> own_workloads;          // others come out of plugins
  std::set<std::string> unpipelined_workloads;  // where a request is a connection of its own
  std::vector<int> cpus;                        // to place server and client on

  const External* find_external(const std::string& name) const;
};

// Threads of the client in this cell: never more than it has connections.
int client_threads(const Cell& cell, const Settings& settings);

// True of collet's own server with a pool that has threads.
bool has_workers(const Cell& cell, const Settings& settings);

// `port` is of use to external servers only; collet-server chooses its own.
std::vector<std::string> server_command(const Cell& cell, const Settings& settings, int port);
std::vector<std::string> client_command(const Cell& cell, const Settings& settings,
                                        const std::string& address);

}  // namespace collet::bench

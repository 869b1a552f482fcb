// SPDX-License-Identifier: MIT
// settings.h: what all runs of a session share, and the command lines that follow from it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bench/placement.h"
#include "bench/plan.h"

namespace collet::bench {

// What is particular to a workload.
struct WorkloadTraits {
  std::int64_t payload_bytes = 0;  // unless --payload says otherwise
  bool pipelines = true;           // false: a request is a connection of its own
};

struct Settings {
  std::chrono::nanoseconds duration = std::chrono::seconds(1);
  std::chrono::nanoseconds warmup = std::chrono::milliseconds(300);
  std::optional<std::int64_t> payload_bytes;  // each workload's own if unset
  int pipeline = 1;                           // of workloads that pipeline
  int loops = 1;
  int workers = 1;  // of pools that have any
  int client_threads = 1;
  std::chrono::nanoseconds work{0};
  std::chrono::nanoseconds block{0};
  Placement placement;

  std::string server;                          // path of collet-server
  std::string load;                            // path of collet-load
  std::map<std::string, std::string> by_hand;  // by the name of a backend, path of the program

  std::set<std::string> workerless_pools;           // names
  std::map<std::string, WorkloadTraits> workloads;  // by name
};

// The name a server must report for this cell.
std::string expected_backend(const Cell& cell);
std::string expected_pool(const Cell& cell);

// In this cell.
std::int64_t payload_bytes(const Cell& cell, const Settings& settings);
int pipeline(const Cell& cell, const Settings& settings);

// Threads of the client in this cell: never more than it has connections.
int client_threads(const Cell& cell, const Settings& settings);

std::vector<std::string> server_command(const Cell& cell, const Settings& settings);
std::vector<std::string> client_command(const Cell& cell, const Settings& settings,
                                        const std::string& address);

}  // namespace collet::bench

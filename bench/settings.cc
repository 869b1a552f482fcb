// SPDX-License-Identifier: MIT
// settings.cc: settings to argv.
#include "bench/settings.h"

#include <algorithm>

#include <absl/strings/str_cat.h>
#include <collet/quantity.h>

namespace collet::bench {

std::string expected_backend(const Cell& cell) {
  const std::string name(spec_name(cell.backend));
  return cell.by_hand ? "by-hand-" + name : name;
}

std::string expected_pool(const Cell& cell) {
  return cell.by_hand ? "none" : std::string(spec_name(cell.pool));
}

std::int64_t payload_bytes(const Cell& cell, const Settings& settings) {
  return settings.payload_bytes.value_or(settings.workloads.at(cell.workload).payload_bytes);
}

int pipeline(const Cell& cell, const Settings& settings) {
  return settings.workloads.at(cell.workload).pipelines ? settings.pipeline : 1;
}

int client_threads(const Cell& cell, const Settings& settings) {
  return std::min(settings.client_threads, cell.connections);
}

std::vector<std::string> server_command(const Cell& cell, const Settings& settings) {
  if (cell.by_hand) {
    return {settings.by_hand.at(std::string(spec_name(cell.backend))),
            "--listen",
            "127.0.0.1:0",
            "--workload",
            cell.workload,
            "--json"};
  }
  const bool has_workers = !settings.workerless_pools.contains(expected_pool(cell));
  std::vector<std::string> command = {settings.server, "--backend",  cell.backend,
                                      "--pool",        cell.pool,    "--listen",
                                      "127.0.0.1:0",   "--workload", cell.workload};
  const auto add = [&](const char* flag, const std::string& value) {
    command.insert(command.end(), {flag, value});
  };
  add("--loops", absl::StrCat(settings.loops));
  add("--workers", absl::StrCat(has_workers ? settings.workers : 0));
  if (settings.work.count() != 0) add("--work", format_duration(settings.work));
  if (settings.block.count() != 0) add("--block", format_duration(settings.block));
  command.insert(command.end(), {"--quiet", "--json"});
  return command;
}

std::vector<std::string> client_command(const Cell& cell, const Settings& settings,
                                        const std::string& address) {
  std::vector<std::string> command = {settings.load, address, "--workload", cell.workload,
                                      "--json"};
  const auto add = [&](const char* flag, const std::string& value) {
    command.insert(command.end(), {flag, value});
  };
  add("-c", absl::StrCat(cell.connections));
  add("-t", absl::StrCat(client_threads(cell, settings)));
  add("-d", format_duration(settings.duration));
  add("--warmup", format_duration(settings.warmup));
  add("--payload", absl::StrCat(payload_bytes(cell, settings)));
  if (settings.workloads.at(cell.workload).pipelines) {
    add("--pipeline", absl::StrCat(settings.pipeline));
  }
  return command;
}

}  // namespace collet::bench

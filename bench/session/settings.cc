// SPDX-License-Identifier: MIT
// settings.cc: settings to argv.
#include "bench/session/settings.h"

#include <algorithm>
#include <regex>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_replace.h>
#include <collet/quantity.h>
#include <collet/registry.h>

namespace collet::bench {

namespace {

// The first {word} that is none of ours; a shell's ${word} is its own.
std::string unknown_place_in(const std::string& command) {
  static const std::regex place(R"((^|[^$])(\{(?!port\}|workload\})[A-Za-z_]+\}))");
  std::smatch found;
  return std::regex_search(command, found, place) ? found[2].str() : "";
}

}  // namespace

absl::StatusOr<External> parse_external(const std::string& text, const std::string& flag) {
  const std::size_t equals = text.find('=');
  const std::string name = text.substr(0, equals);
  const auto bad = [&](const char* what) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s: \"%s\" %s: write name=command, such as 'mine=./my-server --port {port}'", flag, text,
        what));
  };
  if (equals == std::string::npos) return bad("has no =");
  constexpr const char* kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  if (name.empty() || name.find_first_not_of(kAllowed) != std::string::npos) {
    return bad("does not begin with a name of letters, digits, dots, _ and -");
  }
  if (text.find("{port}") == std::string::npos) return bad("does not say where the {port} goes");
  if (const std::string unknown = unknown_place_in(text); !unknown.empty()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: \"%s\" has %s, which nothing is put in for: there are {port} and "
                        "{workload}; a command "
                        "with such braces of its own goes into a script",
                        flag, text, unknown));
  }
  return External{name, text.substr(equals + 1)};
}

const External* Settings::find_external(const std::string& name) const {
  const auto found = std::ranges::find(externals, name, &External::name);
  return found == externals.end() ? nullptr : &*found;
}

int client_threads(const Cell& cell, const Settings& settings) {
  return std::min(settings.client_threads, cell.connections);
}

bool has_workers(const Cell& cell, const Settings& settings) {
  const std::string pool(innermost_in(cell.pool));
  return cell.external.empty() && !settings.workerless_pools.contains(pool);
}

std::vector<std::string> server_command(const Cell& cell, const Settings& settings, int port) {
  if (const External* external = settings.find_external(cell.external)) {
    return {"/bin/sh", "-c",
            absl::StrReplaceAll(external->command,
                                {{"{port}", absl::StrCat(port)}, {"{workload}", cell.workload}})};
  }
  std::vector<std::string> command = {settings.server, "--backend",  cell.backend,
                                      "--pool",        cell.pool,    "--listen",
                                      "127.0.0.1:0",   "--workload", cell.workload};
  const auto add = [&](const char* flag, const std::string& value) {
    command.insert(command.end(), {flag, value});
  };
  add("--loops", absl::StrCat(settings.loops));
  add("--workers", absl::StrCat(has_workers(cell, settings) ? settings.workers : 0));
  if (cell.work.count() != 0) add("--work", format_duration(cell.work));
  if (cell.block.count() != 0) add("--block", format_duration(cell.block));
  for (const std::string& plugin : settings.plugins) add("--plugin", plugin);
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
  if (settings.requests != 0) {
    add("-n", absl::StrCat(settings.requests));
  } else {
    add("-d", format_duration(settings.duration));
    add("--warmup", format_duration(settings.warmup));
  }
  add("--payload", absl::StrCat(cell.payload_bytes));
  if (!settings.unpipelined_workloads.contains(cell.workload)) {
    add("--pipeline", absl::StrCat(cell.pipeline));
  }
  if (!settings.own_workloads.contains(cell.workload)) {
    for (const std::string& plugin : settings.plugins) add("--plugin", plugin);
  }
  if (cell.rate_per_s != 0) {
    add("--rate", absl::StrCat(cell.rate_per_s));
    add("--arrivals", settings.arrivals);
  }
  return command;
}

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// options.cc: the flags of collet-server, from text to what they mean.
#include <algorithm>

#include <absl/status/status.h>
#include <absl/strings/str_format.h>
#include <collet/address.h>

#include "apps/cli/command_line.h"
#include "apps/cli/user.h"
#include "apps/server/options.h"

namespace collet::apps {
namespace {

constexpr std::int64_t kMaxThreads = 1024;
constexpr std::int64_t kMaxConnections = 100'000'000;

// As typed; an empty one follows from other flags.
struct Text {
  std::string backend = "epoll";
  std::string pool = "inline";
  std::string workload = "echo";
  std::string listen = "127.0.0.1:7000";
  std::string loops = "1";
  std::string workers;
  std::string listen_mode;
  std::string max_connections = "0";
  std::string idle_timeout = "60s";
  std::string drain_timeout = "5s";
  std::string watcher_csv;
  std::string watcher_interval = "1s";
  std::string work = "0";
  std::string block = "0";
  std::string user;
  bool quiet = false;
  bool json = false;
  bool list = false;
};

void declare(CommandLine& line, Text& text) {
  line.option("--backend", "SPEC", text.backend, "event backend, as name or name:key=value,...");
  line.option("--pool", "SPEC", text.pool, "thread pool that runs the handlers");
  line.option("--workload", "SPEC", text.workload, "what to serve: " + workload_names());
  line.option("--listen", "ADDRESS", text.listen, "127.0.0.1:7000, [::1]:0 or unix:/run/app.sock");
  line.option("--loops", "N", text.loops, "threads that run an event loop");
  line.option("--workers", "N", text.workers,
              "threads of the pool [usable CPUs less loops, at least 1; inline: 0]");
  line.option("--listen-mode", "MODE", text.listen_mode,
              "reuseport: a listener for each loop; handoff: one, to the least loaded loop "
              "[reuseport; handoff for unix]");
  line.option("--max-connections", "N", text.max_connections, "0: as many as descriptors allow");
  line.option("--idle-timeout", "TIME", text.idle_timeout, "close silent connections; 0: never");
  line.option("--drain-timeout", "TIME", text.drain_timeout,
              "after SIGTERM or SIGINT, time for what has arrived to be answered");
  line.option("--watcher-csv", "FILE", text.watcher_csv, "append a row each interval");
  line.option("--watcher-interval", "TIME", text.watcher_interval, "length of an interval");
  line.option("--work", "TIME", text.work, "CPU that every answer burns");
  line.option("--block", "TIME", text.block, "time that every answer sleeps");
  line.option("--user", "NAME", text.user,
              "become this user before anything is loaded, tried or opened");
  line.flag("--quiet", text.quiet, "no Watcher rows on the terminal");
  line.flag("--json", text.json, "JSON lines: listening, totals");
  line.flag("--list", text.list, "show every backend, pool and workload, and end");
  line.config_file("--config", "read flags from FILE, a name = \"value\" a line");
}

absl::Status invalid(const std::string& text) { return absl::InvalidArgumentError(text); }

absl::Status read_listen(const Text& text, ServerOptions& options) {
  const auto endpoint = parse_endpoint(text.listen);
  if (!endpoint.ok()) {
    return invalid("--listen: " + std::string(endpoint.status().message()));
  }
  options.listen = *endpoint;
  const bool is_unix = endpoint->family() == AF_UNIX;
  if (text.listen_mode.empty()) {
    options.listen_mode = is_unix ? ListenMode::handoff : ListenMode::reuseport;
  } else if (text.listen_mode == "handoff") {
    options.listen_mode = ListenMode::handoff;
  } else if (text.listen_mode != "reuseport") {
    return invalid(absl::StrFormat(
        "--listen-mode: \"%s\" is not known: choose reuseport or handoff", text.listen_mode));
  } else if (is_unix) {
    return invalid("--listen-mode: \"reuseport\" does not work for Unix paths: choose handoff");
  }
  return absl::OkStatus();
}

absl::Status read_threads(const Text& text, ServeOptions& options) {
  const auto loops = count_of("--loops", text.loops, 1, kMaxThreads);
  if (!loops.ok()) return loops.status();
  options.server.loops = static_cast<std::size_t>(*loops);

  const bool has_workers = options.pool.description().has_workers;
  if (text.workers.empty()) {
    options.server.workers = options.pool.default_workers(options.server.loops);
    return absl::OkStatus();
  }
  const auto workers = count_of("--workers", text.workers, 0, kMaxThreads);
  if (!workers.ok()) return workers.status();
  if (has_workers && *workers == 0) {
    return invalid(absl::StrFormat("--workers: \"%s\" is too few for --pool %s: give it at least 1",
                                   text.workers, options.pool.name()));
  }
  if (!has_workers && *workers > 0) {
    return invalid(
        absl::StrFormat("--workers: \"%s\" does not fit --pool %s, which has none: give 0",
                        text.workers, options.pool.name()));
  }
  options.server.workers = static_cast<std::size_t>(*workers);
  return absl::OkStatus();
}

absl::Status read_limits(const Text& text, ServeOptions& options) {
  const auto connections = count_of("--max-connections", text.max_connections, 0, kMaxConnections);
  if (!connections.ok()) return connections.status();
  options.server.max_connections = static_cast<std::size_t>(*connections);

  const auto idle = duration_of("--idle-timeout", text.idle_timeout);
  if (!idle.ok()) return idle.status();
  options.server.limits.idle_timeout = idle->count() == 0 ? std::chrono::nanoseconds::max() : *idle;

  const auto drain = duration_of("--drain-timeout", text.drain_timeout);
  if (!drain.ok()) return drain.status();
  options.drain_timeout = *drain;
  // Peers that do not end when we do must not use up the time in which the others are answered.
  options.server.limits.linger = std::min(options.server.limits.linger, *drain / 2);
  return absl::OkStatus();
}

absl::Status read_watcher_and_burden(const Text& text, ServeOptions& options) {
  const auto interval = duration_of("--watcher-interval", text.watcher_interval);
  if (!interval.ok()) return interval.status();
  if (*interval < std::chrono::milliseconds(1)) {
    return invalid(
        absl::StrFormat("--watcher-interval: \"%s\" is too short: try 1s", text.watcher_interval));
  }
  options.watcher_interval = *interval;
  options.watcher_csv = text.watcher_csv;

  const auto work = duration_of("--work", text.work);
  if (!work.ok()) return work.status();
  const auto block = duration_of("--block", text.block);
  if (!block.ok()) return block.status();
  options.burden = {.work = *work, .block = *block};
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ServerCommand> parse_server_command(int argc, const char* const* argv,
                                                   std::optional<Kit>& kit) {
  CommandLine line("collet-server", "Serves a workload on a chosen backend and thread pool.");
  Text text;
  declare(line, text);
  PluginFlags plugins;
  plugins.declare(line);
  auto print = line.parse(argc, argv);
  if (!print.ok()) return print.status();
  if (!print->empty()) return *print;
  if (!text.user.empty()) {
    if (auto status = become_user(text.user); !status.ok()) return status;
  }
  if (auto status = kit.emplace().load(plugins); !status.ok()) return status;
  if (text.list) return describe_choices(*kit);

  auto backend = kit->backend(text.backend);
  if (!backend.ok()) return backend.status();
  auto pool = kit->pool(text.pool);
  if (!pool.ok()) return pool.status();
  ServeOptions options{.backend = *std::move(backend), .pool = *std::move(pool)};
  const auto workload = kit->workload(text.workload);
  if (!workload.ok()) return workload.status();
  options.workload = *workload;
  options.quiet = text.quiet;
  options.json = text.json;
  if (auto status = read_listen(text, options.server); !status.ok()) return status;
  if (auto status = read_threads(text, options); !status.ok()) return status;
  if (auto status = read_limits(text, options); !status.ok()) return status;
  if (auto status = read_watcher_and_burden(text, options); !status.ok()) return status;
  return options;
}

}  // namespace collet::apps

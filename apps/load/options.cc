// SPDX-License-Identifier: MIT
// options.cc: the flags of collet-load, from text to what they mean.
#include <absl/status/status.h>
#include <absl/strings/str_format.h>
#include <collet/address.h>

#include "apps/cli/command_line.h"
#include "apps/load/options.h"

namespace collet::apps {
namespace {

constexpr std::int64_t kMaxConnections = 1'000'000;
constexpr std::int64_t kMaxThreads = 1024;
constexpr std::int64_t kMaxPayload = 1 << 30;
constexpr std::int64_t kMaxPipeline = 65536;
constexpr std::int64_t kMaxRate = 10'000'000;  // each that was never sent is accounted for

// As typed; an empty one was left to the workload or to other flags.
struct Text {
  std::string target;
  std::string backend = "epoll";
  std::string workload = "echo";
  std::string connections;
  std::string threads = "1";
  std::string duration = "10s";
  std::string warmup;
  std::string payload;
  std::string pipeline = "1";
  std::string requests;
  std::string rate;
  std::string arrivals;
  std::string spin = "50us";
  std::string timeout = "10s";
  bool json = false;
};

void declare(CommandLine& line, Text& text) {
  line.positional("HOST:PORT", text.target, "where the server listens, or unix:PATH");
  line.option("--workload", "NAME", text.workload,
              "what to send and to expect: " + workload_names());
  line.option("-c,--connections", "N", text.connections,
              "connections at once [by workload: 64, 1000 or 10000]");
  line.option("-t,--threads", "N", text.threads, "threads, each with an event loop");
  line.option("-d,--duration", "TIME", text.duration, "how long to measure; with -n only if given");
  line.option("--warmup", "TIME", text.warmup, "load before measuring [1s]; not with -n");
  line.option("-n,--requests", "N", text.requests, "send so many requests, all measured, and end");
  line.option(
      "-R,--rate", "N", text.rate,
      "open loop: so many requests a second over all connections, each timed from when it was "
      "due; without it a closed loop: each connection sends when it has its answer");
  line.option("--arrivals", "SPACING", text.arrivals,
              "of an open loop: uniform or poisson [uniform]");
  line.option("--spin", "TIME", text.spin,
              "of an open loop: stays awake so long before a request is due, to be in time for it");
  line.option("--payload", "SIZE", text.payload,
              "bytes of a request [echo 64, greet 3k, http 0: GET]");
  line.option("--pipeline", "N", text.pipeline, "unanswered requests on each connection");
  line.option("--timeout", "TIME", text.timeout, "give a connection up that long without answer");
  line.option("--backend", "SPEC", text.backend, "event backend of this client");
  line.flag("--json", text.json, "JSON lines: start, end, result");
}

absl::Status invalid(const std::string& text) { return absl::InvalidArgumentError(text); }

absl::StatusOr<Endpoint> target_of(const std::string& text) {
  if (text.empty()) return invalid("name the server to load, such as 127.0.0.1:7000");
  auto endpoint = parse_endpoint(text);
  if (endpoint.ok() && endpoint->family() != AF_UNIX && port_of(*endpoint) == 0) {
    return invalid(absl::StrFormat("\"%s\" has port 0: name the port the server printed", text));
  }
  return endpoint;
}

absl::Status read_shape(const Text& text, LoadOptions& options) {
  const LoadDefaults defaults = options.workload->load_defaults();
  options.shape.payload_bytes = defaults.payload_bytes;
  options.shape.framing_bytes = defaults.framing_bytes;
  if (!text.payload.empty()) {
    const auto payload =
        bytes_of("--payload", text.payload, static_cast<std::int64_t>(defaults.least_payload_bytes),
                 kMaxPayload);
    if (!payload.ok()) return payload.status();
    options.shape.payload_bytes = static_cast<std::size_t>(*payload);
  }
  const auto pipeline = count_of("--pipeline", text.pipeline, 1, kMaxPipeline);
  if (!pipeline.ok()) return pipeline.status();
  options.shape.pipeline = static_cast<std::size_t>(*pipeline);
  if (defaults.connection_per_request && options.shape.pipeline != 1) {
    return invalid(absl::StrFormat(
        "--pipeline: \"%s\" does not fit --workload %s, where each request is a connection: leave "
        "it out",
        text.pipeline, options.workload->name()));
  }
  const auto in_flight = options.shape.pipeline * options.shape.payload_bytes;
  if (in_flight > static_cast<std::size_t>(kMostBytesUnderWay)) {
    return invalid(
        "--pipeline: times --payload this is more than 1g for each connection: lower "
        "one of them");
  }
  return absl::OkStatus();
}

absl::Status read_size(const Text& text, LoadOptions& options) {
  const auto threads = count_of("--threads", text.threads, 1, kMaxThreads);
  if (!threads.ok()) return threads.status();
  options.threads = static_cast<std::size_t>(*threads);
  options.connections = options.workload->load_defaults().connections;
  if (!text.connections.empty()) {
    const auto connections = count_of("--connections", text.connections, 1, kMaxConnections);
    if (!connections.ok()) return connections.status();
    options.connections = static_cast<std::size_t>(*connections);
  }
  if (options.connections >= options.threads) return absl::OkStatus();
  return invalid(absl::StrFormat(
      "--threads: \"%s\" is more than the %d connections: a thread needs at least one",
      text.threads, options.connections));
}

absl::Status read_spacing(const Text& text, LoadOptions& options) {
  if (text.arrivals == "poisson") {
    options.spacing = Spacing::poisson;
  } else if (!text.arrivals.empty() && text.arrivals != "uniform") {
    return invalid(absl::StrFormat("--arrivals: \"%s\" is not known: choose uniform or poisson",
                                   text.arrivals));
  }
  return absl::OkStatus();
}

absl::Status read_rate(const CommandLine& line, const Text& text, LoadOptions& options) {
  const auto spin = duration_of("--spin", text.spin);
  if (!spin.ok()) return spin.status();
  options.spin = *spin;
  options.rate_per_s = options.workload->load_defaults().rate_per_s;
  if (text.rate.empty()) {
    if (options.rate_per_s > 0 && !text.requests.empty()) {
      return invalid(absl::StrFormat(
          "--requests: \"%s\" does not fit --workload %s, which has a rate: give -d instead",
          text.requests, options.workload->name()));
    }
    if (options.rate_per_s > 0) return read_spacing(text, options);
    if (line.given("--spin")) {
      return invalid(absl::StrFormat(
          "--spin: \"%s\" is how long to be awake before a request of --rate is due: give both or "
          "none",
          text.spin));
    }
    if (text.arrivals.empty()) return absl::OkStatus();
    return invalid(absl::StrFormat(
        "--arrivals: \"%s\" says when the requests of --rate are due: give both or none",
        text.arrivals));
  }
  const auto rate = count_of("--rate", text.rate, 1, kMaxRate);
  if (!rate.ok()) return rate.status();
  options.rate_per_s = static_cast<double>(*rate);
  if (!text.requests.empty()) {
    return invalid(absl::StrFormat("--rate: \"%s\" goes with a time, not with -n: give -d instead",
                                   text.rate));
  }
  return read_spacing(text, options);
}

absl::Status read_times(const CommandLine& line, const Text& text, LoadOptions& options) {
  const bool counted = !text.requests.empty();
  if (counted) {
    const auto requests = count_of("--requests", text.requests, 1, INT64_MAX);
    if (!requests.ok()) return requests.status();
    options.requests = static_cast<std::uint64_t>(*requests);
  }
  const auto duration = duration_of("--duration", text.duration);
  if (!duration.ok()) return duration.status();
  if (duration->count() == 0) return invalid("--duration: \"0\" measures nothing: try 10s");
  const bool by_count_alone = counted && !line.given("--duration");
  options.duration = by_count_alone ? std::chrono::nanoseconds::max() : *duration;

  const auto warmup = duration_of("--warmup", !text.warmup.empty() ? text.warmup
                                              : counted            ? "0"
                                                                   : "1s");
  if (!warmup.ok()) return warmup.status();
  if (counted && warmup->count() != 0) {
    return invalid(absl::StrFormat(
        "--warmup: \"%s\" cannot go with -n, which measures every request: leave out one of them",
        text.warmup));
  }
  options.warmup = *warmup;

  const auto timeout = duration_of("--timeout", text.timeout);
  if (!timeout.ok()) return timeout.status();
  if (timeout->count() == 0) return invalid("--timeout: \"0\" gives no time to answer: try 10s");
  options.timeout = *timeout;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LoadCommand> parse_load_command(int argc, const char* const* argv, Kit& kit) {
  CommandLine line("collet-load", "Loads a server, checks every reply and measures.");
  Text text;
  declare(line, text);
  PluginFlags plugins;
  plugins.declare(line);
  auto print = line.parse(argc, argv);
  if (!print.ok()) return print.status();
  if (!print->empty()) return *print;
  if (auto status = kit.load(plugins); !status.ok()) return status;

  auto backend = kit.backend(text.backend);
  if (!backend.ok()) return backend.status();
  LoadOptions options{.backend = *std::move(backend)};
  const auto workload = kit.workload(text.workload);
  if (!workload.ok()) return workload.status();
  options.workload = *workload;
  const auto target = target_of(text.target);
  if (!target.ok()) return target.status();
  options.target = *target;
  options.json = text.json;
  if (auto status = read_shape(text, options); !status.ok()) return status;
  if (auto status = read_size(text, options); !status.ok()) return status;
  if (auto status = read_rate(line, text, options); !status.ok()) return status;
  if (auto status = read_times(line, text, options); !status.ok()) return status;
  return options;
}

}  // namespace collet::apps

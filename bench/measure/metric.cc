// SPDX-License-Identifier: MIT
// metric.cc: how each figure follows from a run.
#include "bench/measure/metric.h"

#include <algorithm>

#include "bench/measure/runner.h"

namespace collet::bench {
namespace {

constexpr std::array<const char*, kMetrics> kKeys = {
    "server_cpu_us_per_request",
    "machine_cpu_us_per_request",
    "requests_per_s",
    "p50_us",
    "p99_us",
    "p999_us",
    "server_switches_per_request",
    "server_rss_bytes",
    "bytes_per_connection",
};

std::optional<double> to_us(const std::optional<std::int64_t>& ns) {
  if (!ns) return std::nullopt;
  return static_cast<double>(*ns) / 1e3;
}

double per_request(std::int64_t amount, const RunOutcome& outcome) {
  return static_cast<double>(amount) / static_cast<double>(outcome.load->requests);
}

std::optional<double> memory_per_connection(const RunOutcome& outcome) {
  if (!outcome.rss_before_bytes || outcome.load->connections == 0) return std::nullopt;
  const auto grown = static_cast<double>(outcome.server->rss_bytes - *outcome.rss_before_bytes);
  return std::max(grown, 0.0) / static_cast<double>(outcome.load->connections);
}

}  // namespace

const char* key_of(Metric metric) noexcept { return kKeys[static_cast<std::size_t>(metric)]; }

std::optional<Metric> metric_of(std::string_view key) noexcept {
  const auto* const found =
      std::ranges::find(kKeys, key, [](const char* one) { return std::string_view(one); });
  if (found == kKeys.end()) return std::nullopt;
  return static_cast<Metric>(found - kKeys.begin());
}

std::optional<double> measure(Metric metric, const RunOutcome& outcome) {
  const ProcessUse& server = *outcome.server;
  const LoadReport& load = *outcome.load;
  switch (metric) {
    case Metric::server_cpu:
      return per_request(server.cpu_ns, outcome) / 1e3;
    case Metric::machine_cpu:
      return per_request(outcome.machine.busy_ns, outcome) / 1e3;
    case Metric::requests_per_s:
      return load.requests_per_s();
    case Metric::p50:
      return to_us(load.latency.p50_ns);
    case Metric::p99:
      return to_us(load.latency.p99_ns);
    case Metric::p999:
      return to_us(load.latency.p999_ns);
    case Metric::switches:
      return per_request(server.voluntary_switches + server.involuntary_switches, outcome);
    case Metric::rss:
      return static_cast<double>(server.rss_bytes);
    case Metric::memory_per_connection:
      return memory_per_connection(outcome);
  }
  return std::nullopt;
}

}  // namespace collet::bench

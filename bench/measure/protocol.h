// SPDX-License-Identifier: MIT
// protocol.h: the JSON lines that the server and the load client print with --json.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

namespace collet::bench {

// What a server says once it accepts connections: the backend and the options that really run.
struct Listening {
  std::string address;
  std::string backend;
  std::string backend_spec;
  std::string pool;
  std::string pool_spec;
  int loops = 0;
  int workers = 0;
  std::string workload;
  std::string build;
};

absl::StatusOr<Listening> parse_listening(std::string_view line);

enum class LoadEvent : std::uint8_t {
  start,   // the measured window begins
  end,     // it is over
  result,  // the figures follow
  other,   // of no interest here
};

// Times to the whole reply: of a closed loop from sending the request, of an open one from when it
// was due. Null stands for unknown, as of percentiles with too few samples beyond them.
struct Latency {
  std::optional<std::int64_t> p50_ns;
  std::optional<std::int64_t> p90_ns;
  std::optional<std::int64_t> p99_ns;
  std::optional<std::int64_t> p999_ns;
  std::optional<std::int64_t> max_ns;
  std::optional<std::int64_t> mean_ns;
};

struct LoadReport {
  int connections = 0;
  bool open_loop = false;
  std::optional<std::int64_t> offered;          // requests that were due; of an open loop
  std::optional<std::int64_t> send_lag_p99_ns;  // the client's own lateness; of an open loop
  std::optional<double> littles_law_gap;        // of a closed loop
  std::string verdict;                          // ok, overloaded or client_late; of an open loop
  std::int64_t requests = 0;
  std::int64_t window_ns = 0;
  std::int64_t request_bytes = 0;
  Latency latency;
  std::string latency_histogram;                // of the same times: Histogram::encode()
  std::string service_histogram;                // of an open loop: from when requests were sent
  std::vector<std::int64_t> answered_by_100ms;  // requests in each tenth of a second
  std::map<std::string, std::int64_t> errors;   // by kind
  std::int64_t wrong_bytes = 0;
  std::int64_t unanswered = 0;
  std::int64_t client_cpu_ns = 0;

  double requests_per_s() const {
    return 1e9 * static_cast<double>(requests) / static_cast<double>(window_ns);
  }
};

// What the decorator `count` saw of a server's backends, from its start to its end.
struct CountedCalls {
  std::int64_t requests = 0;  // that the server answered in that time
  std::map<std::string, std::int64_t> calls;
};

// Null if the line is none of a server's totals, or these have no counts.
std::optional<CountedCalls> parse_counted_calls(std::string_view line);

// How long tasks waited in a pool, as the decorator `count` saw it from the server's start to its
// end. A percentile is null with fewer than ten tasks beyond it.
struct HandOff {
  std::optional<double> p50_us;
  std::optional<double> p99_us;
};

// Null if the line is none of a server's totals, or its pool was not timed.
std::optional<HandOff> parse_hand_off(std::string_view line);

absl::StatusOr<LoadEvent> parse_load_event(std::string_view line);
absl::StatusOr<LoadReport> parse_load_report(std::string_view line);

}  // namespace collet::bench

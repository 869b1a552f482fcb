// SPDX-License-Identifier: MIT
// protocol.h: the JSON lines that the server and the load client print with --json.
#pragma once

#include <cstdint>
#include <map>
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

struct LoadReport {
  std::int64_t requests = 0;
  double seconds = 0;
  double requests_per_s = 0;
  double bytes_per_s = 0;
  double p50_us = 0;
  double p90_us = 0;
  double p99_us = 0;
  double p999_us = 0;
  double max_us = 0;
  std::map<std::string, std::int64_t> errors;  // by kind
  std::int64_t wrong_bytes = 0;
  double client_cpu_s = 0;
};

absl::StatusOr<LoadEvent> parse_load_event(std::string_view line);
absl::StatusOr<LoadReport> parse_load_report(std::string_view line);

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// metric.h: the figures of a run, each under the name that it has in files, tables and the report.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace collet::bench {

struct RunOutcome;

enum class Metric : std::uint8_t {
  server_cpu,             // CPU time of the server for each request, user and system
  machine_cpu,            // of all CPUs that were used, whoever used them: the kernel's part too
  requests_per_s,         // answered
  p50,                    // of a closed loop the service time, of an open one the response time
  p99,                    //
  p999,                   //
  switches,               // of the server's threads from one to another, for each request
  rss,                    // resident memory of the server at the end of the window
  memory_per_connection,  // by which that has grown since it began to listen
};
inline constexpr std::size_t kMetrics = 9;

// All, in the order in which they are shown.
constexpr std::array<Metric, kMetrics> all_metrics() {
  std::array<Metric, kMetrics> all{};
  for (std::size_t i = 0; i < kMetrics; ++i) all[i] = static_cast<Metric>(i);
  return all;
}

// With the unit: `server_cpu_us_per_request`.
const char* key_of(Metric metric) noexcept;

// Nothing for a key of none.
std::optional<Metric> metric_of(std::string_view key) noexcept;

// In the unit of its key. Nothing if `outcome`, which must be ok, does not know it.
std::optional<double> measure(Metric metric, const RunOutcome& outcome);

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// verdict.cc: the limits beyond which a run is not what it was meant to be.
#include "apps/load/verdict.h"

#include <algorithm>
#include <chrono>

namespace collet::apps {
namespace {

using std::chrono::nanoseconds;

constexpr double kAnswered = 0.98;  // of what was offered

// The p99 of the send lag may be so long, or this part of the median response time.
constexpr nanoseconds kLag = std::chrono::microseconds(50);
constexpr int kLagPart = 10;

// A thread that has used so much of its core had no time to spare.
constexpr double kBusy = 0.95;

bool falls_behind(const LoadResult& result) noexcept {
  return static_cast<double>(result.tally.requests) <
         kAnswered * static_cast<double>(result.tally.offered);
}

bool is_late(const LoadOptions& options, const LoadResult& result) noexcept {
  const nanoseconds median = result.tally.response.percentile(50);
  if (result.tally.send_lag.percentile(99) > std::max(kLag, median / kLagPart)) return true;
  const auto threads = static_cast<double>(options.threads);
  const double budget = kBusy * threads * static_cast<double>(result.window.count());
  return falls_behind(result) && static_cast<double>(result.cpu.count()) > budget;
}

}  // namespace

std::string_view to_string(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::ok:
      return "ok";
    case Verdict::overloaded:
      return "overloaded";
    case Verdict::client_late:
      return "client_late";
  }
  return "?";
}

Verdict judge(const LoadOptions& options, const LoadResult& result) noexcept {
  if (options.rate_per_s == 0) return Verdict::ok;
  if (is_late(options, result)) return Verdict::client_late;
  return falls_behind(result) ? Verdict::overloaded : Verdict::ok;
}

std::optional<double> littles_law_gap(const LoadOptions& options,
                                      const LoadResult& result) noexcept {
  const LoadDefaults defaults = options.workload->load_defaults();
  if (options.rate_per_s != 0 || defaults.connection_per_request || defaults.half_is_timed) {
    return std::nullopt;
  }
  const auto under_way = static_cast<double>(options.connections * options.shape.pipeline);
  const auto total_ns = static_cast<double>(result.tally.service.mean().count()) *
                        static_cast<double>(result.tally.requests);
  const double available_ns = under_way * static_cast<double>(result.window.count());
  if (available_ns <= 0) return std::nullopt;
  return 1 - total_ns / available_ns;
}

}  // namespace collet::apps

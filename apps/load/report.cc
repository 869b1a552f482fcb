// SPDX-License-Identifier: MIT
// report.cc: a result as JSON and as text.
#include <algorithm>

#include <absl/strings/str_format.h>
#include <collet/address.h>
#include <collet/quantity.h>
#include <nlohmann/json.hpp>

#include "apps/load/report.h"

namespace collet::apps {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::nanoseconds;

double seconds(nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }
double microseconds(nanoseconds duration) { return static_cast<double>(duration.count()) / 1e3; }

double per_second(std::uint64_t count, const LoadResult& result) {
  return result.window.count() <= 0 ? 0 : static_cast<double>(count) / seconds(result.window);
}

double cores(const LoadResult& result) {
  return result.window.count() <= 0 ? 0 : seconds(result.cpu) / seconds(result.window);
}

Json percentiles_us(const Histogram& histogram) {
  return {{"p50", microseconds(histogram.percentile(50))},
          {"p90", microseconds(histogram.percentile(90))},
          {"p99", microseconds(histogram.percentile(99))},
          {"p999", microseconds(histogram.percentile(99.9))},
          {"max", microseconds(histogram.max())},
          {"mean", microseconds(histogram.mean())}};
}

Json failures_json(const Tally& tally) {
  Json failures = Json::object();
  for (std::size_t i = 0; i < kFailures; ++i) {
    if (tally.failures[i] != 0) {
      failures[std::string(to_string(static_cast<Failure>(i)))] = tally.failures[i];
    }
  }
  return failures;
}

// Three digits are enough for a person.
std::string short_time(nanoseconds duration) {
  const double us = microseconds(duration);
  if (us < 1e3) return absl::StrFormat("%.3gus", us);
  if (us < 999.5e3) return absl::StrFormat("%.3gms", us / 1e3);
  return absl::StrFormat("%.3gs", us / 1e6);
}

std::string latency_line(const char* label, const Histogram& histogram) {
  return absl::StrFormat("  %-9s p50 %s  p90 %s  p99 %s  p99.9 %s  max %s  mean %s\n", label,
                         short_time(histogram.percentile(50)), short_time(histogram.percentile(90)),
                         short_time(histogram.percentile(99)),
                         short_time(histogram.percentile(99.9)), short_time(histogram.max()),
                         short_time(histogram.mean()));
}

std::string failures_text(const Tally& tally) {
  std::string text;
  for (std::size_t i = 0; i < kFailures; ++i) {
    if (tally.failures[i] == 0) continue;
    text += absl::StrFormat("%s%s %d", text.empty() ? "" : ", ", to_string(static_cast<Failure>(i)),
                            tally.failures[i]);
  }
  return text.empty() ? "none" : text;
}

std::string heading(const LoadOptions& options) {
  const RequestShape& shape = options.shape;
  std::string text = absl::StrFormat("%s to %s: %d connection%s, %d thread%s, %s B a request",
                                     options.workload->name(), format_endpoint(options.target),
                                     options.connections, options.connections == 1 ? "" : "s",
                                     options.threads, options.threads == 1 ? "" : "s",
                                     format_bytes(static_cast<std::int64_t>(shape.payload_bytes)));
  if (shape.pipeline > 1) text += absl::StrFormat(", %d in the pipeline", shape.pipeline);
  return text + absl::StrFormat(", backend %s\n", options.backend.name());
}

}  // namespace

std::string event_json(const std::string& event) { return Json{{"event", event}}.dump(); }

std::string result_json(const LoadOptions& options, const LoadResult& result) {
  const Tally& tally = result.tally;
  Json json{{"event", "result"},
            {"workload", options.workload->name()},
            {"target", format_endpoint(options.target)},
            {"connections", options.connections},
            {"threads", options.threads},
            {"payload_bytes", options.shape.payload_bytes},
            {"pipeline", options.shape.pipeline},
            {"requests", tally.requests},
            {"seconds", seconds(result.window)},
            {"requests_per_s", per_second(tally.requests, result)},
            {"bytes_per_s", per_second(tally.request_bytes, result)},
            {"latency_us", percentiles_us(tally.latency)}};
  if (options.workload->load_defaults().connection_per_request) {
    json["connect_us"] = percentiles_us(tally.connect);
    json["close_us"] = percentiles_us(tally.close);
  }
  json["errors"] = failures_json(tally);
  json["wrong_bytes"] = tally.failed(Failure::wrong_bytes);
  json["unanswered"] = tally.unanswered;
  json["client_cpu_s"] = seconds(result.cpu);
  json["client_cores"] = cores(result);
  json["backend"] = options.backend.name();
  json["backend_spec"] = options.backend.effective_spec();
  return json.dump();
}

std::string result_text(const LoadOptions& options, const LoadResult& result) {
  const Tally& tally = result.tally;
  std::string text = heading(options);
  text += absl::StrFormat("  requests  %d in %.3f s: %.0f/s, %.2f MB/s\n", tally.requests,
                          seconds(result.window), per_second(tally.requests, result),
                          per_second(tally.request_bytes, result) / 1e6);
  text += latency_line("latency", tally.latency);
  if (options.workload->load_defaults().connection_per_request) {
    text += latency_line("connect", tally.connect);
    text += latency_line("close", tally.close);
  }
  text += absl::StrFormat("  errors    %s\n", failures_text(tally));
  if (tally.unanswered != 0) {
    text += absl::StrFormat("  at end    %d requests still unanswered\n", tally.unanswered);
  }
  const double each =
      microseconds(result.cpu) / static_cast<double>(std::max<std::uint64_t>(tally.requests, 1));
  text += absl::StrFormat("  client    %.2f cores, %.2f us a request\n", cores(result), each);
  return text;
}

}  // namespace collet::apps

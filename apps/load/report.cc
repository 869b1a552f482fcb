// SPDX-License-Identifier: MIT
// report.cc: a result as JSON and as text.
#include <algorithm>

#include <absl/strings/escaping.h>
#include <absl/strings/str_format.h>
#include <collet/address.h>
#include <collet/quantity.h>
#include <nlohmann/json.hpp>

#include "apps/load/report.h"
#include "apps/load/verdict.h"

namespace collet::apps {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::nanoseconds;

double seconds(nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }
double microseconds(nanoseconds duration) { return static_cast<double>(duration.count()) / 1e3; }

double per_second(std::uint64_t count, const LoadResult& result) {
  return result.window.count() <= 0 ? 0 : static_cast<double>(count) / seconds(result.window);
}

bool is_open(const LoadOptions& options) { return options.rate_per_s > 0; }

double cores(const LoadResult& result) {
  return result.window.count() <= 0 ? 0 : seconds(result.cpu) / seconds(result.window);
}

// With fewer than ten samples beyond it, a percentile says little.
bool can_tell(const Histogram& histogram, double percent) {
  return static_cast<double>(histogram.count()) * (100 - percent) >= 1000 - 1e-6;
}

Json percentile_us(const Histogram& histogram, double percent) {
  if (!can_tell(histogram, percent)) return nullptr;
  return microseconds(histogram.percentile(percent));
}

Json or_null(const Histogram& histogram, nanoseconds value) {
  if (histogram.count() == 0) return nullptr;
  return microseconds(value);
}

Json times_us(const Histogram& histogram) {
  return {{"count", histogram.count()},
          {"mean", or_null(histogram, histogram.mean())},
          {"p50", percentile_us(histogram, 50)},
          {"p90", percentile_us(histogram, 90)},
          {"p99", percentile_us(histogram, 99)},
          {"p999", percentile_us(histogram, 99.9)},
          {"max", or_null(histogram, histogram.max())},
          {"histogram", absl::Base64Escape(histogram.encode())}};
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

std::string times_line(const char* label, const Histogram& histogram) {
  const auto text = [&histogram](double percent) {
    return can_tell(histogram, percent) ? short_time(histogram.percentile(percent)) : "-";
  };
  return absl::StrFormat("  %-9s p50 %s  p90 %s  p99 %s  p99.9 %s  max %s  mean %s\n", label,
                         text(50), text(90), text(99), text(99.9), short_time(histogram.max()),
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
  if (is_open(options)) {
    text += absl::StrFormat(", %.0f/s %s", options.rate_per_s,
                            options.spacing == Spacing::uniform ? "evenly" : "at random");
  }
  if (shape.pipeline > 1) text += absl::StrFormat(", %d in the pipeline", shape.pipeline);
  return text + absl::StrFormat(", backend %s\n", options.backend.name());
}

}  // namespace

std::string event_json(const std::string& event) { return Json{{"event", event}}.dump(); }

namespace {

void add_times(Json& json, const LoadOptions& options, const LoadResult& result) {
  const Tally& tally = result.tally;
  if (is_open(options)) {
    json["response_us"] = times_us(tally.response);
    json["send_lag_us"] = times_us(tally.send_lag);
  }
  json["service_us"] = times_us(tally.service);
  if (options.workload->load_defaults().connection_per_request) {
    json["connect_us"] = times_us(tally.connect);
    json["close_us"] = times_us(tally.close);
  }
  if (const auto gap = littles_law_gap(options, result)) json["littles_law_gap"] = *gap;
}

std::string times_text(const LoadOptions& options, const LoadResult& result) {
  const Tally& tally = result.tally;
  std::string text;
  if (is_open(options)) {
    text += times_line("response", tally.response);
    text += times_line("send lag", tally.send_lag);
  }
  text += times_line("service", tally.service);
  if (options.workload->load_defaults().connection_per_request) {
    text += times_line("connect", tally.connect);
    text += times_line("close", tally.close);
  }
  return text;
}

std::string verdict_text(const LoadOptions& options, const LoadResult& result) {
  switch (judge(options, result)) {
    case Verdict::ok:
      return "";
    case Verdict::overloaded:
      return absl::StrFormat(
          "  OVERLOADED: %.1f %% of what was due was answered in time; %d never\n",
          100 * static_cast<double>(result.tally.requests) /
              static_cast<double>(result.tally.offered),
          result.tally.unfinished);
    case Verdict::client_late:
      return "  CLIENT LATE: this client could not keep to its schedule; the times are its own "
             "too\n";
  }
  return "";
}

}  // namespace

std::string result_json(const LoadOptions& options, const LoadResult& result) {
  const Tally& tally = result.tally;
  Json json{{"event", "result"},
            {"load", is_open(options) ? "open" : "closed"},
            {"workload", options.workload->name()},
            {"target", format_endpoint(options.target)},
            {"connections", options.connections},
            {"threads", options.threads},
            {"payload_bytes", options.shape.payload_bytes},
            {"pipeline", options.shape.pipeline}};
  if (is_open(options)) {
    json["rate_per_s"] = options.rate_per_s;
    json["arrivals"] = options.spacing == Spacing::uniform ? "uniform" : "poisson";
    json["verdict"] = to_string(judge(options, result));
    json["offered"] = tally.offered;
    json["unfinished"] = tally.unfinished;
  }
  json["requests"] = tally.requests;
  json["seconds"] = seconds(result.window);
  json["requests_per_s"] = per_second(tally.requests, result);
  json["bytes_per_s"] = per_second(tally.request_bytes, result);
  add_times(json, options, result);
  json["answered_by_100ms"] = result.answered_by_100ms;
  json["errors"] = failures_json(tally);
  json["wrong_bytes"] = tally.failed(Failure::wrong_bytes);
  json["unanswered"] = tally.unanswered;
  json["client_cpu_s"] = seconds(result.cpu);
  json["client_cores"] = cores(result);
  json["backend"] = options.backend.name();
  json["backend_spec"] = options.backend.effective_spec();
  // A path may be any bytes; JSON may not.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string result_text(const LoadOptions& options, const LoadResult& result) {
  const Tally& tally = result.tally;
  std::string text = heading(options);
  text += absl::StrFormat("  requests  %d in %.3f s: %.0f/s", tally.requests,
                          seconds(result.window), per_second(tally.requests, result));
  if (tally.request_bytes > 0) {  // a GET has no payload
    text += absl::StrFormat(", %.2f MB/s", per_second(tally.request_bytes, result) / 1e6);
  }
  text += "\n";
  text += times_text(options, result);
  text += absl::StrFormat("  errors    %s\n", failures_text(tally));
  if (tally.unanswered != 0) {
    text += absl::StrFormat("  at end    %d requests still unanswered\n", tally.unanswered);
  }
  const double each =
      microseconds(result.cpu) / static_cast<double>(std::max<std::uint64_t>(tally.requests, 1));
  text += absl::StrFormat("  client    %.2f cores, %.2f us a request\n", cores(result), each);
  if (const auto gap = littles_law_gap(options, result)) {
    text += absl::StrFormat("  at rest   %.1f %% of the connections' time, by Little's law\n",
                            100 * std::max(*gap, 0.0));
  }
  return text + verdict_text(options, result);
}

}  // namespace collet::apps

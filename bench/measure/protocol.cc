// SPDX-License-Identifier: MIT
// protocol.cc: JSON lines to structs.
#include "bench/measure/protocol.h"

#include <cmath>

#include <absl/strings/escaping.h>
#include <absl/strings/str_format.h>
#include <nlohmann/json.hpp>

#include "bench/json/complaint.h"

namespace collet::bench {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kTasksForAP50 = 20;
constexpr std::int64_t kTasksForAP99 = 1'000;

// Runs `read` on the parsed line; what the library throws becomes a sentence.
template <typename T, typename Read>
absl::StatusOr<T> read_line(std::string_view line, std::string_view event, Read read) {
  std::string why = "it is another event";
  try {
    const Json json = Json::parse(line);
    if (event.empty() || json.at("event") == event) return read(json);
  } catch (const Json::exception& error) {
    why = explain_json(error);
  }
  return absl::InvalidArgumentError(
      absl::StrFormat("expected a JSON line with the event `%s`, got `%s`: %s",
                      event.empty() ? "start, end or result" : event, line.substr(0, 200), why));
}

Listening read_listening(const Json& json) {
  Listening listening;
  listening.address = json.at("address").get<std::string>();
  listening.backend = json.at("backend").get<std::string>();
  listening.backend_spec = json.at("backend_spec").get<std::string>();
  listening.pool = json.at("pool").get<std::string>();
  listening.pool_spec = json.at("pool_spec").get<std::string>();
  listening.loops = json.at("loops").get<int>();
  listening.workers = json.at("workers").get<int>();
  listening.workload = json.at("workload").get<std::string>();
  listening.build = json.at("build").get<std::string>();
  return listening;
}

std::int64_t to_ns(double value, double unit_ns) {
  return static_cast<std::int64_t>(std::llround(value * unit_ns));
}

Latency read_latency(const Json& json) {
  const auto figure = [&](const char* key) -> std::optional<std::int64_t> {
    const auto found = json.find(key);
    if (found == json.end() || found->is_null()) return std::nullopt;
    return to_ns(found->get<double>(), 1e3);
  };
  return {figure("p50"),  figure("p90"), figure("p99"),
          figure("p999"), figure("max"), figure("mean")};
}

std::string read_histogram(const Json& times) {
  std::string bytes;
  absl::Base64Unescape(times.value("histogram", ""), &bytes);
  return bytes;
}

LoadReport read_report(const Json& json) {
  LoadReport report;
  report.connections = json.at("connections").get<int>();
  const auto seconds = json.at("seconds").get<double>();
  report.open_loop = json.value("load", "closed") == "open";
  if (report.open_loop) {
    report.offered = json.at("offered").get<std::int64_t>();
    report.verdict = json.at("verdict").get<std::string>();
    report.send_lag_p99_ns = read_latency(json.at("send_lag_us")).p99_ns;
  }
  if (const auto gap = json.find("littles_law_gap"); gap != json.end() && gap->is_number()) {
    report.littles_law_gap = gap->get<double>();
  }
  report.requests = json.at("requests").get<std::int64_t>();
  report.window_ns = to_ns(seconds, 1e9);
  report.request_bytes = std::llround(json.at("bytes_per_s").get<double>() * seconds);
  const Json& times = json.at(report.open_loop ? "response_us" : "service_us");
  report.latency = read_latency(times);
  report.latency_histogram = read_histogram(times);
  if (report.open_loop) report.service_histogram = read_histogram(json.at("service_us"));
  report.answered_by_100ms = json.value("answered_by_100ms", std::vector<std::int64_t>{});
  report.errors = json.at("errors").get<std::map<std::string, std::int64_t>>();
  report.wrong_bytes = json.at("wrong_bytes").get<std::int64_t>();
  report.unanswered = json.value("unanswered", std::int64_t{0});
  report.client_cpu_ns = to_ns(json.at("client_cpu_s").get<double>(), 1e9);
  return report;
}

}  // namespace

absl::StatusOr<Listening> parse_listening(std::string_view line) {
  return read_line<Listening>(line, "listening", read_listening);
}

std::optional<CountedCalls> parse_counted_calls(std::string_view line) {
  const auto counted =
      read_line<CountedCalls>(line, "totals", [](const Json& json) -> CountedCalls {
        return {json.at("requests").get<std::int64_t>(),
                json.at("counted").get<std::map<std::string, std::int64_t>>()};
      });
  return counted.ok() ? std::optional(*counted) : std::nullopt;
}

std::optional<HandOff> parse_hand_off(std::string_view line) {
  const auto hand_off = read_line<HandOff>(line, "totals", [](const Json& json) -> HandOff {
    const Json& delay = json.at("pool_times").at("queue_delay_us");
    const auto count = delay.at("count").get<std::int64_t>();
    const auto figure = [&](const char* key, std::int64_t least) {
      return count < least ? std::nullopt : std::optional(delay.at(key).get<double>());
    };
    return {figure("p50", kTasksForAP50), figure("p99", kTasksForAP99)};
  });
  return hand_off.ok() ? std::optional(*hand_off) : std::nullopt;
}

absl::StatusOr<LoadEvent> parse_load_event(std::string_view line) {
  return read_line<LoadEvent>(line, "", [](const Json& json) {
    const std::string event = json.at("event").get<std::string>();
    if (event == "start") return LoadEvent::start;
    if (event == "end") return LoadEvent::end;
    return event == "result" ? LoadEvent::result : LoadEvent::other;
  });
}

absl::StatusOr<LoadReport> parse_load_report(std::string_view line) {
  return read_line<LoadReport>(line, "result", read_report);
}

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// run_json.cc: the lines of results.jsonl that are runs.
#include <algorithm>
#include <array>

#include <absl/strings/escaping.h>
#include <collet/histogram.h>

#include "bench/session/json/results_json.h"

namespace collet::bench {
namespace {

constexpr std::array<std::string_view, 4> kPurposes = {"reach", "search", "confirm", "compare"};

std::optional<Purpose> to_purpose(const Json& json) {
  if (json.is_null()) return std::nullopt;
  const auto name = json.get<std::string>();
  const auto* const found = std::ranges::find(kPurposes, name);
  if (found == kPurposes.end()) throw std::invalid_argument("no purpose is called `" + name + "`");
  return static_cast<Purpose>(found - kPurposes.begin());
}

Json to_json(const Listening& listening) {
  return {{"backend", listening.backend}, {"backend_spec", listening.backend_spec},
          {"pool", listening.pool},       {"pool_spec", listening.pool_spec},
          {"loops", listening.loops},     {"workers", listening.workers},
          {"build", listening.build}};
}

Listening to_listening(const Json& json) {
  Listening listening;
  listening.backend = json.at("backend").get<std::string>();
  listening.backend_spec = json.at("backend_spec").get<std::string>();
  listening.pool = json.at("pool").get<std::string>();
  listening.pool_spec = json.at("pool_spec").get<std::string>();
  listening.loops = json.at("loops").get<int>();
  listening.workers = json.at("workers").get<int>();
  listening.build = json.at("build").get<std::string>();
  return listening;
}

Json encoded(const std::string& histogram) { return or_null(absl::Base64Escape(histogram)); }

std::string decoded(const Json& json) {
  std::string bytes;
  if (!absl::Base64Unescape(text_of(json), &bytes)) {
    throw std::invalid_argument("a histogram is not Base64");
  }
  if (!bytes.empty() && !Histogram::decode(bytes)) {
    throw std::invalid_argument("a histogram is none that collet-load wrote");
  }
  return bytes;
}

bool is_open_loop(const Json& json) {
  const auto mode = json.get<std::string>();
  if (mode != "open" && mode != "closed") {
    throw std::invalid_argument("the mode \"" + mode + "\" is unknown");
  }
  return mode == "open";
}

std::string to_verdict(const Json& json) {
  const std::string verdict = text_of(json);
  constexpr std::array<std::string_view, 4> kVerdicts = {"", "ok", "overloaded", "client_late"};
  if (std::ranges::find(kVerdicts, verdict) == kVerdicts.end()) {
    throw std::invalid_argument("the verdict \"" + verdict + "\" is unknown");
  }
  return verdict;
}

Json to_json(const LoadReport& load) {
  const Latency& latency = load.latency;
  return {{"mode", load.open_loop ? "open" : "closed"},
          {"verdict", or_null(load.verdict)},
          {"offered", or_null(load.offered)},
          {"send_lag_p99_ns", or_null(load.send_lag_p99_ns)},
          {"littles_law_gap", or_null(load.littles_law_gap)},
          {"window_ns", load.window_ns},
          {"connections", load.connections},
          {"requests", load.requests},
          {"unanswered", load.unanswered},
          {"request_bytes", load.request_bytes},
          {"latency_ns",
           {{"kind", load.open_loop ? "response" : "service"},
            {"p50", or_null(latency.p50_ns)},
            {"p90", or_null(latency.p90_ns)},
            {"p99", or_null(latency.p99_ns)},
            {"p999", or_null(latency.p999_ns)},
            {"max", or_null(latency.max_ns)},
            {"mean", or_null(latency.mean_ns)}}},
          {"latency_histogram", encoded(load.latency_histogram)},
          {"service_histogram", encoded(load.service_histogram)},
          {"answered_by_100ms", load.answered_by_100ms},
          {"errors", load.errors},
          {"wrong_bytes", load.wrong_bytes},
          {"client_cpu_ns", load.client_cpu_ns}};
}

LoadReport to_load(const Json& json) {
  LoadReport load;
  load.open_loop = is_open_loop(json.at("mode"));
  load.verdict = to_verdict(json.at("verdict"));
  load.offered = optional_of<std::int64_t>(json.at("offered"));
  load.send_lag_p99_ns = optional_of<std::int64_t>(json.at("send_lag_p99_ns"));
  load.littles_law_gap = optional_of<double>(json.at("littles_law_gap"));
  load.connections = json.at("connections").get<int>();
  load.window_ns = json.at("window_ns").get<std::int64_t>();
  load.requests = json.at("requests").get<std::int64_t>();
  load.unanswered = json.at("unanswered").get<std::int64_t>();
  load.request_bytes = json.at("request_bytes").get<std::int64_t>();
  const auto figure = [latency = json.at("latency_ns")](const char* key) {
    return optional_of<std::int64_t>(latency.at(key));
  };
  load.latency = {figure("p50"),  figure("p90"), figure("p99"),
                  figure("p999"), figure("max"), figure("mean")};
  load.latency_histogram = decoded(json.at("latency_histogram"));
  load.service_histogram = decoded(json.at("service_histogram"));
  load.answered_by_100ms = json.at("answered_by_100ms").get<std::vector<std::int64_t>>();
  load.errors = json.at("errors").get<std::map<std::string, std::int64_t>>();
  load.wrong_bytes = json.at("wrong_bytes").get<std::int64_t>();
  load.client_cpu_ns = json.at("client_cpu_ns").get<std::int64_t>();
  return load;
}

Json to_json(const ProcessUse& use) {
  return {{"elapsed_ns", use.elapsed_ns},
          {"cpu_ns", use.cpu_ns},
          {"run_delay_ns", use.run_delay_ns},
          {"voluntary_switches", use.voluntary_switches},
          {"involuntary_switches", use.involuntary_switches},
          {"migrations", use.migrations},
          {"rss_bytes", use.rss_bytes},
          {"threads", use.threads},
          {"busy_threads", use.busy_threads}};
}

ProcessUse to_use(const Json& json) {
  ProcessUse use;
  use.elapsed_ns = json.at("elapsed_ns").get<std::int64_t>();
  use.cpu_ns = json.at("cpu_ns").get<std::int64_t>();
  use.run_delay_ns = json.at("run_delay_ns").get<std::int64_t>();
  use.voluntary_switches = json.at("voluntary_switches").get<std::int64_t>();
  use.involuntary_switches = json.at("involuntary_switches").get<std::int64_t>();
  use.migrations = json.at("migrations").get<std::int64_t>();
  use.rss_bytes = json.at("rss_bytes").get<std::int64_t>();
  use.threads = json.at("threads").get<int>();
  use.busy_threads = json.at("busy_threads").get<int>();
  return use;
}

Json to_json(const MachineUse& use) {
  return {{"busy_ns", use.busy_ns},
          {"foreign_cpu_ns", use.foreign_cpu_ns},
          {"kernel_cpu_ns", use.kernel_cpu_ns},
          {"stolen_ns", use.stolen_ns},
          {"pressure_us", use.pressure_us},
          {"retransmits", use.retransmits},
          {"listen_drops", use.listen_drops}};
}

MachineUse to_machine(const Json& json) {
  MachineUse use;
  for (const auto& [key, value] :
       {std::pair{"busy_ns", &use.busy_ns}, std::pair{"foreign_cpu_ns", &use.foreign_cpu_ns},
        std::pair{"kernel_cpu_ns", &use.kernel_cpu_ns}, std::pair{"stolen_ns", &use.stolen_ns},
        std::pair{"pressure_us", &use.pressure_us}, std::pair{"retransmits", &use.retransmits},
        std::pair{"listen_drops", &use.listen_drops}}) {
    *value = json.at(key).get<std::int64_t>();
  }
  return use;
}

Json to_json(const CountedCalls& counted) {
  return {{"requests", counted.requests}, {"calls", counted.calls}};
}

CountedCalls to_counted(const Json& json) {
  return {json.at("requests").get<std::int64_t>(),
          json.at("calls").get<std::map<std::string, std::int64_t>>()};
}

template <typename T>
Json part(const std::optional<T>& value) {
  return value ? to_json(*value) : Json(nullptr);
}

std::size_t index_of_cell(const Json& json, const Session& session) {
  const auto key = json.at("cell").get<std::string>();
  const auto cell = std::ranges::find_if(
      session.cells, [&](const SessionCell& one) { return cell_key(one.cell) == key; });
  if (cell == session.cells.end()) {
    throw std::invalid_argument("its cell `" + key + "` is none of the session's");
  }
  return static_cast<std::size_t>(cell - session.cells.begin());
}

}  // namespace

std::string_view to_string(Purpose purpose) noexcept {
  return kPurposes[static_cast<std::size_t>(purpose)];
}

RunRecord to_record(const Json& json, const Session& session) {
  RunRecord record;
  record.run.cell = index_of_cell(json, session);
  record.run.block = json.at("block").get<int>();
  record.run.order = json.at("order").get<int>();
  record.run.twin = json.at("twin").get<bool>();
  record.purpose = to_purpose(json.at("purpose"));
  record.rate_per_s = optional_of<std::int64_t>(json.at("rate_per_s")).value_or(0);
  record.attempt = json.at("attempt").get<int>();
  record.started_utc = json.at("started_utc").get<std::string>();
  RunOutcome& outcome = record.outcome;
  outcome.status = run_status_of(json.at("status"));
  outcome.reason = text_of(json.at("reason"));
  outcome.rss_before_bytes = optional_of<std::int64_t>(json.at("rss_before_bytes"));
  outcome.flags = json.at("flags").get<std::vector<std::string>>();
  if (!json.at("runs").is_null()) outcome.listening = to_listening(json.at("runs"));
  if (!json.at("load").is_null()) outcome.load = to_load(json.at("load"));
  if (!json.at("server").is_null()) outcome.server = to_use(json.at("server"));
  if (!json.at("client").is_null()) outcome.client = to_use(json.at("client"));
  // Sessions of before know none.
  if (const auto found = json.find("counted"); found != json.end() && !found->is_null()) {
    outcome.counted = to_counted(*found);
  }
  if (!json.at("machine").is_null()) outcome.machine = to_machine(json.at("machine"));
  if (outcome.status == RunStatus::ok && (!outcome.load || !outcome.server)) {
    throw std::invalid_argument("a run that is ok has no figures");
  }
  if (outcome.status == RunStatus::ok &&
      (outcome.load->requests <= 0 || outcome.load->window_ns <= 0 ||
       outcome.server->elapsed_ns <= 0)) {
    throw std::invalid_argument("a run that is ok answered nothing, or took no time");
  }
  return record;
}

std::string format_run(const Session& session, const RunRecord& record) {
  const Cell& cell = session.cells[record.run.cell].cell;
  const RunOutcome& outcome = record.outcome;
  const bool ok = outcome.status == RunStatus::ok;
  return dump({{"type", "run"},
               {"cell", cell_key(cell)},
               {"block", record.run.block},
               {"order", record.run.order},
               {"twin", record.run.twin},
               {"purpose", record.purpose ? Json(to_string(*record.purpose)) : Json(nullptr)},
               {"rate_per_s", or_null_if_zero(record.rate_per_s)},
               {"attempt", record.attempt},
               {"started_utc", record.started_utc},
               {"params", to_json(cell)},
               {"status", ok ? "ok" : "failed"},
               {"reason", or_null(outcome.reason)},
               {"flags", outcome.flags},
               {"runs", part(outcome.listening)},
               {"load", part(outcome.load)},
               {"server", part(outcome.server)},
               {"client", part(outcome.client)},
               {"counted", part(outcome.counted)},
               {"rss_before_bytes", or_null(outcome.rss_before_bytes)},
               {"machine", ok ? to_json(outcome.machine) : Json(nullptr)}});
}

CountRecord to_count(const Json& json, const Session& session) {
  CountRecord record;
  record.cell = index_of_cell(json, session);
  record.started_utc = json.at("started_utc").get<std::string>();
  for (const char* part : {"syscalls_per_request", "syscalls", "allocations_per_request"}) {
    check_not_negative(json.at(part));
  }
  record.syscalls_per_request = optional_of<double>(json.at("syscalls_per_request"));
  record.by_name = json.at("syscalls").get<std::map<std::string, double>>();
  record.allocations_per_request = optional_of<double>(json.at("allocations_per_request"));
  // Sessions of before know none.
  record.handoff_p50_us = optional_of<double>(json.value("handoff_p50_us", Json(nullptr)));
  record.handoff_p99_us = optional_of<double>(json.value("handoff_p99_us", Json(nullptr)));
  record.reason = text_of(json.at("reason"));
  return record;
}

std::string format_count(const Session& session, const CountRecord& record) {
  return dump({{"type", "count"},
               {"cell", cell_key(session.cells[record.cell].cell)},
               {"started_utc", record.started_utc},
               {"syscalls_per_request", or_null(record.syscalls_per_request)},
               {"syscalls", record.by_name},
               {"allocations_per_request", or_null(record.allocations_per_request)},
               {"handoff_p50_us", or_null(record.handoff_p50_us)},
               {"handoff_p99_us", or_null(record.handoff_p99_us)},
               {"reason", or_null(record.reason)}});
}

}  // namespace collet::bench

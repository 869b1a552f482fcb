// SPDX-License-Identifier: MIT
// results_json.cc: sessions and runs to JSON lines and back. Every key says its unit.
#include <algorithm>

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <nlohmann/json.hpp>

#include "bench/session/results.h"

namespace collet::bench {
namespace {

using Json =
    nlohmann::ordered_json;  // keeps the order of keys: lines of two sessions can be diffed

constexpr const char* kSchema = "collet-bench/3";

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

// Zero stands for none there.
Json or_null_if_zero(std::int64_t value) { return value == 0 ? Json(nullptr) : Json(value); }

std::string text_of(const Json& json) { return json.is_null() ? "" : json.get<std::string>(); }

template <typename T>
std::optional<T> optional_of(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return json.get<T>();
}

std::string dump(const Json& json) {
  // A program's last words may hold any bytes; they must not cost the line.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json to_json(const Cell& cell) {
  return {{"backend", or_null(cell.backend)},
          {"pool", or_null(cell.pool)},
          {"external", or_null(cell.external)},
          {"workload", cell.workload},
          {"connections", cell.connections},
          {"payload_bytes", cell.payload_bytes},
          {"pipeline", cell.pipeline},
          {"placement", to_string(cell.placement)},
          {"work_ns", cell.work.count()},
          {"block_ns", cell.block.count()},
          {"rate_per_s", or_null_if_zero(cell.rate_per_s)},
          {"rate_percent", or_null_if_zero(cell.rate_percent)},
          {"judged_by", key_of(cell.judged_by)}};
}

Cell to_cell(const Json& json) {
  Cell cell;
  cell.backend = text_of(json.at("backend"));
  cell.pool = text_of(json.at("pool"));
  cell.external = text_of(json.at("external"));
  cell.workload = json.at("workload").get<std::string>();
  cell.connections = json.at("connections").get<int>();
  cell.payload_bytes = json.at("payload_bytes").get<std::int64_t>();
  cell.pipeline = json.at("pipeline").get<int>();
  cell.placement =
      parse_placement(json.at("placement").get<std::string>()).value_or(Placement::split);
  cell.work = std::chrono::nanoseconds(json.at("work_ns").get<std::int64_t>());
  cell.block = std::chrono::nanoseconds(json.at("block_ns").get<std::int64_t>());
  cell.rate_per_s = optional_of<std::int64_t>(json.at("rate_per_s")).value_or(0);
  cell.rate_percent = optional_of<int>(json.at("rate_percent")).value_or(0);
  const auto judged_by = json.at("judged_by").get<std::string>();
  const auto metric = metric_of(judged_by);
  if (!metric) throw std::invalid_argument("no figure is called `" + judged_by + "`");
  cell.judged_by = *metric;
  return cell;
}

Json to_json(const Settings& settings) {
  return {{"duration_ns", settings.duration.count()},
          {"warmup_ns", settings.warmup.count()},
          {"blocks", settings.blocks},
          {"max_repeats", settings.max_repeats},
          {"loops", settings.loops},
          {"workers", settings.workers},
          {"client_threads", settings.client_threads},
          {"arrivals", settings.arrivals},
          {"cpus", settings.cpus}};
}

Settings to_settings(const Json& json) {
  Settings settings;
  settings.duration = std::chrono::nanoseconds(json.at("duration_ns").get<std::int64_t>());
  settings.warmup = std::chrono::nanoseconds(json.at("warmup_ns").get<std::int64_t>());
  settings.blocks = json.at("blocks").get<int>();
  settings.max_repeats = json.at("max_repeats").get<int>();
  settings.loops = json.at("loops").get<int>();
  settings.workers = json.at("workers").get<int>();
  settings.client_threads = json.at("client_threads").get<int>();
  settings.arrivals = json.at("arrivals").get<std::string>();
  settings.cpus = json.at("cpus").get<std::vector<int>>();
  return settings;
}

Json to_json(const Facts& facts) {
  Json json = Json::object();
  for (const Fact& fact : facts) {
    if (const auto* number = std::get_if<std::int64_t>(&fact.value)) {
      json[fact.name] = *number;
    } else {
      const auto* text = std::get_if<std::string>(&fact.value);
      json[fact.name] = text == nullptr ? Json(nullptr) : Json(*text);
    }
  }
  return json;
}

Facts to_facts(const Json& json) {
  Facts facts;
  for (const auto& [name, value] : json.items()) {
    Fact fact{name, {}};
    if (value.is_number_integer()) fact.value = value.get<std::int64_t>();
    if (value.is_string()) fact.value = value.get<std::string>();
    facts.push_back(std::move(fact));
  }
  return facts;
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
  return bytes;
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
  load.open_loop = json.at("mode") == "open";
  load.verdict = text_of(json.at("verdict"));
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

template <typename T>
Json part(const std::optional<T>& value) {
  return value ? to_json(*value) : Json(nullptr);
}

void read_session(const Json& json, Session& session) {
  session.id = json.at("session").get<std::string>();
  session.started_utc = json.at("started_utc").get<std::string>();
  session.command_line = json.at("command_line").get<std::vector<std::string>>();
  session.profile = text_of(json.at("profile"));
  session.seed = json.at("seed").get<std::uint64_t>();
  session.not_a_result = text_of(json.at("not_a_result"));
  session.settings = to_settings(json.at("settings"));
  for (const Json& one : json.at("externals")) {
    session.settings.externals.push_back(
        {one.at("name").get<std::string>(), one.at("command").get<std::string>()});
  }
  for (const Json& one : json.at("programs")) {
    Program program{one.at("name").get<std::string>(), one.at("path").get<std::string>(), {}};
    if (!one.at("sha256").is_null()) program.sha256 = one.at("sha256").get<std::string>();
    session.programs.push_back(std::move(program));
  }
  for (const Json& one : json.at("capacities")) {
    session.capacities.push_back(
        {one.at("table").get<std::string>(), one.at("requests_per_s").get<double>()});
  }
  if (const Json& floor = json.at("wake_floor_us"); !floor.is_null()) {
    session.wake_floor = {floor.at("p50").get<double>(), floor.at("p99").get<double>()};
  }
  for (const Json& one : json.at("cells")) {
    session.cells.push_back({to_cell(one.at("params")), one.at("baseline").get<bool>(),
                             text_of(one.at("unavailable"))});
  }
  session.environment = to_facts(json.at("environment"));
}

RunRecord to_record(const Json& json, const Session& session) {
  RunRecord record;
  const auto key = json.at("cell").get<std::string>();
  const auto cell = std::ranges::find_if(
      session.cells, [&](const SessionCell& one) { return cell_key(one.cell) == key; });
  if (cell == session.cells.end()) {
    throw std::invalid_argument("its cell `" + key + "` is none of the session's");
  }
  record.run.cell = static_cast<std::size_t>(cell - session.cells.begin());
  record.run.block = json.at("block").get<int>();
  record.run.order = json.at("order").get<int>();
  record.run.twin = json.at("twin").get<bool>();
  record.attempt = json.at("attempt").get<int>();
  record.started_utc = json.at("started_utc").get<std::string>();
  RunOutcome& outcome = record.outcome;
  outcome.status = json.at("status") == "ok" ? RunStatus::ok : RunStatus::failed;
  outcome.reason = text_of(json.at("reason"));
  outcome.rss_before_bytes = optional_of<std::int64_t>(json.at("rss_before_bytes"));
  outcome.flags = json.at("flags").get<std::vector<std::string>>();
  if (!json.at("runs").is_null()) outcome.listening = to_listening(json.at("runs"));
  if (!json.at("load").is_null()) outcome.load = to_load(json.at("load"));
  if (!json.at("server").is_null()) outcome.server = to_use(json.at("server"));
  if (!json.at("client").is_null()) outcome.client = to_use(json.at("client"));
  if (!json.at("machine").is_null()) outcome.machine = to_machine(json.at("machine"));
  if (outcome.status == RunStatus::ok && (!outcome.load || !outcome.server)) {
    throw std::invalid_argument("a run that is ok has no figures");
  }
  return record;
}

void read_any(const Json& json, Results& results) {
  const auto type = json.at("type").get<std::string>();
  if (type == "session") {
    if (json.at("schema") != kSchema) {
      throw std::invalid_argument("its schema is " + json.at("schema").dump() + ", not \"" +
                                  kSchema + "\": use the collet-bench that wrote it");
    }
    read_session(json, results.session);
  } else if (results.session.id.empty()) {
    throw std::invalid_argument("the first line does not describe a session");
  } else if (type == "resume") {
    results.session.settings.blocks = json.at("blocks").get<int>();
  } else if (type == "run") {
    results.runs.push_back(to_record(json, results.session));
  } else {
    throw std::invalid_argument("lines of type \"" + type + "\" are unknown");
  }
}

}  // namespace

std::string format_session(const Session& session) {
  Json json = {{"type", "session"},
               {"schema", kSchema},
               {"session", session.id},
               {"started_utc", session.started_utc},
               {"command_line", session.command_line},
               {"profile", or_null(session.profile)},
               {"seed", session.seed},
               {"not_a_result", or_null(session.not_a_result)},
               {"settings", to_json(session.settings)}};
  json["externals"] = Json::array();
  for (const External& external : session.settings.externals) {
    json["externals"].push_back({{"name", external.name}, {"command", external.command}});
  }
  json["programs"] = Json::array();
  for (const Program& program : session.programs) {
    json["programs"].push_back(
        {{"name", program.name}, {"path", program.path}, {"sha256", or_null(program.sha256)}});
  }
  json["capacities"] = Json::array();
  for (const Capacity& capacity : session.capacities) {
    json["capacities"].push_back(
        {{"table", capacity.table}, {"requests_per_s", capacity.requests_per_s}});
  }
  if (session.wake_floor) {
    json["wake_floor_us"] = {{"p50", session.wake_floor->p50_us},
                             {"p99", session.wake_floor->p99_us}};
  } else {
    json["wake_floor_us"] = nullptr;
  }
  json["cells"] = Json::array();
  for (const SessionCell& cell : session.cells) {
    json["cells"].push_back({{"cell", cell_key(cell.cell)},
                             {"params", to_json(cell.cell)},
                             {"baseline", cell.baseline},
                             {"unavailable", or_null(cell.unavailable)}});
  }
  json["environment"] = to_json(session.environment);
  return dump(json);
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
               {"rss_before_bytes", or_null(outcome.rss_before_bytes)},
               {"machine", ok ? to_json(outcome.machine) : Json(nullptr)}});
}

std::string format_resumption(const Session& session,
                              const std::vector<std::string>& command_line) {
  return dump({{"type", "resume"},
               {"started_utc", utc_now()},
               {"command_line", command_line},
               {"blocks", session.settings.blocks}});
}

absl::Status read_line(const std::string& line, Results& results) {
  try {
    read_any(Json::parse(line), results);
    return absl::OkStatus();
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat("this line was not written by collet-bench: ", error.what()));
  }
}

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// session_json.cc: the first line of results.jsonl.
#include <chrono>

#include "bench/session/json/results_json.h"

namespace collet::bench {
namespace {

Cell to_cell(const Json& json) {
  check_counts(json);
  Cell cell;
  cell.backend = text_of(json.at("backend"));
  cell.pool = text_of(json.at("pool"));
  cell.external = text_of(json.at("external"));
  cell.workload = json.at("workload").get<std::string>();
  cell.connections = json.at("connections").get<int>();
  cell.payload_bytes = json.at("payload_bytes").get<std::int64_t>();
  cell.pipeline = json.at("pipeline").get<int>();
  const auto placement = parse_placement(json.at("placement").get<std::string>());
  if (!placement.ok()) throw std::invalid_argument(std::string(placement.status().message()));
  cell.placement = *placement;
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
          {"counts", settings.counts},
          {"plugins", settings.plugins},
          {"cpus", settings.cpus}};
}

Settings to_settings(const Json& json) {
  check_counts(json);
  Settings settings;
  settings.duration = std::chrono::nanoseconds(json.at("duration_ns").get<std::int64_t>());
  settings.warmup = std::chrono::nanoseconds(json.at("warmup_ns").get<std::int64_t>());
  settings.blocks = blocks_of(json);
  settings.max_repeats = json.at("max_repeats").get<int>();
  settings.loops = json.at("loops").get<int>();
  settings.workers = json.at("workers").get<int>();
  settings.client_threads = json.at("client_threads").get<int>();
  settings.arrivals = json.at("arrivals").get<std::string>();
  settings.counts = json.at("counts").get<bool>();
  settings.plugins = json.value("plugins", std::vector<std::string>());
  settings.cpus = json.at("cpus").get<std::vector<int>>();
  if (settings.cpus.empty()) throw std::invalid_argument("it has no CPUs");
  return settings;
}

Json to_json(const Goal& goal) {
  return {{"percent", goal.percent}, {"limit_ns", goal.limit.count()}, {"compares", goal.compares}};
}

Goal to_goal(const Json& json) {
  check_counts(json.at("limit_ns"));
  const Goal goal{json.at("percent").get<double>(),
                  std::chrono::nanoseconds(json.at("limit_ns").get<std::int64_t>()),
                  json.at("compares").get<bool>()};
  if ((goal.percent != 99 && goal.percent != 99.9) || goal.limit.count() == 0) {
    throw std::invalid_argument("its goal is no p99 or p99.9 within a time: " + json.dump());
  }
  return goal;
}

Json to_json(const std::vector<Capacity>& capacities) {
  Json json = Json::array();
  for (const Capacity& one : capacities) {
    json.push_back({{"table", one.table}, {"requests_per_s", one.requests_per_s}});
  }
  return json;
}

Json to_json(const std::vector<SessionCell>& cells) {
  Json json = Json::array();
  for (const SessionCell& one : cells) {
    json.push_back({{"cell", cell_key(one.cell)},
                    {"params", to_json(one.cell)},
                    {"baseline", one.baseline},
                    {"unavailable", or_null(one.unavailable)}});
  }
  return json;
}

}  // namespace

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

void read_session(const Json& json, Session& session) {
  session.id = json.at("session").get<std::string>();
  session.started_utc = json.at("started_utc").get<std::string>();
  session.command_line = json.at("command_line").get<std::vector<std::string>>();
  session.profile = text_of(json.at("profile"));
  check_counts(json.at("seed"));
  session.seed = json.at("seed").get<std::uint64_t>();
  session.not_a_result = text_of(json.at("not_a_result"));
  session.settings = to_settings(json.at("settings"));
  for (const Json& one : json.at("externals")) {
    session.settings.externals.push_back(
        {one.at("name").get<std::string>(), one.at("command").get<std::string>()});
  }
  session.programs = to_programs(json.at("programs"));
  if (const Json& floor = json.at("wake_floor_us"); !floor.is_null()) {
    session.wake_floor = {floor.at("p50").get<double>(), floor.at("p99").get<double>()};
  }
  if (const Json& goal = json.at("goal"); !goal.is_null()) session.goal = to_goal(goal);
  read_rates(json, session);
  session.environment = to_facts(json.at("environment"));
}

void read_rates(const Json& json, Session& session) {
  check_not_negative(json.at("capacities"));
  session.capacities.clear();
  for (const Json& one : json.at("capacities")) {
    session.capacities.push_back(
        {one.at("table").get<std::string>(), one.at("requests_per_s").get<double>()});
  }
  session.cells.clear();
  for (const Json& one : json.at("cells")) {
    session.cells.push_back({to_cell(one.at("params")), one.at("baseline").get<bool>(),
                             text_of(one.at("unavailable"))});
  }
}

std::string format_rates(const Session& session) {
  return dump({{"type", "rates"},
               {"capacities", to_json(session.capacities)},
               {"cells", to_json(session.cells)}});
}

CapacityRun to_capacity_run(const Json& json) {
  check_counts(json.value("block", Json(0U)));
  check_counts(json.value("attempt", Json(0U)));
  check_not_negative(json.at("requests_per_s"));
  return {json.at("table").get<std::string>(),
          json.value("block", 0),
          json.value("attempt", 0),
          json.at("started_utc").get<std::string>(),
          json.at("requests_per_s").get<double>(),
          json.at("flags").get<std::vector<std::string>>()};
}

std::string format_capacity_run(const CapacityRun& run) {
  return dump({{"type", "capacity"},
               {"table", run.table},
               {"block", run.block},
               {"attempt", run.attempt},
               {"started_utc", run.started_utc},
               {"requests_per_s", run.requests_per_s},
               {"flags", run.flags}});
}

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
  json["programs"] = to_json(session.programs);
  json["capacities"] = to_json(session.capacities);
  if (session.wake_floor) {
    json["wake_floor_us"] = {{"p50", session.wake_floor->p50_us},
                             {"p99", session.wake_floor->p99_us}};
  } else {
    json["wake_floor_us"] = nullptr;
  }
  json["goal"] = session.goal ? to_json(*session.goal) : Json(nullptr);
  json["cells"] = to_json(session.cells);
  json["environment"] = to_json(session.environment);
  return dump(json);
}

}  // namespace collet::bench

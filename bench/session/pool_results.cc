// SPDX-License-Identifier: MIT
// pool_results.cc: pool sessions and runs to JSON lines and back. Every key says its unit.
#include "bench/session/pool_results.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include <absl/strings/str_cat.h>
#include <nlohmann/json.hpp>

#include "bench/json/complaint.h"
#include "bench/json/values.h"

namespace collet::bench {
namespace {

constexpr const char* kSchema = "collet-bench-pools/2";
constexpr int kMostBlocks = 10'000;

const char* name_of(CellState state) {
  switch (state) {
    case CellState::inapplicable:
      return "inapplicable";
    case CellState::unavailable:
      return "unavailable";
    case CellState::measured:
      break;
  }
  return "measured";
}

CellState state_of(const std::string& name) {
  for (const CellState state :
       {CellState::measured, CellState::inapplicable, CellState::unavailable}) {
    if (name == name_of(state)) return state;
  }
  throw std::invalid_argument("the state \"" + name + "\" is unknown");
}

Json to_json(const PoolTableHead& head) {
  Json columns = Json::array();
  for (const PoolColumn& column : head.columns) {
    columns.push_back({{"key", column.key},
                       {"title", column.title},
                       {"unit", column.unit},
                       {"higher_is_better", column.higher_is_better}});
  }
  return {{"name", head.name}, {"title", head.title}, {"about", head.about}, {"figures", columns}};
}

PoolTableHead to_head(const Json& json) {
  PoolTableHead head{json.at("name").get<std::string>(),
                     json.at("title").get<std::string>(),
                     json.at("about").get<std::string>(),
                     {}};
  for (const Json& one : json.at("figures")) {
    head.columns.push_back({one.at("key").get<std::string>(), one.at("title").get<std::string>(),
                            one.at("unit").get<std::string>(),
                            one.at("higher_is_better").get<bool>()});
  }
  if (head.columns.empty()) throw std::invalid_argument("a benchmark has no figures");
  return head;
}

void read_session(const Json& json, PoolSession& session) {
  if (json.at("schema") != kSchema) {
    throw std::invalid_argument("its schema is " + json.at("schema").dump() + ", not \"" + kSchema +
                                "\": use the collet-bench that wrote it");
  }
  if (!session.id.empty()) throw std::invalid_argument("a second session");
  session.id = json.at("session").get<std::string>();
  session.started_utc = json.at("started_utc").get<std::string>();
  session.command_line = json.at("command_line").get<std::vector<std::string>>();
  check_counts(json.at("seed"));
  session.seed = json.at("seed").get<std::uint64_t>();
  session.baseline = json.at("baseline").get<std::string>();
  session.not_a_result = text_of(json.at("not_a_result"));
  const Json& settings = json.at("settings");
  check_counts(settings);
  session.settings.blocks = settings.at("blocks").get<int>();
  if (session.settings.blocks < 1 || session.settings.blocks > kMostBlocks) {
    throw std::invalid_argument("its number of blocks is " + settings.at("blocks").dump());
  }
  session.settings.workers = settings.at("workers").get<int>();
  session.settings.producers = settings.at("producers").get<int>();
  session.settings.max_repeats = settings.at("max_repeats").get<int>();
  session.settings.cpus = settings.at("cpus").get<std::vector<int>>();
  session.settings.plugins = settings.value("plugins", std::vector<std::string>());
  for (const Json& one : json.at("benchmarks")) session.benchmarks.push_back(to_head(one));
  for (const Json& one : json.at("cells")) {
    session.cells.push_back({one.at("benchmark").get<std::string>(),
                             one.at("pool").get<std::string>(), one.at("baseline").get<bool>(),
                             state_of(one.at("state").get<std::string>()),
                             text_of(one.at("reason"))});
  }
  session.programs = to_programs(json.at("programs"));
  session.environment = to_facts(json.at("environment"));
}

void read_figures(const Json& json, const PoolSession& session, PoolRunRecord& record) {
  for (const char* part : {"workers", "wall_ns", "cpu_ns", "tasks"}) check_counts(json.at(part));
  check_not_negative(json.at("figures"));
  PoolOutcome& outcome = record.outcome;
  outcome.pool_spec = json.at("pool_spec").get<std::string>();
  outcome.build = json.at("build").get<std::string>();
  outcome.workers = json.at("workers").get<int>();
  outcome.wall_ns = json.at("wall_ns").get<std::int64_t>();
  outcome.cpu_ns = json.at("cpu_ns").get<std::int64_t>();
  outcome.tasks = json.at("tasks").get<std::int64_t>();
  const std::string& name = session.cells[record.run.cell].benchmark;
  const auto head = std::ranges::find(session.benchmarks, name, &PoolTableHead::name);
  if (head == session.benchmarks.end()) {
    throw std::invalid_argument("its benchmark `" + name + "` is none of the session's");
  }
  for (const PoolColumn& column : head->columns) {
    const Json& value = json.at("figures").at(column.key);
    outcome.figures[column.key] = std::nullopt;
    if (!value.is_null()) outcome.figures[column.key] = value.get<double>();
  }
}

PoolRunRecord to_record(const Json& json, const PoolSession& session) {
  PoolRunRecord record;
  const auto key = json.at("cell").get<std::string>();
  const auto cell = std::ranges::find(session.cells, key, pool_cell_key);
  if (cell == session.cells.end()) {
    throw std::invalid_argument("its cell `" + key + "` is none of the session's");
  }
  for (const char* part : {"block", "order", "attempt"}) check_counts(json.at(part));
  if (json.at("block") >= kMostBlocks) {
    throw std::invalid_argument("block " + json.at("block").dump() + " is out of range");
  }
  record.run.cell = static_cast<std::size_t>(cell - session.cells.begin());
  record.run.block = json.at("block").get<int>();
  record.run.order = json.at("order").get<int>();
  record.run.twin = json.at("twin").get<bool>();
  record.attempt = json.at("attempt").get<int>();
  record.started_utc = json.at("started_utc").get<std::string>();
  record.outcome.reason = text_of(json.at("reason"));
  record.outcome.flags = json.at("flags").get<std::vector<std::string>>();
  record.outcome.status = run_status_of(json.at("status"));
  if (record.outcome.status == RunStatus::ok) read_figures(json, session, record);
  return record;
}

void read_any(const Json& json, PoolResults& results) {
  const auto type = json.at("type").get<std::string>();
  if (type == "session") {
    read_session(json, results.session);
  } else if (results.session.id.empty()) {
    throw std::invalid_argument("the first line does not describe a session");
  } else if (type == "run") {
    results.runs.push_back(to_record(json, results.session));
  } else {
    throw std::invalid_argument("lines of type \"" + type + "\" are unknown");
  }
}

}  // namespace

std::string format_pool_session(const PoolSession& session) {
  const PoolSettings& settings = session.settings;
  Json json = {{"type", "session"},
               {"schema", kSchema},
               {"session", session.id},
               {"started_utc", session.started_utc},
               {"command_line", session.command_line},
               {"seed", session.seed},
               {"baseline", session.baseline},
               {"not_a_result", or_null(session.not_a_result)},
               {"settings",
                {{"blocks", settings.blocks},
                 {"workers", settings.workers},
                 {"producers", settings.producers},
                 {"max_repeats", settings.max_repeats},
                 {"plugins", settings.plugins},
                 {"cpus", settings.cpus}}},
               {"programs", to_json(session.programs)},
               {"benchmarks", Json::array()},
               {"cells", Json::array()}};
  for (const PoolTableHead& head : session.benchmarks) json["benchmarks"].push_back(to_json(head));
  for (const PoolCell& cell : session.cells) {
    json["cells"].push_back({{"cell", pool_cell_key(cell)},
                             {"benchmark", cell.benchmark},
                             {"pool", cell.pool},
                             {"baseline", cell.baseline},
                             {"state", name_of(cell.state)},
                             {"reason", or_null(cell.why_not)}});
  }
  json["environment"] = to_json(session.environment);
  return dump(json);
}

std::string format_pool_run(const PoolSession& session, const PoolRunRecord& record) {
  const PoolCell& cell = session.cells[record.run.cell];
  const PoolOutcome& outcome = record.outcome;
  const bool ok = outcome.status == RunStatus::ok;
  const auto known = [&](const auto& value) { return ok ? Json(value) : Json(nullptr); };
  Json figures = Json::object();
  for (const auto& [key, value] : outcome.figures) {
    figures[key] = value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
  }
  return dump({{"type", "run"},
               {"cell", pool_cell_key(cell)},
               {"benchmark", cell.benchmark},
               {"pool", cell.pool},
               {"block", record.run.block},
               {"order", record.run.order},
               {"twin", record.run.twin},
               {"attempt", record.attempt},
               {"started_utc", record.started_utc},
               {"status", ok ? "ok" : "failed"},
               {"reason", or_null(outcome.reason)},
               {"flags", outcome.flags},
               {"pool_spec", known(outcome.pool_spec)},
               {"build", known(outcome.build)},
               {"workers", known(outcome.workers)},
               {"wall_ns", known(outcome.wall_ns)},
               {"cpu_ns", known(outcome.cpu_ns)},
               {"tasks", known(outcome.tasks)},
               {"figures", known(figures)}});
}

absl::Status read_pool_line(const std::string& line, PoolResults& results) {
  try {
    read_any(Json::parse(line), results);
    return absl::OkStatus();
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat("this line is not as collet-bench pools writes it: ", explain_json(error)));
  }
}

absl::StatusOr<PoolResults> read_pool_results(const std::string& directory) {
  PoolResults results;
  const std::string path = (std::filesystem::path(directory) / kPoolResultsName).string();
  auto cut_off = read_lines(path, "pools",
                            [&](const std::string& line) { return read_pool_line(line, results); });
  if (!cut_off.ok()) return cut_off.status();
  results.cut_off = *std::move(cut_off);
  return results;
}

}  // namespace collet::bench

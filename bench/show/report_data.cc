// SPDX-License-Identifier: MIT
// report_data.cc: the summary's JSON, and what only the report needs besides.
#include "bench/show/report_data.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include <absl/strings/str_join.h>
#include <collet/registry.h>
#include <nlohmann/json.hpp>

#include "bench/json/values.h"
#include "bench/measure/noise.h"
#include "bench/show/exports.h"
#include "bench/show/goal_exports.h"
#include "bench/show/pool_exports.h"
#include "bench/show/report_words.h"
#include "bench/show/wording.h"
#include "bench/statistics/load_curves.h"

namespace collet::bench {
namespace {

Json session_json(const Report& report) {
  const Session& session = report.session;
  const Settings& settings = session.settings;
  return {{"id", session.id},
          {"started_utc", session.started_utc},
          {"command_line", absl::StrJoin(session.command_line, " ")},
          {"profile", or_null(session.profile)},
          {"seed", session.seed},
          {"blocks", settings.blocks},
          {"duration_ns", settings.duration.count()},
          {"warmup_ns", settings.warmup.count()},
          {"max_repeats", settings.max_repeats},
          {"loops", settings.loops},
          {"workers", settings.workers},
          {"client_threads", settings.client_threads},
          {"runs", report.runs.size()},
          {"runs_missing", report.missing},
          {"not_a_result", or_null(session.not_a_result)},
          {"results", report.results_path}};
}

Json method_json(const std::vector<Paragraph>& paragraphs) {
  Json json = Json::array();
  for (const auto& [title, text] : paragraphs) json.push_back({{"title", title}, {"text", text}});
  return json;
}

Json verdicts_json(const TableSummary& table) {
  std::map<Verdict, int> counts;
  bool indicative = false;
  for (const CellSummary& cell : table.cells) {
    if (cell.baseline || !cell.has_figures()) continue;
    ++counts[cell.to_baseline.verdict];
    indicative |= cell.to_baseline.indicative;
  }
  return {{"lower", counts[Verdict::lower]},
          {"higher", counts[Verdict::higher]},
          {"same", counts[Verdict::same]},
          {"none", counts[Verdict::none]},
          {"indicative", indicative}};
}

// Of a good run, by what its cell is judged by; 0 if that is unknown.
double figure_of(const Cell& cell, const RunRecord& run) {
  return measure(cell.judged_by, run.outcome).value_or(0);
}

// Of each block, the second run of the baseline over its first.
Json twins_json(const Report& report, const CellSummary* baseline) {
  Json json = Json::array();
  if (baseline == nullptr) return json;
  std::map<int, double> first;
  std::map<int, double> second;
  for (const RunRecord& run : report.runs) {
    if (run.outcome.status != RunStatus::ok) continue;
    if (report.session.cells[run.run.cell].cell != baseline->cell) continue;
    (run.run.twin ? second : first)[run.run.block] = figure_of(baseline->cell, run);
  }
  for (const auto& [block, value] : second) {
    const auto found = first.find(block);
    if (found == first.end() || found->second <= 0 || value <= 0) continue;
    json.push_back({{"block", block}, {"ratio", value / found->second}});
  }
  return json;
}

// What a second of server CPU pays for: the inverse of the primary figure.
Json capacity_json(const CellSummary& cell) {
  const Summary& cost = cell[Metric::server_cpu];
  if (!cell.has_figures() || cost.min <= 0) return nullptr;
  const auto inverse = [](double us) { return 1e6 / us; };
  return {{"median", inverse(cost.median)},
          {"low", cost.interval ? Json(inverse(cost.interval->high)) : Json(nullptr)},
          {"high", cost.interval ? Json(inverse(cost.interval->low)) : Json(nullptr)}};
}

// With a p99 that is the server's: none of a queue that only grows, none of a late client.
bool has_fair_p99(const CellSummary& cell) {
  return cell.has_figures() && cell[Metric::p99].n > 0 && !cell.overloaded && !cell.client_late;
}

bool is_on_pareto_front(const CellSummary& cell, const TableSummary& table) {
  if (!has_fair_p99(cell)) return false;
  const auto figures = [](const CellSummary& one) {
    return std::pair(one[Metric::server_cpu].median, one[Metric::p99].median);
  };
  const auto [cost, p99] = figures(cell);
  return std::ranges::none_of(table.cells, [&](const CellSummary& other) {
    const auto [other_cost, other_p99] = figures(other);
    const bool no_worse = other_cost <= cost && other_p99 <= p99;
    return has_fair_p99(other) && no_worse && (other_cost < cost || other_p99 < p99);
  });
}

void extend(Json& json, const Report& report, const TableSummary& table) {
  json["mode"] = table.open_loop ? "open" : "closed";
  json["title"] = describe_table(table);
  json["about"] = describe_baseline(table);
  json["verdicts"] = verdicts_json(table);
  json["twins"] = twins_json(report, table.baseline());
  for (std::size_t i = 0; i < table.cells.size(); ++i) {
    const CellSummary& cell = table.cells[i];
    Json& one = json["cells"][i];
    one["name"] = cell_name(cell.cell);
    one["backend_name"] = or_null(name_in(cell.cell.backend));
    one["pool_name"] = or_null(name_in(cell.cell.pool));
    one["requests_per_core_s"] = capacity_json(cell);
    one["pareto"] = is_on_pareto_front(cell, table);
  }
}

Json figures_json(const RunOutcome& outcome) {
  const LoadReport& load = *outcome.load;
  const auto us = [](const std::optional<std::int64_t>& ns) {
    return ns ? Json(static_cast<double>(*ns) / 1e3) : Json(nullptr);
  };
  const auto share = [&](std::int64_t part_ns, std::int64_t whole_ns) {
    return static_cast<double>(part_ns) / static_cast<double>(whole_ns);
  };
  Json json = Json::object();
  for (const Metric metric : all_metrics()) {
    json[key_of(metric)] = or_null(measure(metric, outcome));
  }
  const std::int64_t elapsed_ns = outcome.server->elapsed_ns;
  json["p90_us"] = us(load.latency.p90_ns);
  json["max_us"] = us(load.latency.max_ns);
  json["foreign_cores"] = share(outcome.machine.foreign_cpu_ns, elapsed_ns);
  json["stolen_cores"] = share(outcome.machine.stolen_ns, elapsed_ns);
  json["client_cores"] = share(load.client_cpu_ns, load.window_ns);
  json["send_lag_p99_us"] = us(load.send_lag_p99_ns);
  json["littles_law_gap"] = or_null(load.littles_law_gap);
  return json;
}

Json series_json(const RunOutcome& outcome) {
  if (!outcome.load || outcome.load->answered_by_100ms.empty()) return nullptr;
  return {{"bucket_ms", 100}, {"answered", outcome.load->answered_by_100ms}};
}

// By key, so that a run finds its table and its median.
struct Home {
  std::size_t table = 0;
  const CellSummary* cell = nullptr;
};

Json runs_json(const Report& report) {
  std::map<std::string, Home> homes;
  for (std::size_t i = 0; i < report.tables.size(); ++i) {
    for (const CellSummary& cell : report.tables[i].cells) homes[cell_key(cell.cell)] = {i, &cell};
  }
  Json json = Json::array();
  for (const RunRecord& run : report.runs) {
    const Cell& cell = report.session.cells[run.run.cell].cell;
    const auto home = homes.find(cell_key(cell));  // none of a search, which has no tables
    const bool ok = run.outcome.status == RunStatus::ok;
    const double median = home == homes.end() ? 0 : (*home->second.cell)[cell.judged_by].median;
    json.push_back(
        {{"table", home == homes.end() ? Json(nullptr) : Json(home->second.table)},
         {"cell", cell_key(cell)},
         {"name", cell_name(cell)},
         {"block", run.run.block},
         {"order", run.run.order},
         {"twin", run.run.twin},
         {"attempt", run.attempt},
         {"started_utc", run.started_utc},
         {"ok", ok},
         {"reason", or_null(run.outcome.reason)},
         {"flags", run.outcome.flags},
         {"noisy", is_noisy(run.outcome.flags)},
         {"to_median", ok && median > 0 ? Json(figure_of(cell, run) / median) : Json(nullptr)},
         {"figures", ok ? figures_json(run.outcome) : Json(nullptr)},
         {"series", series_json(run.outcome)}});
  }
  return json;
}

Json curves_json(const Report& report) {
  Json json = Json::array();
  const auto& floor = report.session.wake_floor;
  for (const LoadSweep& sweep : load_sweeps(report)) {
    const std::string title = describe_shape(sweep.tables.front()->cells.front().cell);
    for (const LoadCurve& curve : sweep.curves) {
      if (curve.points.empty()) continue;
      const Cell& cell = curve.points.front().cell->cell;
      Json points = Json::array();
      for (const LoadPoint& point : curve.points) {
        const auto& interval = point.p99_interval;
        points.push_back({{"rate_per_s", point.rate_per_s},
                          {"achieved_per_s", point.achieved_per_s},
                          {"kept_up", !point.cell->overloaded},
                          {"client_late", point.cell->client_late},
                          {"p50_us", or_null(point.p50_us)},
                          {"p99_us", or_null(point.p99_us)},
                          {"p999_us", or_null(point.p999_us)},
                          {"p99_low_us", interval ? Json(interval->low) : Json(nullptr)},
                          {"p99_high_us", interval ? Json(interval->high) : Json(nullptr)},
                          {"runs", point.cell->runs()}});
      }
      json.push_back({{"title", title},
                      {"name", curve.name},
                      {"backend_name", or_null(name_in(cell.backend))},
                      {"pool_name", or_null(name_in(cell.pool))},
                      {"wake_floor_us", floor ? Json(floor->p50_us) : Json(nullptr)},
                      {"points", std::move(points)}});
    }
  }
  return json;
}

}  // namespace

std::string render_report_data(const Report& report, const PoolReport* pools) {
  // The very figures that other programs get.
  Json tables = Json::parse(render_json(report)).at("tables");
  for (std::size_t i = 0; i < report.tables.size(); ++i) {
    extend(tables[i], report, report.tables[i]);
  }
  const Json json = {{"schema", "collet-bench-report/2"},
                     {"session", session_json(report)},
                     {"environment", to_json(report.session.environment)},
                     {"programs", to_json(report.session.programs)},
                     {"warnings", report_warnings(report)},
                     {"method", method_json(report_method(report))},
                     {"commands", report_commands(report)},
                     {"tables", std::move(tables)},
                     {"runs", runs_json(report)},
                     {"curves", curves_json(report)},
                     {"capacities", Json::parse(render_capacities(report))},
                     {"pools", pools ? Json::parse(render_pool_json(*pools)) : Json(nullptr)},
                     {"csv", render_csv(report)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace collet::bench

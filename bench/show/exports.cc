// SPDX-License-Identifier: MIT
// exports.cc: CSV and JSON of cells.
#include "bench/show/exports.h"

#include <algorithm>
#include <map>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <nlohmann/json.hpp>

#include "bench/json/values.h"
#include "bench/show/goal_exports.h"

namespace collet::bench {
namespace {

// What p50, p99 and p999 are percentiles of.
const char* times_of(const TableSummary& table) { return table.open_loop ? "response" : "service"; }

const char* state_of(const CellSummary& cell) {
  if (!cell.unavailable.empty()) return "unavailable";
  if (cell.failed > 0) return "failed";
  return cell.has_figures() ? "ok" : "not run";
}

std::string reason_of(const CellSummary& cell) {
  return cell.unavailable.empty() ? cell.first_reason : cell.unavailable;
}

Json to_json(const std::vector<CurvePoint>& curve) {
  Json json = Json::array();
  for (const auto& [percent, us] : curve) json.push_back({percent, us});
  return json;
}

Json to_json(const MergedTimes& times) {
  if (times.requests == 0) return nullptr;
  Json percentiles = Json::array();
  for (const auto& [percent, us, low, high] : times.percentiles) {
    percentiles.push_back({{"percent", percent}, {"us", us}, {"low", low}, {"high", high}});
  }
  return {{"requests", times.requests},
          {"percentiles", percentiles},
          {"curve", to_json(times.latency)},
          {"service_curve", times.service.empty() ? Json(nullptr) : to_json(times.service)}};
}

Json to_json(const CellSummary& summary) {
  const Cell& cell = summary.cell;
  Json json = {{"cell", cell_key(cell)},
               {"backend", or_null(cell.backend)},
               {"pool", or_null(cell.pool)},
               {"external", or_null(cell.external)},
               {"baseline", summary.baseline},
               {"state", state_of(summary)},
               {"reason", or_null(reason_of(summary))},
               {"runs_failed", summary.failed},
               {"runs_noisy", summary.noisy},
               {"runs_repeated", summary.repeated},
               {"client_bound", summary.client_bound},
               {"client_late", summary.client_late},
               {"overloaded", summary.overloaded}};
  for (const Metric metric : all_metrics()) {
    const Summary& values = summary[metric];
    json[key_of(metric)] = summary.has_figures() ? to_json(values) : Json(nullptr);
  }
  const auto counted = [&](std::optional<double> CountRecord::*figure) {
    const bool known = summary.counts && summary.has_figures() && (*summary.counts).*figure;
    return known ? to_json(summarize({*((*summary.counts).*figure)})) : Json(nullptr);
  };
  json["server_syscalls_per_request"] = counted(&CountRecord::syscalls_per_request);
  json["server_allocations_per_request"] = counted(&CountRecord::allocations_per_request);
  json["handoff_p50_us"] = counted(&CountRecord::handoff_p50_us);
  json["handoff_p99_us"] = counted(&CountRecord::handoff_p99_us);
  json["syscalls"] =
      summary.counts && summary.has_figures() ? Json(summary.counts->by_name) : Json(nullptr);
  json["uncounted"] = summary.counts ? or_null(summary.counts->reason) : Json(nullptr);
  const bool has_calls = summary.has_figures() && !summary.backend_calls.empty();
  json["backend_calls"] = has_calls ? Json(summary.backend_calls) : Json(nullptr);
  json["merged"] = summary.has_figures() ? to_json(summary.times) : Json(nullptr);
  json["to_baseline"] = to_json(summary.to_baseline);
  return json;
}

std::string csv_head() {
  std::string text =
      "workload,connections,payload_bytes,pipeline,placement,rate_per_s,times,backend,pool,"
      "external,baseline,state,reason,runs,runs_noisy,client_bound,client_late,overloaded";
  for (const Metric metric : all_metrics()) {
    for (const char* which : {"median", "low", "high"}) {
      absl::StrAppend(&text, ",", key_of(metric), "_", which);
    }
  }
  return text +
         ",server_syscalls_per_request,server_allocations_per_request,handoff_p50_us,"
         "handoff_p99_us,judged_by,ratio,ratio_low,ratio_high,verdict,indicative,not_a_result\n";
}

std::string number(double value) { return absl::StrFormat(",%.9g", value); }

std::string csv_interval(const std::optional<Interval>& interval) {
  return interval ? number(interval->low) + number(interval->high) : ",,";
}

// `not_a_result`: why the figures must not be published, or empty.
std::string csv_line(const TableSummary& table, const CellSummary& summary,
                     const std::string& not_a_result) {
  const Cell& cell = summary.cell;
  std::string text = absl::StrFormat(
      "%s,%d,%d,%d,%s,%s,%s,%s,%s,%s,%d,%s,%s,%d,%d,%d,%d,%d", quoted_for_csv(cell.workload),
      cell.connections, cell.payload_bytes, cell.pipeline, to_string(cell.placement),
      cell.rate_per_s == 0 ? "" : absl::StrCat(cell.rate_per_s), times_of(table),
      quoted_for_csv(cell.backend), quoted_for_csv(cell.pool), quoted_for_csv(cell.external),
      summary.baseline ? 1 : 0, state_of(summary), quoted_for_csv(reason_of(summary)),
      summary.runs(), summary.noisy, summary.client_bound ? 1 : 0, summary.client_late ? 1 : 0,
      summary.overloaded ? 1 : 0);
  for (const Metric metric : all_metrics()) {
    const Summary& values = summary[metric];
    text += summary.has_figures() && values.n > 0
                ? number(values.median) + csv_interval(values.interval)
                : ",,,";
  }
  for (const auto figure :
       {&CountRecord::syscalls_per_request, &CountRecord::allocations_per_request,
        &CountRecord::handoff_p50_us, &CountRecord::handoff_p99_us}) {
    const bool known = summary.has_figures() && summary.counts && (*summary.counts).*figure;
    text += known ? number(*((*summary.counts).*figure)) : ",";
  }
  absl::StrAppend(&text, ",", key_of(cell.judged_by));
  const Comparison& comparison = summary.to_baseline;
  const std::string end = "," + quoted_for_csv(not_a_result) + "\n";
  if (comparison.n == 0) return text + ",,,,," + end;
  return text + number(comparison.ratio) + csv_interval(comparison.interval) +
         absl::StrFormat(",%s,%d", to_string(comparison.verdict), comparison.indicative ? 1 : 0) +
         end;
}

}  // namespace

std::string quoted_for_csv(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string result = "\"";
  for (const char c : text) result.append(c == '"' ? 2 : 1, c);
  return result + "\"";
}

std::string render_csv(const Report& report) {
  if (report.session.goal) return render_capacities_csv(report);
  std::string text = csv_head();
  for (const TableSummary& table : report.tables) {
    for (const CellSummary& cell : table.cells)
      text += csv_line(table, cell, report.session.not_a_result);
  }
  return text;
}

std::string render_json(const Report& report) {
  Json json = {
      {"schema", "collet-bench-summary/3"}, {"session", report.session.id},
      {"results", report.results_path},     {"blocks", report.session.settings.blocks},
      {"runs_missing", report.missing},     {"not_a_result", or_null(report.session.not_a_result)}};
  json["tables"] = Json::array();
  for (const TableSummary& table : report.tables) {
    const Cell& cell = table.cells.front().cell;
    Json cells = Json::array();
    for (const CellSummary& summary : table.cells) cells.push_back(to_json(summary));
    json["tables"].push_back(
        {{"table", table_key(cell)},
         {"workload", cell.workload},
         {"connections", cell.connections},
         {"payload_bytes", cell.payload_bytes},
         {"pipeline", cell.pipeline},
         {"placement", to_string(cell.placement)},
         {"work_ns", cell.work.count()},
         {"block_ns", cell.block.count()},
         {"rate_per_s", cell.rate_per_s == 0 ? Json(nullptr) : Json(cell.rate_per_s)},
         {"times", times_of(table)},
         {"figure", key_of(cell.judged_by)},
         {"dead_band", table.dead_band},
         {"dead_band_blocks", table.twins},
         {"cells", cells}});
  }
  json["capacities"] = Json::parse(render_capacities(report));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace collet::bench

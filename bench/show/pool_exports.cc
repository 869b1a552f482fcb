// SPDX-License-Identifier: MIT
// pool_exports.cc: CSV and JSON of pool summaries.
#include "bench/show/pool_exports.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <nlohmann/json.hpp>

#include "bench/json/values.h"
#include "bench/show/exports.h"
#include "bench/show/pool_table.h"

namespace collet::bench {
namespace {

Json to_json(const PoolRow& row, const std::vector<PoolColumn>& columns) {
  Json figures = Json::object();
  Json to_baseline = Json::object();
  const bool shown = row.has_figures();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    figures[columns[i].key] = shown ? to_json(row.values[i]) : Json(nullptr);
    to_baseline[columns[i].key] = shown ? to_json(row.to_baseline[i]) : Json(nullptr);
  }
  return {{"pool", row.cell.pool},     {"baseline", row.cell.baseline},
          {"state", state_of(row)},    {"reason", or_null(row.reason())},
          {"runs_failed", row.failed}, {"runs_noisy", row.noisy},
          {"figures", figures},        {"to_baseline", to_baseline}};
}

Json to_json(const PoolTable& table) {
  Json json = {{"name", table.head.name},
               {"title", table.head.title},
               {"about", table.head.about},
               {"figures", Json::array()},
               {"rows", Json::array()}};
  for (std::size_t i = 0; i < table.head.columns.size(); ++i) {
    const PoolColumn& column = table.head.columns[i];
    const bool known = table.twins[i] > 0;
    json["figures"].push_back({{"key", column.key},
                               {"title", column.title},
                               {"unit", column.unit},
                               {"higher_is_better", column.higher_is_better},
                               {"dead_band", known ? Json(table.dead_bands[i]) : Json(nullptr)},
                               {"dead_band_blocks", table.twins[i]}});
  }
  for (const PoolRow& row : table.rows) json["rows"].push_back(to_json(row, table.head.columns));
  return json;
}

std::string number(double value) { return absl::StrFormat(",%.9g", value); }

std::string csv_interval(const std::optional<Interval>& interval) {
  return interval ? number(interval->low) + number(interval->high) : ",,";
}

std::string csv_line(const PoolTable& table, const PoolRow& row, std::size_t column,
                     const std::string& not_a_result) {
  const std::string mark = "," + quoted_for_csv(not_a_result) + "\n";
  const PoolColumn& head = table.head.columns[column];
  const Summary& values = row.values[column];
  const bool known = row.has_figures() && values.n > 0;
  std::string text =
      absl::StrFormat("%s,%s,%d,%s,%s,%s,%s,%d", table.head.name, quoted_for_csv(row.cell.pool),
                      row.cell.baseline ? 1 : 0, state_of(row), quoted_for_csv(row.reason()),
                      head.key, head.unit, known ? values.n : 0);
  absl::StrAppend(&text, ",", row.noisy);
  text += known ? number(values.median) + csv_interval(values.interval) : ",,,";
  const Comparison& comparison = row.to_baseline[column];
  if (comparison.n == 0) return text + ",,,,," + mark;
  return text + number(comparison.ratio) + csv_interval(comparison.interval) +
         absl::StrFormat(",%s,%d", to_string(comparison.verdict), comparison.indicative ? 1 : 0) +
         mark;
}

}  // namespace

std::string render_pool_csv(const PoolReport& report) {
  std::string text =
      "benchmark,pool,baseline,state,reason,figure,unit,runs,noisy,median,low,high,ratio,ratio_low,"
      "ratio_high,verdict,indicative,not_a_result\n";
  for (const PoolTable& table : report.tables) {
    for (const PoolRow& row : table.rows) {
      for (std::size_t i = 0; i < table.head.columns.size(); ++i) {
        text += csv_line(table, row, i, report.session.not_a_result);
      }
    }
  }
  return text;
}

std::string render_pool_json(const PoolReport& report) {
  const PoolSession& session = report.session;
  Json json = {{"schema", "collet-bench-pool-summary/1"},
               {"session", session.id},
               {"started_utc", session.started_utc},
               {"command_line", absl::StrJoin(session.command_line, " ")},
               {"not_a_result", or_null(session.not_a_result)},
               {"results", report.results_path},
               {"runs_missing", report.missing},
               {"workers", session.settings.workers},
               {"producers", session.settings.producers},
               {"cpus", session.settings.cpus.size()},
               {"blocks", session.settings.blocks},
               {"baseline", session.baseline},
               {"method", describe_pool_method(report)},
               {"benchmarks", Json::array()}};
  for (const PoolTable& table : report.tables) json["benchmarks"].push_back(to_json(table));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace collet::bench

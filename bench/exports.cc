// SPDX-License-Identifier: MIT
// exports.cc: CSV and JSON.
#include "bench/exports.h"

#include <array>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <nlohmann/json.hpp>

namespace collet::bench {
namespace {

using Json = nlohmann::ordered_json;

struct Figure {
  const char* name;
  Summary CellSummary::*summary;
};

constexpr std::array kFigures = {
    Figure{"server_cpu_us_per_request", &CellSummary::cpu_us_per_request},
    Figure{"requests_per_s", &CellSummary::requests_per_s},
    Figure{"service_time_p50_us", &CellSummary::p50_us},
    Figure{"service_time_p99_us", &CellSummary::p99_us},
    Figure{"service_time_p999_us", &CellSummary::p999_us},
    Figure{"server_switches_per_request", &CellSummary::switches_per_request},
    Figure{"server_rss_bytes", &CellSummary::rss_bytes}};

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string result = "\"";
  for (const char c : text) result.append(c == '"' ? 2 : 1, c);
  return result + "\"";
}

Json to_json(const CellSummary& summary, const Settings& settings) {
  const Cell& cell = summary.cell;
  Json json = {{"workload", cell.workload},
               {"connections", cell.connections},
               {"payload_bytes", payload_bytes(cell, settings)},
               {"pipeline", pipeline(cell, settings)},
               {"backend", cell.backend},
               {"pool", cell.by_hand ? Json(nullptr) : Json(cell.pool)},
               {"by_hand", cell.by_hand},
               {"runs_ok", summary.ok},
               {"runs_failed", summary.failed},
               {"reason", summary.failed > 0 ? Json(summary.first_reason) : Json(nullptr)},
               {"client_bound", summary.client_bound}};
  for (const Figure& figure : kFigures) {
    const Summary& values = summary.*figure.summary;
    json[figure.name] =
        summary.has_figures()
            ? Json{{"median", values.median}, {"min", values.min}, {"max", values.max}}
            : Json(nullptr);
  }
  return json;
}

}  // namespace

std::string render_csv(const Report& report) {
  std::string text =
      "workload,connections,payload_bytes,pipeline,backend,pool,by_hand,runs_ok,runs_failed,"
      "client_bound";
  for (const Figure& figure : kFigures) {
    for (const char* which : {"median", "min", "max"}) {
      absl::StrAppend(&text, ",", figure.name, "_", which);
    }
  }
  text += "\n";
  for (const CellSummary& summary : report.cells) {
    const Cell& cell = summary.cell;
    absl::StrAppend(&text, cell.workload, ",", cell.connections, ",");
    absl::StrAppend(&text, payload_bytes(cell, report.settings), ",",
                    pipeline(cell, report.settings), ",", quoted(cell.backend), ",");
    absl::StrAppend(&text, quoted(cell.pool), ",", cell.by_hand ? 1 : 0, ",", summary.ok, ",");
    absl::StrAppend(&text, summary.failed, ",", summary.client_bound ? 1 : 0);
    for (const Figure& figure : kFigures) {
      const Summary& values = summary.*figure.summary;
      for (const double value : {values.median, values.min, values.max}) {
        text += summary.has_figures() ? absl::StrFormat(",%.9g", value) : ",";
      }
    }
    text += "\n";
  }
  return text;
}

std::string render_json(const Report& report) {
  Json json;
  json["schema"] = "collet-bench-summary/1";
  json["session"] = report.environment.started_utc;
  json["results"] = report.results_path;
  json["blocks"] = report.blocks;
  json["interrupted"] = report.interrupted;
  json["not_release"] = report.not_release;
  json["cells"] = Json::array();
  for (const CellSummary& summary : report.cells) {
    json["cells"].push_back(to_json(summary, report.settings));
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace collet::bench

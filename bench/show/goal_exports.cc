// SPDX-License-Identifier: MIT
// goal_exports.cc: brackets to JSON and CSV.
#include "bench/show/goal_exports.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <collet/registry.h>
#include <nlohmann/json.hpp>

#include "bench/json/values.h"
#include "bench/show/exports.h"
#include "bench/show/goal_words.h"
#include "bench/show/wording.h"

namespace collet::bench {
namespace {

Json probes_json(const GoalCell& cell) {
  Json json = Json::array();
  for (const GoalProbe& probe : cell.probes) {
    json.push_back({{"rate_per_s", probe.probe.rate_per_s},
                    {"achieved_per_s", probe.achieved_per_s},
                    {"percentile_us", or_null(probe.percentile_us)},
                    {"holds", probe.held},
                    {"why_not", or_null(probe.why_not)},
                    {"confirms", probe.probe.confirms}});
  }
  return json;
}

const char* state_of(const GoalCell& cell) {
  if (!cell.unavailable.empty()) return "unavailable";
  if (!cell.failure.empty()) return "failed";
  return cell.done ? "ok" : "not run";
}

Json median_json(const Summary& summary) {
  return summary.n == 0 ? Json(nullptr) : Json(summary.median);
}

// A search that failed, or is not over, has no answer.
bool is_known(const GoalCell& cell) { return cell.failure.empty() && cell.done; }

Json bracket_json(const GoalCell& cell) {
  return {{"name", cell_name(cell.cell)},
          {"backend_name", or_null(name_in(cell.cell.backend))},
          {"pool_name", or_null(name_in(cell.cell.pool))},
          {"state", state_of(cell)},
          {"reason", or_null(cell.unavailable.empty() ? cell.failure : cell.unavailable)},
          {"holds_per_s", is_known(cell) ? or_null(cell.bracket.holds_per_s) : Json(nullptr)},
          {"fails_per_s", is_known(cell) ? or_null(cell.bracket.fails_per_s) : Json(nullptr)},
          {"confirmations", cell.bracket.confirmations},
          {"server_cpu_us_per_request", median_json(cell.server_cpu)},
          {"percentile_us", median_json(cell.percentile_us)},
          {"cpu_at_common_rate", median_json(cell.cpu_at_common_rate)},
          {"to_baseline", to_json(cell.to_baseline)},
          {"client_limited", cell.client_limited},
          {"top", cell.top},
          {"probes", probes_json(cell)}};
}

}  // namespace

std::string render_capacities(const Report& report) {
  Json json = Json::array();
  for (const GoalTable& table : report.goals) {
    const Goal& goal = *report.session.goal;
    Json brackets = Json::array();
    for (const GoalCell& cell : table.cells) brackets.push_back(bracket_json(cell));
    json.push_back({{"title", describe_shape(table.cells.front().cell)},
                    {"percent", goal.percent},
                    {"limit_us", static_cast<double>(goal.limit.count()) / 1e3},
                    {"common_rate_per_s",
                     table.common_rate_per_s == 0 ? Json(nullptr) : Json(table.common_rate_per_s)},
                    {"dead_band", table.blocks == 0 ? Json(nullptr) : Json(table.dead_band)},
                    {"advice", or_null(advise(goal, table))},
                    {"brackets", std::move(brackets)}});
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string render_capacities_csv(const Report& report) {
  std::string text =
      "workload,connections,payload_bytes,pipeline,placement,backend,pool,external,percent,limit_"
      "us,"
      "state,reason,holds_per_s,fails_per_s,confirmations,percentile_us,"
      "server_cpu_us_per_request,top,server_cpu_us_per_request_at_common_rate,common_rate_per_s\n";
  const auto number = [](const auto& value) { return value ? absl::StrCat(*value) : ""; };
  const auto median = [](const Summary& summary) {
    return summary.n == 0 ? "" : absl::StrFormat("%.9g", summary.median);
  };
  for (const GoalTable& table : report.goals) {
    const Goal& goal = *report.session.goal;
    for (const GoalCell& one : table.cells) {
      const Cell& cell = one.cell;
      const std::string& reason = one.unavailable.empty() ? one.failure : one.unavailable;
      absl::StrAppend(
          &text, absl::StrFormat(
                     "%s,%d,%d,%d,%s,%s,%s,%s,%.9g,%.9g,%s,%s,%s,%s,%d,%s,%s,%d,%s,%s\n",
                     quoted_for_csv(cell.workload), cell.connections, cell.payload_bytes,
                     cell.pipeline, to_string(cell.placement), quoted_for_csv(cell.backend),
                     quoted_for_csv(cell.pool), quoted_for_csv(cell.external), goal.percent,
                     static_cast<double>(goal.limit.count()) / 1e3, state_of(one),
                     quoted_for_csv(reason), is_known(one) ? number(one.bracket.holds_per_s) : "",
                     is_known(one) ? number(one.bracket.fails_per_s) : "",
                     one.bracket.confirmations, median(one.percentile_us), median(one.server_cpu),
                     one.top ? 1 : 0, median(one.cpu_at_common_rate),
                     table.common_rate_per_s == 0 ? "" : absl::StrCat(table.common_rate_per_s)));
    }
  }
  return text;
}

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// results_json.cc: any line of results.jsonl.
#include "bench/session/json/results_json.h"

#include <algorithm>

#include <absl/strings/str_cat.h>

#include "bench/json/complaint.h"

namespace collet::bench {
namespace {

// What was counted or timed of a run makes sense, and its block is within reason.
void check_run(const Json& run) {
  constexpr std::int64_t kMostBlocks = 100'000;
  if (run.at("block") > kMostBlocks) {
    throw std::invalid_argument("block " + run.at("block").dump() + " is out of range");
  }
  for (const char* part : {"block", "attempt", "order", "rate_per_s", "runs", "server", "client",
                           "rss_before_bytes", "machine"}) {
    check_counts(run.at(part));
  }
  check_counts(run.value("counted", Json(nullptr)));
  for (const auto& [key, value] : run.at("load").items()) {
    if (key != "littles_law_gap") check_counts(value);
  }
}

// Files of before loops had blocks have them one after the other.
CapacityRun read_capacity_run(const Json& json, const std::vector<CapacityRun>& before) {
  CapacityRun run = to_capacity_run(json);
  if (!json.contains("block")) {
    run.block = static_cast<int>(std::ranges::count(before, run.table, &CapacityRun::table));
  }
  return run;
}

void read_any(const Json& json, Results& results) {
  const auto type = json.at("type").get<std::string>();
  if (type == "session") {
    if (json.at("schema") != kSchema) {
      throw std::invalid_argument("its schema is " + json.at("schema").dump() + ", not \"" +
                                  kSchema + "\": use the collet-bench that wrote it");
    }
    if (!results.session.id.empty()) throw std::invalid_argument("a second session");
    read_session(json, results.session);
  } else if (results.session.id.empty()) {
    throw std::invalid_argument("the first line does not describe a session");
  } else if (type == "resume") {
    results.session.settings.blocks = blocks_of(json);
    for (const Json& one : json.value("differences", Json::array())) {
      results.session.differences.push_back(one.get<std::string>());
    }
  } else if (type == "capacity") {
    results.capacity_runs.push_back(read_capacity_run(json, results.capacity_runs));
  } else if (type == "rates") {
    if (!results.runs.empty()) throw std::invalid_argument("rates change after a run");
    read_rates(json, results.session);
  } else if (type == "run") {
    check_run(json);
    results.runs.push_back(to_record(json, results.session));
  } else if (type == "count") {
    results.counts.push_back(to_count(json, results.session));
  } else {
    throw std::invalid_argument("lines of type \"" + type + "\" are unknown");
  }
}

}  // namespace

std::string format_resumption(const Session& session, const std::vector<std::string>& command_line,
                              const std::vector<std::string>& differences) {
  return dump({{"type", "resume"},
               {"started_utc", utc_now()},
               {"command_line", command_line},
               {"blocks", session.settings.blocks},
               {"differences", differences}});
}

absl::Status read_line(const std::string& line, Results& results) {
  try {
    read_any(Json::parse(line), results);
    return absl::OkStatus();
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat("this line is not as collet-bench writes it: ", explain_json(error)));
  }
}

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// results.cc: runs to JSON lines. Every key says its unit.
#include "bench/results.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include <absl/strings/str_format.h>
#include <nlohmann/json.hpp>

namespace collet::bench {
namespace {

using Json =
    nlohmann::ordered_json;  // keeps the order of keys: lines of two sessions can be diffed

Json to_json(const Cell& cell, const Settings& settings) {
  Json json;
  json["backend"] = cell.backend;
  json["pool"] = cell.by_hand ? Json(nullptr) : Json(cell.pool);
  json["workload"] = cell.workload;
  json["by_hand"] = cell.by_hand;
  json["connections"] = cell.connections;
  json["payload_bytes"] = payload_bytes(cell, settings);
  json["pipeline"] = pipeline(cell, settings);
  json["work_ns"] = settings.work.count();
  json["block_ns"] = settings.block.count();
  json["warmup_ns"] = settings.warmup.count();
  json["duration_ns"] = settings.duration.count();
  json["client_threads"] = client_threads(cell, settings);
  return json;
}

Json to_json(const Listening& listening) {
  return {{"backend", listening.backend}, {"backend_spec", listening.backend_spec},
          {"pool", listening.pool},       {"pool_spec", listening.pool_spec},
          {"loops", listening.loops},     {"workers", listening.workers},
          {"build", listening.build}};
}

Json to_metrics(const RunOutcome& outcome) {
  const LoadReport& load = *outcome.load;
  const ServerUse& server = outcome.server;
  return {{"server_cpu_us_per_request", outcome.cpu_us_per_request()},
          {"requests", load.requests},
          {"window_s", load.seconds},
          {"requests_per_s", load.requests_per_s},
          {"bytes_per_s", load.bytes_per_s},
          {"service_time_us",
           {{"p50", load.p50_us},
            {"p90", load.p90_us},
            {"p99", load.p99_us},
            {"p999", load.p999_us},
            {"max", load.max_us}}},
          {"server_sampled_s", server.seconds},
          {"server_cpu_s", server.cpu_s},
          {"server_voluntary_switches", server.voluntary_switches},
          {"server_involuntary_switches", server.involuntary_switches},
          {"server_rss_bytes", server.rss_bytes},
          {"client_cpu_s", load.client_cpu_s},
          {"foreign_cores", outcome.machine.foreign_cores},
          {"stolen_cores", outcome.machine.stolen_cores}};
}

Json to_json(const Environment& environment) {
  return {{"kernel", environment.kernel},
          {"cpu_model", environment.cpu_model},
          {"cpus", environment.cpus},
          {"server_cpus", environment.server_cpus},
          {"client_cpus", environment.client_cpus},
          {"tcp_congestion_control", environment.congestion_control},
          {"clocksource", environment.clocksource},
          {"compiler", environment.compiler},
          {"build", environment.build},
          {"sanitizers", environment.sanitizers},
          {"revision", environment.revision},
          {"command_line", environment.command_line},
          {"seed", environment.seed}};
}

const char* name_of(RunStatus status) {
  if (status == RunStatus::ok) return "ok";
  return status == RunStatus::failed ? "failed" : "interrupted";
}

}  // namespace

std::string format_result(const Cell& cell, const PlannedRun& run, const RunOutcome& outcome,
                          const Settings& settings, const Environment& environment,
                          const std::string& started_utc) {
  Json json;
  json["schema"] = "collet-bench/1";
  json["session"] = environment.started_utc;
  json["started_utc"] = started_utc;
  json["block"] = run.block;
  json["order"] = run.order;
  json["cell"] = to_json(cell, settings);
  json["status"] = name_of(outcome.status);
  json["reason"] = outcome.reason.empty() ? Json(nullptr) : Json(outcome.reason);
  json["flags"] = outcome.flags;
  json["server"] = outcome.listening ? to_json(*outcome.listening) : Json(nullptr);
  json["metrics"] = outcome.status == RunStatus::ok ? to_metrics(outcome) : Json(nullptr);
  json["errors"] = outcome.load ? Json(outcome.load->errors) : Json(nullptr);
  json["wrong_bytes"] = outcome.load ? Json(outcome.load->wrong_bytes) : Json(nullptr);
  json["environment"] = to_json(environment);
  // A program's last words may hold any bytes; they must not cost the line.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

absl::StatusOr<ResultsFile> ResultsFile::open(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  const std::string path = (std::filesystem::path(directory) / "results.jsonl").string();
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (file.get() < 0) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "--output: %s cannot be written: %s: name a directory that you may write to", path,
        error ? error.message() : std::strerror(errno)));
  }
  return ResultsFile(path, std::move(file));
}

absl::Status ResultsFile::append(const std::string& line) {
  const std::string text = line + "\n";
  const ssize_t written = write(file_.get(), text.data(), text.size());
  if (written == static_cast<ssize_t>(text.size()) && fdatasync(file_.get()) == 0) {
    return absl::OkStatus();
  }
  return absl::InternalError(
      absl::StrFormat("%s cannot be written: %s", path_, std::strerror(errno)));
}

}  // namespace collet::bench

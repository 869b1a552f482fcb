// SPDX-License-Identifier: MIT
// pool_run.cc: starts collet-pool-load and reads what it says.
#include "bench/measure/pool_run.h"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <utility>
#include <vector>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <collet/registry.h>
#include <nlohmann/json.hpp>

#include "bench/json/complaint.h"
#include "bench/measure/noise.h"
#include "bench/measure/proc_sample.h"
#include "bench/measure/process.h"

namespace collet::bench {
namespace {

using Json = nlohmann::json;

// A benchmark ends in about a second. A pool that has lost a task, or a wake, never does.
constexpr auto kPatience = std::chrono::seconds(60);

PoolOutcome failed(std::string reason) {
  PoolOutcome outcome;
  outcome.reason = std::move(reason);
  return outcome;
}

std::vector<std::string> load_command(const PoolCell& cell, const PoolSettings& settings) {
  std::vector<std::string> command = {settings.load,
                                      "--benchmark",
                                      cell.benchmark,
                                      "--pool",
                                      cell.pool,
                                      "--workers",
                                      absl::StrCat(settings.workers),
                                      "--producers",
                                      absl::StrCat(settings.producers)};
  for (const std::string& plugin : settings.plugins) {
    command.insert(command.end(), {"--plugin", plugin});
  }
  return command;
}

// Why it ended without a line.
std::string describe_end(ChildProcess& child, Deadline deadline) {
  const auto exit = child.wait(deadline);
  if (!exit) return "it closed its output and does not end";
  const std::string words = child.last_words();
  return absl::StrCat(exit->describe(), words.empty() ? "" : ": ", words);
}

PoolOutcome judge(const std::string& line, const PoolCell& cell, const PoolSettings& settings) {
  auto outcome = parse_pool_load(line, cell);
  if (!outcome.ok()) return failed(std::string(outcome.status().message()));
  if (is_release_build(outcome->build) || settings.accept_any_build) return *std::move(outcome);
  return failed(absl::StrFormat("collet-pool-load is a %s build: measure Release", outcome->build));
}

PoolOutcome run_unwatched(const PoolCell& cell, const PoolSettings& settings, int stop_fd) {
  const Deadline deadline = std::chrono::steady_clock::now() + kPatience;
  auto child = ChildProcess::spawn(load_command(cell, settings), settings.cpus);
  if (!child.ok()) return failed(std::string(child.status().message()));
  std::string line;
  PoolOutcome outcome;
  switch (child->read_line(line, deadline, stop_fd, nullptr)) {
    case Wait::interrupted:
      outcome.status = RunStatus::interrupted;
      return outcome;
    case Wait::timed_out:
      return failed(absl::StrFormat("it does not end within %d s: a task or a wake was lost",
                                    std::chrono::seconds(kPatience).count()));
    case Wait::ready:
      break;
    default:
      return failed(describe_end(*child, deadline));
  }
  const auto exit = child->wait(deadline);
  if (!exit) return failed("it does not end after its report");
  if (!exit->is_success()) return failed(exit->describe());
  return judge(line, cell, settings);
}

}  // namespace

PoolOutcome run_pool_once(const PoolCell& cell, const PoolSettings& settings, int stop_fd) {
  // The child is gone at both looks, so that all who are left are others.
  const auto look = [&] { return sample_machine(settings.cpus, {}, {getpid()}); };
  const auto started_at = std::chrono::steady_clock::now();
  const MachineSample start = look();
  PoolOutcome outcome = run_unwatched(cell, settings, stop_fd);
  const std::chrono::nanoseconds elapsed = std::chrono::steady_clock::now() - started_at;
  const MachineUse use = machine_use(start, look(), settings.cpus, elapsed.count());
  // Threads of a pool may well wait for each other: that is what is measured.
  outcome.flags = find_noise({}, false, use, elapsed.count());
  return outcome;
}

absl::StatusOr<PoolOutcome> parse_pool_load(const std::string& line, const PoolCell& cell) {
  PoolOutcome outcome;
  try {
    const Json json = Json::parse(line);
    outcome.pool_spec = json.at("pool_spec").get<std::string>();
    outcome.workers = json.at("workers").get<int>();
    outcome.build = json.at("build").get<std::string>();
    outcome.wall_ns = json.at("wall_ns").get<std::int64_t>();
    outcome.cpu_ns = json.at("cpu_ns").get<std::int64_t>();
    outcome.tasks = json.at("tasks_run").get<std::int64_t>();
    for (const auto& [key, value] : json.at("figures").items()) {
      outcome.figures[key] = std::nullopt;
      if (!value.is_null()) outcome.figures[key] = value.get<double>();
    }
    if (json.at("benchmark") != cell.benchmark ||
        name_in(outcome.pool_spec) != name_in(cell.pool)) {
      return absl::InternalError(absl::StrFormat("it measured %s of %s instead",
                                                 json.at("benchmark").get<std::string>(),
                                                 outcome.pool_spec));
    }
    if (outcome.tasks <= 0 || json.at("tasks_submitted") != outcome.tasks) {
      return absl::InternalError(absl::StrFormat("%d tasks ran of %s that were submitted",
                                                 outcome.tasks, json.at("tasks_submitted").dump()));
    }
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("its report cannot be read: ", explain_json(error)));
  }
  outcome.status = RunStatus::ok;
  return outcome;
}

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// runner.cc: the steps of a run. Each either succeeds or settles the outcome.
#include "bench/runner.h"

#include <algorithm>
#include <cmath>
#include <csignal>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>

#include "bench/proc_sample.h"
#include "bench/process.h"

namespace collet::bench {
namespace {

using std::chrono::steady_clock;

constexpr auto kStartLimit = std::chrono::seconds(10);
constexpr auto kEndLimit = std::chrono::seconds(10);
constexpr double kLateSample = 0.05;  // of the window
constexpr double kNoisyCores = 0.1;

std::string message_of(const absl::Status& status) { return std::string(status.message()); }

class Run {
 public:
  Run(const Cell& cell, const Settings& settings, int stop_fd)
      : cell_(cell), settings_(settings), stop_fd_(stop_fd) {}

  RunOutcome execute() {
    if (start_server() && start_client() && measure() && end_client() && end_server() && judge()) {
      outcome_.status = RunStatus::ok;
    }
    return std::move(outcome_);
  }

 private:
  bool fail(std::string reason) {
    outcome_.reason = std::move(reason);
    return false;
  }

  // Says what happened to `child` instead of the line that was waited for.
  bool fail_without_line(Wait wait, const char* who, ChildProcess& child, const char* awaited) {
    switch (wait) {
      case Wait::interrupted:
        outcome_.status = RunStatus::interrupted;
        return fail("interrupted");
      case Wait::timed_out:
        return fail(absl::StrFormat("the %s did not %s in time", who, awaited));
      case Wait::other_ended:
        return fail(absl::StrCat("the server ended during the run: ", last_of(*server_)));
      case Wait::closed:
      case Wait::ready:
        break;
    }
    return fail(
        absl::StrFormat("the %s ended before it could %s: %s", who, awaited, last_of(child)));
  }

  static std::string last_of(ChildProcess& child) {
    const auto status = child.wait(steady_clock::now() + std::chrono::seconds(1));
    const std::string words = child.last_words();
    return absl::StrCat(status ? status->describe() : "it closed its output",
                        words.empty() ? "" : ": ", words);
  }

  bool start_server() {
    auto spawned =
        ChildProcess::spawn(server_command(cell_, settings_), settings_.placement.server);
    if (!spawned.ok()) return fail(message_of(spawned.status()));
    server_.emplace(std::move(*spawned));
    std::string line;
    const Wait wait =
        server_->read_line(line, steady_clock::now() + kStartLimit, stop_fd_, nullptr);
    if (wait != Wait::ready) return fail_without_line(wait, "server", *server_, "listen");
    auto listening = parse_listening(line);
    if (!listening.ok()) return fail(message_of(listening.status()));
    outcome_.listening = std::move(*listening);
    return is_what_was_asked_for(*outcome_.listening);
  }

  bool is_what_was_asked_for(const Listening& runs) {
    const std::string backend = expected_backend(cell_);
    const std::string pool = expected_pool(cell_);
    if (runs.backend != backend && backend != "auto") {
      return fail(absl::StrFormat("asked for backend %s, got %s", backend, runs.backend));
    }
    if (runs.pool != pool)
      return fail(absl::StrFormat("asked for pool %s, got %s", pool, runs.pool));
    if (runs.workload != cell_.workload) {
      return fail(absl::StrFormat("asked for workload %s, got %s", cell_.workload, runs.workload));
    }
    return true;
  }

  bool start_client() {
    auto spawned = ChildProcess::spawn(
        client_command(cell_, settings_, outcome_.listening->address), settings_.placement.client);
    if (!spawned.ok()) return fail(message_of(spawned.status()));
    client_.emplace(std::move(*spawned));
    return true;
  }

  // Looks at the server as the client announces the start and the end of its window.
  bool measure() {
    const Deadline deadline =
        steady_clock::now() + kStartLimit + 2 * (settings_.warmup + settings_.duration);
    std::string line;
    for (;;) {
      const Wait wait = client_->read_line(line, deadline, stop_fd_, &*server_);
      if (wait != Wait::ready) return fail_without_line(wait, "client", *client_, "report");
      const auto event = parse_load_event(line);
      if (!event.ok()) return fail(message_of(event.status()));
      if (*event == LoadEvent::start) {
        start_ = sample_process(server_->pid());
        machine_start_ = sample_machine();
      } else if (*event == LoadEvent::end) {
        end_ = sample_process(server_->pid());
        machine_end_ = sample_machine();
      }
      if (*event == LoadEvent::result) break;
    }
    auto report = parse_load_report(line);
    if (!report.ok()) return fail(message_of(report.status()));
    outcome_.load = std::move(*report);
    return true;
  }

  // A client that found wrong replies may end with an error: what it found is the better reason.
  bool end_client() {
    if (std::string fault = find_fault(*outcome_.load); !fault.empty()) return fail(fault);
    const auto status = client_->wait(steady_clock::now() + kEndLimit);
    if (!status) return fail("the client did not end after its result");
    if (status->is_success()) return true;
    return fail(absl::StrCat("the client ended with ", last_of(*client_)));
  }

  bool end_server() {
    const auto status = server_->end(SIGTERM, steady_clock::now() + kEndLimit);
    if (!status) return fail("the server did not end within 10 s of SIGTERM");
    if (status->is_success()) return true;
    return fail(absl::StrCat("the server ended with ", last_of(*server_)));
  }

  bool judge() {
    if (!start_ || !end_) {
      return fail("the server's use of the CPU is unknown: no sample at start or end");
    }
    ServerUse& use = outcome_.server;
    use.seconds = std::chrono::duration<double>(end_->taken_at - start_->taken_at).count();
    use.cpu_s = static_cast<double>(end_->cpu_ns - start_->cpu_ns) / 1e9;
    use.voluntary_switches = end_->voluntary_switches - start_->voluntary_switches;
    use.involuntary_switches = end_->involuntary_switches - start_->involuntary_switches;
    use.rss_bytes = end_->rss_bytes;
    const LoadReport& load = *outcome_.load;
    MachineUse& machine = outcome_.machine;
    const double busy_s = machine_end_.busy_s - machine_start_.busy_s;
    machine.foreign_cores = std::max(0.0, (busy_s - use.cpu_s - load.client_cpu_s) / use.seconds);
    machine.stolen_cores = (machine_end_.stolen_s - machine_start_.stolen_s) / use.seconds;
    raise_flags(load, use, machine);
    return true;
  }

  void raise_flags(const LoadReport& load, const ServerUse& use, const MachineUse& machine) {
    if (machine.foreign_cores + machine.stolen_cores > kNoisyCores) {
      outcome_.flags.emplace_back("noisy");
    }
    if (std::abs(use.seconds - load.seconds) > kLateSample * load.seconds) {
      outcome_.flags.emplace_back("late_sample");
    }
    const auto server_cpus = static_cast<int>(settings_.placement.server.size());
    if (is_client_bound(load, use, client_threads(cell_, settings_),
                        std::min(server_cpus, settings_.loops))) {
      outcome_.flags.emplace_back("client_bound");
    }
    if (!is_release_build(outcome_.listening->build)) outcome_.flags.emplace_back("not_release");
  }

  const Cell& cell_;
  const Settings& settings_;
  const int stop_fd_;
  RunOutcome outcome_;
  std::optional<ChildProcess> server_;
  std::optional<ChildProcess> client_;  // after the server, so that it goes first
  std::optional<ProcSample> start_;
  std::optional<ProcSample> end_;
  MachineSample machine_start_;
  MachineSample machine_end_;
};

}  // namespace

bool RunOutcome::has_flag(const std::string& flag) const {
  return std::ranges::count(flags, flag) != 0;
}

double RunOutcome::cpu_us_per_request() const {
  return server.cpu_s * 1e6 / static_cast<double>(load->requests);
}

RunOutcome run_once(const Cell& cell, const Settings& settings, int stop_fd) {
  return Run(cell, settings, stop_fd).execute();
}

std::string find_fault(const LoadReport& load) {
  if (load.wrong_bytes != 0) return absl::StrCat(load.wrong_bytes, " wrong bytes in the replies");
  std::vector<std::string> errors;
  for (const auto& [kind, count] : load.errors) {
    if (count != 0) errors.push_back(absl::StrCat(count, " ", kind));
  }
  if (!errors.empty()) return absl::StrCat("errors: ", absl::StrJoin(errors, ", "));
  if (load.requests <= 0 || load.seconds <= 0) return "no request was answered in the window";
  return "";
}

bool is_client_bound(const LoadReport& load, const ServerUse& server, int client_cores,
                     int server_cores) {
  return load.client_cpu_s / load.seconds >= 0.9 * client_cores &&
         server.cpu_s / server.seconds < 0.95 * server_cores;
}

bool is_release_build(const std::string& build) {
  return build == "Release" || build == "RelWithDebInfo" || build == "MinSizeRel";
}

}  // namespace collet::bench

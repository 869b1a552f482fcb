// SPDX-License-Identifier: MIT
// runner.cc: the steps of a run. Each either succeeds or settles the outcome.
#include "bench/measure/runner.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <utility>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <collet/registry.h>

#include "bench/measure/external_server.h"
#include "bench/measure/instruments.h"
#include "bench/measure/process.h"
#include "bench/measure/steady.h"

namespace collet::bench {
namespace {

using std::chrono::steady_clock;

constexpr auto kStartLimit = std::chrono::seconds(10);
constexpr auto kEndLimit = std::chrono::seconds(10);
constexpr auto kSlowestRequest = std::chrono::milliseconds(2);  // of a server that is traced
constexpr auto kExternalEndLimit = std::chrono::seconds(2);
constexpr int kPorts = 3;
constexpr std::int64_t kFewRequests = 1'000;  // that a server may answer between two ticks
constexpr const char* kSilence = "no request was answered in the window";
constexpr double kLateSample = 0.05;  // of the window

std::string message_of(const absl::Status& status) { return std::string(status.message()); }

// What all that matters has used so far.
struct Look {
  std::optional<ProcSample> server;
  std::optional<ProcSample> client;
  MachineSample machine;
  std::int64_t allocations = 0;
};

class Run {
 public:
  Run(const Cell& cell, const Settings& settings, int stop_fd, Instrument instrument)
      : cell_(cell), settings_(settings), stop_fd_(stop_fd), instrument_(instrument) {}

  RunOutcome execute() {
    if (find_cpus() && prepare_counting() && start_server() && begin_counting() && start_client() &&
        measure() && end_client() && end_counting() && end_server() && judge()) {
      outcome_.status = RunStatus::ok;
    }
    return std::move(outcome_);
  }

 private:
  bool fail(std::string reason) {
    outcome_.reason = std::move(reason);
    return false;
  }

  bool find_cpus() {
    auto sets = place(cell_.placement, settings_.cpus);
    if (!sets.ok()) return fail(message_of(sets.status()));
    cpus_ = std::move(*sets);
    kernel_threads_ = kernel_threads();
    used_cpus_ = cpus_.server;
    for (const int cpu : cpus_.client) {
      if (std::ranges::count(used_cpus_, cpu) == 0) used_cpus_.push_back(cpu);
    }
    return true;
  }

  bool prepare_counting() {
    if (instrument_ != Instrument::allocations) return true;
    auto counter = AllocationCounter::make(settings_.allocation_library);
    if (!counter.ok()) return fail(message_of(counter.status()));
    allocations_.emplace(*std::move(counter));
    return true;
  }

  bool begin_counting() {
    if (instrument_ != Instrument::syscalls) return true;
    auto counter = SyscallCounter::attach(family_, cpus_.client);
    if (!counter.ok()) return fail(message_of(counter.status()));
    syscalls_.emplace(*std::move(counter));
    return true;
  }

  bool end_counting() {
    if (allocations_ && !allocations_->is_loaded()) {
      return fail("its allocations cannot be counted: nothing can be preloaded into it");
    }
    if (!syscalls_) return true;
    auto calls = syscalls_->finish();
    if (!calls.ok()) return fail(message_of(calls.status()));
    outcome_.syscalls = *std::move(calls);
    return true;
  }

  // Says what happened to `child` instead of what was waited for.
  bool fail_without(Wait wait, const char* who, ChildProcess& child, const char* awaited) {
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
    if (!(cell_.external.empty() ? start_own_server() : start_external_server())) return false;
    if (!cell_.external.empty()) family_ = family_of(server_->pid());
    if (const auto sample = sample_processes(family_)) {
      outcome_.rss_before_bytes = sample->rss_bytes;
    }
    return true;
  }

  bool spawn_server(int port, ChildProcess::Output output) {
    std::vector<std::string> command = server_command(cell_, settings_, port);
    if (allocations_) command = allocations_->wrap(std::move(command));
    auto spawned = ChildProcess::spawn(command, cpus_.server, output);
    if (!spawned.ok()) return fail(message_of(spawned.status()));
    server_.emplace(std::move(*spawned));
    family_ = {server_->pid()};
    return true;
  }

  bool start_own_server() {
    if (!spawn_server(0, ChildProcess::Output::lines)) return false;
    std::string line;
    const Wait wait =
        server_->read_line(line, steady_clock::now() + kStartLimit, stop_fd_, nullptr);
    if (wait != Wait::ready) return fail_without(wait, "server", *server_, "listen");
    auto listening = parse_listening(line);
    if (!listening.ok()) return fail(message_of(listening.status()));
    address_ = listening->address;
    outcome_.listening = std::move(*listening);
    return is_what_was_asked_for(*outcome_.listening);
  }

  // One that ends at once may have lost its port to another program: it gets another.
  bool start_external_server() {
    for (int attempt = 0; attempt < kPorts; ++attempt) {
      const auto port = find_free_port();
      if (!port.ok()) return fail(message_of(port.status()));
      if (!spawn_server(*port, ChildProcess::Output::kept)) return false;
      const Wait wait =
          wait_until_it_listens(*server_, *port, steady_clock::now() + kStartLimit, stop_fd_);
      address_ = absl::StrCat("127.0.0.1:", *port);
      if (wait == Wait::ready) return true;
      fail_without(wait, "server", *server_, "listen");
      if (wait != Wait::closed) return false;
    }
    return false;
  }

  bool is_what_was_asked_for(const Listening& runs) {
    const std::string backend = name_in(cell_.backend);
    const std::string pool = name_in(cell_.pool);
    if (runs.backend != backend && backend != "auto") {
      return fail(absl::StrFormat("asked for backend %s, got %s", backend, runs.backend));
    }
    if (runs.pool != pool)
      return fail(absl::StrFormat("asked for pool %s, got %s", pool, runs.pool));
    if (runs.workload != cell_.workload) {
      return fail(absl::StrFormat("asked for workload %s, got %s", cell_.workload, runs.workload));
    }
    if (is_release_build(runs.build) || settings_.accept_any_build) return true;
    return fail(
        absl::StrFormat("the server is a %s build: measure Release, or give "
                        "--accept-any-build to see figures that are no results",
                        runs.build));
  }

  bool start_client() {
    auto spawned = ChildProcess::spawn(client_command(cell_, settings_, address_), cpus_.client);
    if (!spawned.ok()) return fail(message_of(spawned.status()));
    client_.emplace(std::move(*spawned));
    return true;
  }

  // Looking for children takes a while, so those known from before are read first. collet-server
  // has none.
  Look look() {
    Look look;
    look.server = sample_processes(family_);
    if (!cell_.external.empty() && look.server) {
      const std::vector<pid_t> known = std::exchange(family_, family_of(server_->pid()));
      for (const pid_t pid : family_) {
        if (std::ranges::count(known, pid) == 0) add_process(pid, *look.server);
      }
    }
    look.client = sample_processes({client_->pid()});
    std::vector<pid_t> own = family_;
    own.insert(own.end(), {client_->pid(), getpid()});
    look.machine = sample_machine(used_cpus_, kernel_threads_, own);
    if (allocations_) look.allocations = allocations_->count();
    return look;
  }

  // Looks at the processes as the client announces the start and the end of its window.
  bool measure() {
    const Deadline deadline = steady_clock::now() + kStartLimit +
                              2 * (settings_.warmup + settings_.duration) +
                              settings_.requests * kSlowestRequest;
    std::string line;
    for (;;) {
      const Wait wait = client_->read_line(line, deadline, stop_fd_, &*server_);
      if (wait != Wait::ready) return fail_without(wait, "client", *client_, "report");
      const auto event = parse_load_event(line);
      if (!event.ok()) return fail(message_of(event.status()));
      if (*event == LoadEvent::start) start_ = look();
      if (*event == LoadEvent::end) end_ = look();
      if (*event == LoadEvent::result) break;
    }
    auto report = parse_load_report(line);
    if (!report.ok()) return fail(message_of(report.status()));
    outcome_.load = std::move(*report);
    return true;
  }

  // A client that found wrong replies may end with an error: what it found is the better reason.
  bool end_client() {
    if (std::string fault = find_fault(*outcome_.load); !fault.empty()) {
      if (fault == kSilence) excuse_silence();
      return fail(fault);
    }
    const auto status = client_->wait(steady_clock::now() + kEndLimit);
    if (!status) return fail("the client did not end after its result");
    if (status->is_success()) return true;
    return fail(absl::StrCat("the client ended with ", last_of(*client_)));
  }

  // A server that is not ours may end by SIGTERM as it likes, but it must end.
  bool end_server() {
    const bool ours = cell_.external.empty();
    const auto status =
        server_->end(SIGTERM, steady_clock::now() + (ours ? kEndLimit : kExternalEndLimit));
    if (!ours) end_deserters();
    if (!ours) return true;  // SIGKILL follows if it still runs
    if (!status) return fail("the server did not end within 10 s of SIGTERM");
    if (!status->is_success()) {
      return fail(absl::StrCat("the server ended with ", last_of(*server_)));
    }
    read_totals();
    return true;
  }

  void read_totals() {
    std::string line;
    while (server_->read_line(line, steady_clock::now() + kEndLimit, -1, nullptr) == Wait::ready) {
      if (auto counted = parse_counted_calls(line)) outcome_.counted = *std::move(counted);
      if (const auto hand_off = parse_hand_off(line)) outcome_.hand_off = hand_off;
    }
  }

  // Processes that left the server's group, as daemons do, come to us when their parent ends
  // (PR_SET_CHILD_SUBREAPER); of our own none is left by now.
  static void end_deserters() {
    for (const pid_t pid : children_of(getpid())) {
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, 0);
    }
  }

  // A client that had no CPU is nobody's fault: such a run is repeated like any that was disturbed.
  void excuse_silence() {
    if (!start_ || !end_ || !start_->server || !end_->server) return;
    const ProcessUse use = use_between(*start_->server, *end_->server);
    const MachineUse machine =
        machine_use(start_->machine, end_->machine, used_cpus_, use.elapsed_ns);
    ProcessUse client = use;
    if (start_->client && end_->client) client = use_between(*start_->client, *end_->client);
    outcome_.flags = find_noise({{&use, &cpus_.server}, {&client, &cpus_.client}}, cpus_.disjoint(),
                                machine, use.elapsed_ns);
  }

  bool judge() {
    if (!start_ || !end_ || !start_->server || !end_->server) {
      return fail("the server's use of the CPU is unknown: no sample at start or end");
    }
    outcome_.server = use_between(*start_->server, *end_->server);
    const bool busy = outcome_.load->requests > kFewRequests;
    if (!cell_.external.empty() && busy && outcome_.server->cpu_ns == 0) {
      return fail(
          "its processes used no CPU: it serves from a process that left the group it was "
          "started in, as daemons do: have it stay in the foreground");
    }
    if (allocations_) outcome_.allocations = end_->allocations - start_->allocations;
    if (start_->client && end_->client) {
      outcome_.client = use_between(*start_->client, *end_->client);
    }
    const std::int64_t elapsed_ns = outcome_.server->elapsed_ns;
    outcome_.machine = machine_use(start_->machine, end_->machine, used_cpus_, elapsed_ns);
    raise_flags(elapsed_ns);
    return true;
  }

  void raise_flags(std::int64_t elapsed_ns) {
    std::vector<Pinned> programs = {{&*outcome_.server, &cpus_.server}};
    if (outcome_.client) programs.push_back({&*outcome_.client, &cpus_.client});
    outcome_.flags = find_noise(programs, cpus_.disjoint(), outcome_.machine, elapsed_ns);
    const auto window_ns = static_cast<double>(outcome_.load->window_ns);
    flag_if(std::abs(static_cast<double>(elapsed_ns) - window_ns) > kLateSample * window_ns,
            std::string(kNoisy) + "sample");
    const int server_cpus = static_cast<int>(cpus_.server.size());
    const int server_cores =
        outcome_.listening
            ? std::min(server_cpus, outcome_.listening->loops + outcome_.listening->workers)
            : server_cpus;
    const int client_cores =
        std::min(client_threads(cell_, settings_), static_cast<int>(cpus_.client.size()));
    flag_if(is_client_bound(*outcome_.load, *outcome_.server, client_cores, server_cores),
            "client_bound");
    const LoadReport& load = *outcome_.load;
    flag_if(!load.verdict.empty() && load.verdict != "ok", load.verdict);
    flag_if(!load.latency.p99_ns, "few_samples");
    flag_if(!is_steady(load.answered_by_100ms), "not_steady");
    flag_if(outcome_.machine.retransmits > 0, "retransmits");
    flag_if(outcome_.machine.listen_drops > 0, "listen_drops");
    flag_if(outcome_.listening && !is_release_build(outcome_.listening->build), "not_release");
  }

  void flag_if(bool condition, const std::string& flag) {
    if (condition) outcome_.flags.push_back(flag);
  }

  const Cell& cell_;
  const Settings& settings_;
  const int stop_fd_;
  const Instrument instrument_;
  RunOutcome outcome_;
  CpuSets cpus_;
  std::vector<int> used_cpus_;
  std::vector<pid_t> kernel_threads_;
  std::string address_;
  std::optional<ChildProcess> server_;
  std::optional<ChildProcess> client_;  // after the server, so that it goes first
  std::vector<pid_t> family_;           // of the server, as far as known
  std::optional<AllocationCounter> allocations_;
  std::optional<SyscallCounter> syscalls_;
  std::optional<Look> start_;
  std::optional<Look> end_;
};

}  // namespace

bool RunOutcome::has_flag(const std::string& flag) const {
  return std::ranges::count(flags, flag) != 0;
}

RunOutcome run_once(const Cell& cell, const Settings& settings, int stop_fd,
                    Instrument instrument) {
  return Run(cell, settings, stop_fd, instrument).execute();
}

std::string find_fault(const LoadReport& load) {
  if (load.wrong_bytes != 0) return absl::StrCat(load.wrong_bytes, " wrong bytes in the replies");
  std::vector<std::string> errors;
  for (const auto& [kind, count] : load.errors) {
    if (count != 0) errors.push_back(absl::StrCat(count, " ", kind));
  }
  if (!errors.empty()) return absl::StrCat("errors: ", absl::StrJoin(errors, ", "));
  if (load.requests <= 0 || load.window_ns <= 0) return kSilence;
  return "";
}

bool is_client_bound(const LoadReport& load, const ProcessUse& server, int client_cores,
                     int server_cores) {
  const auto cores = [](std::int64_t cpu_ns, std::int64_t wall_ns) {
    return static_cast<double>(cpu_ns) / static_cast<double>(wall_ns);
  };
  if (load.open_loop) return false;  // a late client says so itself
  return cores(load.client_cpu_ns, load.window_ns) >= 0.9 * client_cores &&
         cores(server.cpu_ns, server.elapsed_ns) < 0.95 * server_cores;
}

bool is_release_build(const std::string& build) {
  return build == "Release" || build == "RelWithDebInfo" || build == "MinSizeRel";
}

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// command_doctor.cc: looks at this machine for twenty seconds, and says what would help.
#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include "apps/cli/command_line.h"
#include "bench/commands/commands.h"
#include "bench/measure/runner.h"
#include "bench/measure/wake_floor.h"
#include "bench/session/environment.h"
#include "bench/session/start.h"
#include "bench/show/figures.h"
#include "bench/statistics/comparison.h"

namespace collet::bench {
namespace {

constexpr int kPairs = 6;  // the fewest whose interval covers 95 %
constexpr std::int64_t kWantedFiles = 10'000;
constexpr double kDearClockNs = 200;
constexpr double kDearWakeUs = 100;
constexpr double kMuchNoise = 0.05;

std::string text_of(const Facts& facts, const std::string& name) {
  const auto found = std::ranges::find(facts, name, &Fact::name);
  if (found == facts.end()) return "unknown";
  if (const auto* number = std::get_if<std::int64_t>(&found->value)) return absl::StrCat(*number);
  const auto* text = std::get_if<std::string>(&found->value);
  return text == nullptr ? "unknown" : *text;
}

class Doctor {
 public:
  explicit Doctor(const Prepared& prepared)
      : settings_(prepared.session.settings), facts_(look_around()) {
    for (const SessionCell& one : prepared.session.cells) {
      if (one.baseline && one.unavailable.empty()) baseline_ = one.cell;
    }
  }

  // Says what it finds as it finds it; 1 if the machine cannot measure at all.
  int examine() {
    look_at_machine();
    look_at_clock();
    const bool measures = look_at_noise();
    if (advice_.empty()) advice_.emplace_back("nothing to change");
    for (const std::string& one : advice_) std::printf("- %s\n", one.c_str());
    return measures ? kDone : kFailedCells;
  }

 private:
  static void say(const char* what, const std::string& value) {
    std::printf("%-16s %s\n", what, value.c_str());
    std::fflush(stdout);
  }

  void look_at_machine() {
    say("kernel", text_of(facts_, "kernel"));
    say("cpu", absl::StrFormat("%s, %d to use (%s)", text_of(facts_, "cpu_model"),
                               settings_.cpus.size(), format_cpus(settings_.cpus)));
    say("open files", text_of(facts_, "limit_open_files"));
    say("listen queue", text_of(facts_, "sysctl_somaxconn"));
    say("local ports", text_of(facts_, "sysctl_ip_local_port_range"));
    say("congestion", text_of(facts_, "sysctl_tcp_congestion_control"));
    say("load average", text_of(facts_, "load_average"));
    const std::string files = text_of(facts_, "limit_open_files");
    if (files != "unknown" && std::stoll(files) < kWantedFiles) {
      advice_.push_back(
          absl::StrFormat("raise the limit of open files from %s to %d or more with `ulimit -n`",
                          files, kWantedFiles));
    }
    if (settings_.cpus.size() < 2) {
      advice_.emplace_back("give it two CPUs: with one, server and client disturb each other");
    }
    if (text_of(facts_, "sysctl_tcp_congestion_control") == "bbr") {
      advice_.emplace_back(
          "congestion control bbr paces even on loopback: `sysctl -w "
          "net.ipv4.tcp_congestion_control=cubic` is what most servers run with");
    }
    const std::string governor = text_of(facts_, "governor");
    if (governor != "unknown" && governor != "performance") {
      advice_.push_back("the CPU governor is " + governor + ": choose performance");
    }
  }

  void look_at_clock() {
    const double read_ns = clock_read_ns();
    say("clock", absl::StrFormat("%s, %s ns a read", text_of(facts_, "clocksource"),
                                 format_figure(read_ns)));
    if (read_ns > kDearClockNs && text_of(facts_, "clocksource") == "tsc") {
      advice_.emplace_back("reading the clock takes long although it is tsc: the machine is busy");
    } else if (read_ns > kDearClockNs) {
      advice_.emplace_back("reading the clock is a system call here: choose tsc as clocksource");
    }
    const WakeFloor floor = measure_wake_floor({settings_.cpus.back()}, {settings_.cpus.front()});
    say("wake floor",
        absl::StrFormat("p50 %s, p99 %s: no reply at a low rate is faster",
                        format_microseconds(floor.p50_us), format_microseconds(floor.p99_us)));
    if (floor.p50_us > kDearWakeUs) {
      advice_.emplace_back(
          "waking an idle CPU is slow: on a host you own, keep CPUs from deep "
          "sleep (idle=poll, or guest halt polling)");
    }
  }

  bool look_at_noise() {
    ByBlock one;
    ByBlock other;
    int noisy = 0;
    double client_ns = 0;
    for (int block = 0; block < kPairs; ++block) {
      for (ByBlock* figures : {&one, &other}) {
        const RunOutcome outcome = run_once(baseline_, settings_, -1);
        if (outcome.status != RunStatus::ok) {
          say("baseline", "FAILED: " + outcome.reason);
          advice_.push_back("nothing can be measured before this works: " + outcome.reason);
          return false;
        }
        (*figures)[block] = *bench::measure(Metric::server_cpu, outcome);
        noisy += is_noisy(outcome.flags) ? 1 : 0;
        client_ns = static_cast<double>(outcome.load->client_cpu_ns) /
                    static_cast<double>(outcome.load->requests);
      }
    }
    const double band = dead_band(one, other);
    say("client", absl::StrFormat("%s µs of CPU a request: at most about %s with one thread",
                                  format_figure(client_ns / 1e3), format_rate(1e9 / client_ns)));
    say("noise", absl::StrFormat("%s against itself: ±%.1f%%; %d of %d runs noisy",
                                 format_cell(baseline_), 100 * band, noisy, 2 * kPairs));
    if (band > kMuchNoise || 2 * noisy > kPairs) {
      advice_.emplace_back(
          "the machine is busy, or its host is: differences below the noise "
          "cannot be seen; end other programs, or take more blocks (--reps 10)");
    }
    return true;
  }

  const Settings& settings_;
  const Facts facts_;
  Cell baseline_;
  std::vector<std::string> advice_;
};

}  // namespace

int doctor_command(int argc, const char* const* argv) {
  apps::CommandLine line("collet-bench doctor",
                         "Looks at limits, clock, wake-ups, client and noise of this machine for "
                         "20 s and says what would help.");
  std::string bin_dir;
  line.option("--bin-dir", "DIR", bin_dir, "Where the programs are [near this one]");
  const auto help = line.parse(argc, argv);
  if (!help.ok()) return refuse(help.status());
  if (!help->empty()) return print(*help);
  std::vector<const char*> arguments = {"run",   "--workload", "echo",  "--warmup",
                                        "200ms", "-d",         "600ms", "--accept-any-build"};
  if (!bin_dir.empty()) arguments.insert(arguments.end(), {"--bin-dir", bin_dir.c_str()});
  const auto prepared = prepare(static_cast<int>(arguments.size()), arguments.data());
  if (!prepared.ok()) return refuse(prepared.status());
  return Doctor(*prepared).examine();
}

}  // namespace collet::bench

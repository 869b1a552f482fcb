// SPDX-License-Identifier: MIT
// proc_sample.h: what a process, and the whole machine, have used so far, from /proc.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace collet::bench {

struct ProcSample {
  std::chrono::steady_clock::time_point taken_at;
  std::int64_t cpu_ns = 0;  // user and system, of all threads that still live
  std::int64_t voluntary_switches = 0;
  std::int64_t involuntary_switches = 0;
  std::int64_t rss_bytes = 0;  // now, not summed
  int threads = 0;
};

// Null if the process is gone or the kernel keeps no schedstat.
// `proc` is for tests, which bring a tree of their own.
std::optional<ProcSample> sample_process(pid_t pid, const std::string& proc = "/proc");

// CPU time of all CPUs together, to the tick (10 ms).
struct MachineSample {
  double busy_s = 0;    // by anything that runs here
  double stolen_s = 0;  // by the host of a virtual machine
};

MachineSample sample_machine();

// The first line of a stat file: `cpu  user nice system idle iowait irq softirq steal ...`, in
// ticks.
MachineSample parse_cpu_line(std::string_view text, double ticks_per_second);

// The CPU time in a schedstat file: `cpu_ns run_delay_ns timeslices`.
std::optional<std::int64_t> parse_schedstat(std::string_view text);

// The number after `key:` in a status file, in its own unit.
std::optional<std::int64_t> parse_status_field(std::string_view text, std::string_view key);

}  // namespace collet::bench

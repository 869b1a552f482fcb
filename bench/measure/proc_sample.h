// SPDX-License-Identifier: MIT
// proc_sample.h: what processes, and the machine, have used so far, from /proc. Two samples give
// the use between them.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace collet::bench {

struct ThreadSample {
  std::int64_t cpu_ns = 0;
  std::int64_t run_delay_ns = 0;  // ready, but another thread had the CPU
  std::int64_t voluntary_switches = 0;
  std::int64_t involuntary_switches = 0;
  std::int64_t migrations = 0;  // to another CPU; 0 if the kernel does not say
};

struct ProcSample {
  std::chrono::steady_clock::time_point taken_at;
  std::int64_t cpu_ns = 0;  // also of threads and children that have ended, those to the tick
  std::int64_t rss_bytes = 0;
  std::map<pid_t, ThreadSample> threads;  // that live
};

// Of `pids` together. Null if they are gone or the kernel keeps no schedstat. `proc` is for tests,
// which bring a tree of their own.
std::optional<ProcSample> sample_processes(const std::vector<pid_t>& pids,
                                           const std::string& proc = "/proc");

// Adds one more process; false if it is gone.
bool add_process(pid_t pid, ProcSample& sample, const std::string& proc = "/proc");

// `root`, its children, their children, and whoever else is in its process group.
std::vector<pid_t> family_of(pid_t root, const std::string& proc = "/proc");

// Whose parent is `parent`.
std::vector<pid_t> children_of(pid_t parent, const std::string& proc = "/proc");

struct ProcessUse {
  std::int64_t elapsed_ns = 0;
  std::int64_t cpu_ns = 0;
  std::int64_t run_delay_ns = 0;  // of all threads, as are the following
  std::int64_t voluntary_switches = 0;
  std::int64_t involuntary_switches = 0;
  std::int64_t migrations = 0;
  std::int64_t rss_bytes = 0;  // at the end
  int threads = 0;             // at the end
  int busy_threads = 0;        // that used more than a thousandth of the time
};

ProcessUse use_between(const ProcSample& start, const ProcSample& end);

// Of some CPUs together. Idle time is exact where the kernel stops its tick for an idle CPU.
struct MachineSample {
  std::int64_t idle_ns = 0;
  std::map<int, std::int64_t> stolen_ns;    // by the host of a virtual machine, by CPU
  std::map<pid_t, std::int64_t> kernel_ns;  // used by threads of the kernel, on all CPUs
  std::int64_t others_ns = 0;  // by all other processes that can be seen, on all CPUs, to the tick
  std::int64_t pressure_us = 0;   // some task waited for a CPU; 0 if the kernel keeps none
  std::int64_t retransmits = 0;   // TCP segments sent again, of the whole machine
  std::int64_t listen_drops = 0;  // connections that found an accept queue full, likewise
};

// The kernel's own threads, which do what programs leave to them: an accept queue's or a closed
// connection's work is often done there.
std::vector<pid_t> kernel_threads(const std::string& proc = "/proc");

// `own`: the processes that are no others.
MachineSample sample_machine(const std::vector<int>& cpus, const std::vector<pid_t>& kernel,
                             const std::vector<pid_t>& own, const std::string& proc = "/proc");

// The number after `key:` in a status file, in its own unit.
std::optional<std::int64_t> parse_status_field(std::string_view text, std::string_view key);

}  // namespace collet::bench

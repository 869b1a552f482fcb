// SPDX-License-Identifier: MIT
// proc_sample.cc: reads /proc/PID/{stat,status}, /proc/PID/task/*/{schedstat,status,sched},
// /proc/stat and /proc/pressure/cpu.
#include "bench/measure/proc_sample.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <set>
#include <sstream>
#include <system_error>

#include <absl/strings/str_cat.h>

#include "bench/measure/process.h"

namespace collet::bench {
namespace {

// Empty if the process is gone, also if it goes while its file is read; streams would throw.
std::string read_text(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, 4096> bytes;
  for (ssize_t size = 0; (size = read(file.get(), bytes.data(), bytes.size())) > 0;) {
    text.append(bytes.data(), static_cast<std::size_t>(size));
  }
  return text;
}

std::optional<std::int64_t> leading_number(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t:");
  if (start == std::string_view::npos) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data() + start, text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

std::int64_t to_ns(std::int64_t ticks) { return ticks * (1'000'000'000 / sysconf(_SC_CLK_TCK)); }

// Null if the thread ended meanwhile, which is no error.
std::optional<ThreadSample> sample_thread(const std::string& task) {
  ThreadSample sample;
  std::istringstream schedstat(read_text(task + "/schedstat"));
  if (!(schedstat >> sample.cpu_ns >> sample.run_delay_ns)) return std::nullopt;
  const std::string status = read_text(task + "/status");
  const auto voluntary = parse_status_field(status, "voluntary_ctxt_switches");
  const auto involuntary = parse_status_field(status, "nonvoluntary_ctxt_switches");
  if (!voluntary || !involuntary) return std::nullopt;
  sample.voluntary_switches = *voluntary;
  sample.involuntary_switches = *involuntary;
  constexpr std::string_view kMigrations = "se.nr_migrations";
  const std::string sched = read_text(task + "/sched");
  if (const std::size_t found = sched.find(kMigrations); found != std::string::npos) {
    const std::string_view rest = std::string_view(sched).substr(found + kMigrations.size());
    sample.migrations = leading_number(rest).value_or(0);
  }
  return sample;
}

struct Stat {
  pid_t parent = 0;
  pid_t group = 0;
  std::int64_t cpu_ns = 0;           // to the tick, with threads that have ended
  std::int64_t children_cpu_ns = 0;  // that have been waited for
};

// `PID (name, which may hold anything) state ppid pgrp ...`, where utime is the 14th.
std::optional<Stat> read_stat(const std::string& path) {
  const std::string text = read_text(path);
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream words(text.substr(name_end + 1));
  Stat stat;
  std::string skipped;
  words >> skipped >> stat.parent >> stat.group;
  for (int field = 6; field < 14; ++field) words >> skipped;
  std::array<std::int64_t, 4> ticks{};
  for (std::int64_t& value : ticks) words >> value;
  if (!words) return std::nullopt;
  stat.cpu_ns = to_ns(ticks[0] + ticks[1]);
  stat.children_cpu_ns = to_ns(ticks[2] + ticks[3]);
  return stat;
}

}  // namespace

std::optional<std::int64_t> parse_status_field(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (line.size() > key.size() && line.substr(0, key.size()) == key && line[key.size()] == ':') {
      return leading_number(line.substr(key.size() + 1));
    }
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return std::nullopt;
}

bool add_process(pid_t pid, ProcSample& sample, const std::string& proc) {
  const std::string root = absl::StrCat(proc, "/", pid);
  std::int64_t live_ns = 0;
  std::size_t threads = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator task(root + "/task", error), end; !error && task != end;
       task.increment(error)) {
    const auto thread = sample_thread(task->path().string());
    if (!thread) continue;
    live_ns += thread->cpu_ns;
    ++threads;
    sample.threads[static_cast<pid_t>(std::stol(task->path().filename()))] = *thread;
  }
  const auto rss_kib = parse_status_field(read_text(root + "/status"), "VmRSS");
  if (threads == 0 || !rss_kib) return false;
  const Stat stat = read_stat(root + "/stat").value_or(Stat{});
  sample.cpu_ns += std::max(live_ns, stat.cpu_ns) + stat.children_cpu_ns;
  sample.rss_bytes += *rss_kib * 1024;
  return true;
}

std::optional<ProcSample> sample_processes(const std::vector<pid_t>& pids,
                                           const std::string& proc) {
  ProcSample sample;
  sample.taken_at = std::chrono::steady_clock::now();
  int found = 0;
  for (const pid_t pid : pids) found += add_process(pid, sample, proc) ? 1 : 0;
  if (found == 0) return std::nullopt;
  return sample;
}

namespace {

std::map<pid_t, Stat> all_processes(const std::string& proc) {
  std::map<pid_t, Stat> all;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(proc, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const auto stat = read_stat(entry->path().string() + "/stat");
    if (stat) all[static_cast<pid_t>(std::stol(name))] = *stat;
  }
  return all;
}

}  // namespace

std::vector<pid_t> family_of(pid_t root, const std::string& proc) {
  const std::map<pid_t, Stat> all = all_processes(proc);
  std::set<pid_t> family{root};
  for (std::size_t before = 0; before != family.size();) {
    before = family.size();
    for (const auto& [pid, stat] : all) {
      if (stat.group == root || family.contains(stat.parent)) family.insert(pid);
    }
  }
  return {family.begin(), family.end()};
}

std::vector<pid_t> children_of(pid_t parent, const std::string& proc) {
  std::vector<pid_t> children;
  for (const auto& [pid, stat] : all_processes(proc)) {
    if (stat.parent == parent) children.push_back(pid);
  }
  return children;
}

ProcessUse use_between(const ProcSample& start, const ProcSample& end) {
  ProcessUse use;
  use.elapsed_ns =
      std::chrono::duration_cast<std::chrono::nanoseconds>(end.taken_at - start.taken_at).count();
  use.cpu_ns = std::max<std::int64_t>(0, end.cpu_ns - start.cpu_ns);
  use.rss_bytes = end.rss_bytes;
  use.threads = static_cast<int>(end.threads.size());
  for (const auto& [tid, now] : end.threads) {
    const auto found = start.threads.find(tid);
    const ThreadSample before = found == start.threads.end() ? ThreadSample{} : found->second;
    use.run_delay_ns += now.run_delay_ns - before.run_delay_ns;
    use.voluntary_switches += now.voluntary_switches - before.voluntary_switches;
    use.involuntary_switches += now.involuntary_switches - before.involuntary_switches;
    use.migrations += now.migrations - before.migrations;
    use.busy_threads += 1000 * (now.cpu_ns - before.cpu_ns) > use.elapsed_ns ? 1 : 0;
  }
  return use;
}

std::vector<pid_t> kernel_threads(const std::string& proc) {
  constexpr pid_t kTheirParent = 2;  // kthreadd
  std::vector<pid_t> threads;
  for (const auto& [pid, stat] : all_processes(proc)) {
    if (stat.parent == kTheirParent) threads.push_back(pid);
  }
  return threads;
}

namespace {

// These files have two lines for each protocol: the names of its counters, and their values.
std::int64_t tcp_counter(const std::string& path, std::string_view protocol,
                         std::string_view name) {
  std::istringstream lines(read_text(path));
  std::string names;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(protocol)) continue;
    if (names.empty()) {
      names = line;
      continue;
    }
    std::istringstream keys(names);
    std::istringstream values(line);
    std::string key;
    std::string value;
    while (keys >> key && values >> value) {
      if (key == name) return leading_number(value).value_or(0);
    }
  }
  return 0;
}

}  // namespace

MachineSample sample_machine(const std::vector<int>& cpus, const std::vector<pid_t>& kernel,
                             const std::vector<pid_t>& own, const std::string& proc) {
  enum Column { user, nice, system, idle, iowait, irq, softirq, steal, kColumns };
  MachineSample sample;
  std::istringstream lines(read_text(proc + "/stat"));
  for (std::string line; std::getline(lines, line) && line.starts_with("cpu");) {
    std::istringstream words(line);
    std::string label;
    std::array<std::int64_t, kColumns> ticks{};
    words >> label;
    for (std::int64_t& value : ticks) words >> value;
    const auto cpu = leading_number(std::string_view(label).substr(3));
    if (!cpu || std::ranges::count(cpus, static_cast<int>(*cpu)) == 0) continue;
    sample.idle_ns += to_ns(ticks[idle] + ticks[iowait]);
    sample.stolen_ns[static_cast<int>(*cpu)] = to_ns(ticks[steal]);
  }
  for (const pid_t thread : kernel) {
    std::istringstream schedstat(read_text(absl::StrCat(proc, "/", thread, "/schedstat")));
    std::int64_t cpu_ns = 0;
    if (schedstat >> cpu_ns) sample.kernel_ns[thread] = cpu_ns;
  }
  // Whoever waited for a child that ended has its time: between two samples none is lost.
  for (const auto& [pid, stat] : all_processes(proc)) {
    if (sample.kernel_ns.contains(pid) || std::ranges::count(own, pid) != 0) continue;
    sample.others_ns += stat.cpu_ns + stat.children_cpu_ns;
  }
  const std::string pressure = read_text(proc + "/pressure/cpu");  // `some avg10=... total=US`
  if (const std::size_t found = pressure.find("total="); found != std::string::npos) {
    sample.pressure_us = leading_number(std::string_view(pressure).substr(found + 6)).value_or(0);
  }
  sample.retransmits = tcp_counter(proc + "/net/snmp", "Tcp:", "RetransSegs");
  sample.listen_drops = tcp_counter(proc + "/net/netstat", "TcpExt:", "ListenDrops");
  return sample;
}

}  // namespace collet::bench

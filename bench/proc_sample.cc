// SPDX-License-Identifier: MIT
// proc_sample.cc: reads /proc/PID/task/*/{schedstat,status} and /proc/PID/status.
#include "bench/proc_sample.h"

#include <unistd.h>

#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>

#include <absl/strings/str_cat.h>

namespace collet::bench {
namespace {

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::optional<std::int64_t> leading_number(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t");
  if (start == std::string_view::npos) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data() + start, text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

// False if the thread ended meanwhile, which is no error.
bool add_thread(const std::string& task, ProcSample& sample) {
  const auto cpu_ns = parse_schedstat(read_text(task + "/schedstat"));
  const std::string status = read_text(task + "/status");
  const auto voluntary = parse_status_field(status, "voluntary_ctxt_switches");
  const auto involuntary = parse_status_field(status, "nonvoluntary_ctxt_switches");
  if (!cpu_ns || !voluntary || !involuntary) return false;
  sample.cpu_ns += *cpu_ns;
  sample.voluntary_switches += *voluntary;
  sample.involuntary_switches += *involuntary;
  ++sample.threads;
  return true;
}

}  // namespace

MachineSample parse_cpu_line(std::string_view text, double ticks_per_second) {
  enum Column { user, nice, system, idle, iowait, irq, softirq, steal, kColumns };
  std::array<double, kColumns> ticks{};
  std::istringstream words{std::string(text)};
  std::string label;
  words >> label;
  for (double& value : ticks) words >> value;
  return {
      (ticks[user] + ticks[nice] + ticks[system] + ticks[irq] + ticks[softirq]) / ticks_per_second,
      ticks[steal] / ticks_per_second};
}

MachineSample sample_machine() {
  return parse_cpu_line(read_text("/proc/stat"), static_cast<double>(sysconf(_SC_CLK_TCK)));
}

std::optional<std::int64_t> parse_schedstat(std::string_view text) { return leading_number(text); }

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

std::optional<ProcSample> sample_process(pid_t pid, const std::string& proc) {
  const std::string root = absl::StrCat(proc, "/", pid);
  ProcSample sample;
  sample.taken_at = std::chrono::steady_clock::now();
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator(root + "/task", error)) {
    add_thread(task.path().string(), sample);
  }
  const auto rss_kib = parse_status_field(read_text(root + "/status"), "VmRSS");
  if (sample.threads == 0 || !rss_kib) return std::nullopt;
  sample.rss_bytes = *rss_kib * 1024;
  return sample;
}

}  // namespace collet::bench

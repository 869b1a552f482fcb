// SPDX-License-Identifier: MIT
// environment.cc: reads /proc and /sys, and what the build was told.
#include "bench/session/environment.h"

#include <gnu/libc-version.h>
#include <link.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string_view>

#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>

#include "bench/measure/process.h"
#include "bench/session/placement.h"
#include "bench_revision.h"

namespace collet::bench {
namespace {

using Value = decltype(Fact::value);

// The first line of a file, as a number if it is one.
Value first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line) || line.empty()) return {};
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
  if (error == std::errc() && end == line.data() + line.size()) return number;
  std::ranges::replace(line, '\t', ' ');
  return line;
}

Value or_unknown(const std::optional<std::string>& text) { return text ? Value(*text) : Value(); }

void add_kernel(Facts& facts) {
  utsname name{};
  uname(&name);
  facts.push_back(
      {"kernel", absl::StrFormat("%s %s %s", name.sysname, name.release, name.machine)});
  facts.push_back({"kernel_command_line", first_line("/proc/cmdline")});
  facts.push_back({"clocksource",
                   first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource")});
  facts.push_back({"uptime", first_line("/proc/uptime")});
  facts.push_back({"load_average", first_line("/proc/loadavg")});
}

void add_cpu(Facts& facts) {
  std::ifstream file("/proc/cpuinfo");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::string flags = cpuinfo_field(text, "flags").value_or("") + " ";
  facts.push_back({"cpu_model", or_unknown(cpuinfo_field(text, "model name"))});
  facts.push_back({"cpus", std::int64_t{sysconf(_SC_NPROCESSORS_ONLN)}});
  facts.push_back({"cpus_allowed", format_cpus(allowed_cpus())});
  facts.push_back({"hypervisor", std::int64_t{flags.find(" hypervisor ") != std::string::npos}});
  const std::string cpu = "/sys/devices/system/cpu/";
  facts.push_back({"smt", first_line(cpu + "smt/active")});
  facts.push_back({"governor", first_line(cpu + "cpu0/cpufreq/scaling_governor")});
  facts.push_back({"boost", first_line(cpu + "cpufreq/boost")});
  for (const auto& [name, index] :
       {std::pair{"cache_l1d", "0"}, std::pair{"cache_l2", "2"}, std::pair{"cache_l3", "3"}}) {
    facts.push_back({name, first_line(cpu + "cpu0/cache/index" + index + "/size")});
  }
  std::set<std::filesystem::path> vulnerabilities;
  std::error_code error;
  for (const auto& one : std::filesystem::directory_iterator(cpu + "vulnerabilities", error)) {
    vulnerabilities.insert(one.path());
  }
  for (const auto& path : vulnerabilities) {
    facts.push_back({"mitigation_" + path.filename().string(), first_line(path.string())});
  }
}

void add_limits(Facts& facts) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  facts.push_back({"limit_open_files", static_cast<std::int64_t>(files.rlim_cur)});
  rlimit locked{};
  getrlimit(RLIMIT_MEMLOCK, &locked);
  facts.push_back({"limit_locked_bytes", locked.rlim_cur == RLIM_INFINITY
                                             ? Value("unlimited")
                                             : Value(static_cast<std::int64_t>(locked.rlim_cur))});
  const std::string sys = "/proc/sys/";
  for (const auto& [name, path] :
       {std::pair{"sysctl_somaxconn", "net/core/somaxconn"},
        std::pair{"sysctl_ip_local_port_range", "net/ipv4/ip_local_port_range"},
        std::pair{"sysctl_tcp_tw_reuse", "net/ipv4/tcp_tw_reuse"},
        std::pair{"sysctl_tcp_congestion_control", "net/ipv4/tcp_congestion_control"},
        std::pair{"sysctl_tcp_rmem", "net/ipv4/tcp_rmem"},
        std::pair{"sysctl_tcp_wmem", "net/ipv4/tcp_wmem"},
        std::pair{"sysctl_randomize_va_space", "kernel/randomize_va_space"},
        std::pair{"sysctl_io_uring_disabled", "kernel/io_uring_disabled"},
        std::pair{"sysctl_perf_event_paranoid", "kernel/perf_event_paranoid"}}) {
    facts.push_back({name, first_line(sys + path)});
  }
  facts.push_back({"loopback_mtu_bytes", first_line("/sys/class/net/lo/mtu")});
  facts.push_back({"cgroup_cpu_max", first_line("/sys/fs/cgroup/cpu.max")});
  facts.push_back({"cgroup_cpu_quota_us", first_line("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")});
}

int add_library(dl_phdr_info* library, std::size_t, void* files) {
  std::error_code error;
  const std::string path = library->dlpi_name;
  const std::string file = std::filesystem::canonical(path, error).filename().string();
  // This program has no path, and plugins a descriptor's; of Abseil there are many of one version.
  const bool counts = !error && !path.starts_with("/proc/") && !file.starts_with("libabsl_");
  if (counts) static_cast<std::set<std::string>*>(files)->insert(file);
  return 0;
}

// Their files say the version, and plugins bring their own. The programs that are measured are
// linked as this one is.
std::string loaded_libraries() {
  std::set<std::string> files;
  dl_iterate_phdr(add_library, &files);
  return absl::StrJoin(files, " ");
}

void add_build(Facts& facts) {
  const Build build = this_build();
  facts.push_back({"compiler", COLLET_COMPILER});
  facts.push_back({"compiler_flags", COLLET_COMPILER_FLAGS});
  facts.push_back({"build", build.type});
  facts.push_back({"sanitizers", build.sanitizers});
  facts.push_back({"revision", COLLET_REVISION});
  facts.push_back({"glibc", std::string(gnu_get_libc_version())});
  facts.push_back({"boost_library", COLLET_BOOST_VERSION});
  facts.push_back({"tbb_library", COLLET_TBB_VERSION});
  facts.push_back({"abseil_library", COLLET_ABSEIL_VERSION});
  facts.push_back({"loaded_libraries", loaded_libraries()});
}

std::string to_text(const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return "unknown";
}

const Fact* find(const Facts& facts, const std::string& name) {
  const auto found = std::ranges::find(facts, name, &Fact::name);
  return found == facts.end() ? nullptr : &*found;
}

bool concerns_the_machine(const std::string& name) {
  constexpr std::string_view kKinds[] = {"sysctl_", "mitigation_", "cgroup_", "cache_"};
  constexpr std::string_view kNames[] = {"kernel",
                                         "kernel_command_line",
                                         "clocksource",
                                         "cpu_model",
                                         "cpus",
                                         "cpus_allowed",
                                         "hypervisor",
                                         "smt",
                                         "governor",
                                         "boost",
                                         "loopback_mtu_bytes"};
  return std::ranges::count(kNames, name) != 0 ||
         std::ranges::any_of(kKinds, [&](auto kind) { return name.starts_with(kind); });
}

}  // namespace

Facts look_around() {
  Facts facts;
  add_kernel(facts);
  add_cpu(facts);
  add_limits(facts);
  add_build(facts);
  return facts;
}

std::vector<std::string> find_differences(const Facts& a, const Facts& b) {
  std::vector<std::string> differences;
  for (const Fact& fact : a) {
    const Fact* other = find(b, fact.name);
    if (!concerns_the_machine(fact.name) || (other != nullptr && *other == fact)) continue;
    differences.push_back(absl::StrFormat("%s: \"%s\" and \"%s\"", fact.name, to_text(fact.value),
                                          other == nullptr ? "unknown" : to_text(other->value)));
  }
  return differences;
}

Build this_build() { return {COLLET_BUILD_TYPE, COLLET_SANITIZERS}; }

std::optional<std::string> sha256_of(const std::string& path) {
  constexpr std::size_t kDigits = 64;
  auto child = ChildProcess::spawn({"/usr/bin/sha256sum", "--", path}, allowed_cpus());
  if (!child.ok()) return std::nullopt;
  std::string line;
  const Deadline deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  if (child->read_line(line, deadline, -1, nullptr) != Wait::ready) return std::nullopt;
  const std::size_t begin = line.starts_with('\\') ? 1 : 0;  // of a name with a backslash
  if (line.size() < begin + kDigits) return std::nullopt;
  return line.substr(begin, kDigits);
}

std::optional<std::string> cpuinfo_field(const std::string& text, const std::string& key) {
  const std::size_t found = text.find(key);
  const std::size_t colon = text.find(": ", found);
  if (found == std::string::npos || colon == std::string::npos) return std::nullopt;
  return text.substr(colon + 2, text.find('\n', colon) - colon - 2);
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace collet::bench

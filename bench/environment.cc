// SPDX-License-Identifier: MIT
// environment.cc: reads /proc and /sys, and what the build was told.
#include "bench/environment.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <iterator>

#include <absl/strings/str_cat.h>

#include "bench_revision.h"

namespace collet::bench {
namespace {

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  return std::getline(file, line) ? line : "unknown";
}

std::string kernel() {
  utsname name{};
  uname(&name);
  return absl::StrCat(name.sysname, " ", name.release, " ", name.machine);
}

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return cpuinfo_field(text, "model name");
}

// Quoted where a shell would need it.
std::string command_line(int argc, const char* const* argv) {
  std::string line;
  for (int i = 0; i < argc; ++i) {
    const std::string argument = argv[i];
    const bool plain = !argument.empty() &&
                       argument.find_first_of(" \t\n\"'\\$&|;<>()*?`#~!{}[]") == std::string::npos;
    absl::StrAppend(&line, i == 0 ? "" : " ", plain ? argument : "'" + argument + "'");
  }
  return line;
}

}  // namespace

std::string cpuinfo_field(const std::string& text, const std::string& key) {
  const std::size_t found = text.find(key);
  const std::size_t colon = text.find(": ", found);
  if (found == std::string::npos || colon == std::string::npos) return "unknown";
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

Environment look_around(int argc, const char* const* argv, std::uint64_t seed,
                        const Placement& placement) {
  Environment environment;
  environment.started_utc = utc_now();
  environment.kernel = kernel();
  environment.cpu_model = cpu_model();
  environment.cpus = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  environment.server_cpus = format_cpus(placement.server);
  environment.client_cpus = format_cpus(placement.client);
  environment.congestion_control = first_line("/proc/sys/net/ipv4/tcp_congestion_control");
  environment.clocksource =
      first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource");
  environment.compiler = COLLET_COMPILER;
  environment.build = COLLET_BUILD_TYPE;
  environment.sanitizers = COLLET_SANITIZERS;
  environment.revision = COLLET_REVISION;
  environment.command_line = command_line(argc, argv);
  environment.seed = seed;
  return environment;
}

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// environment.h: where and how figures were taken; they mean nothing without it.
#pragma once

#include <cstdint>
#include <string>

#include "bench/placement.h"

namespace collet::bench {

struct Environment {
  std::string started_utc;  // of the session, which it names
  std::string kernel;
  std::string cpu_model;
  int cpus = 0;
  std::string server_cpus;
  std::string client_cpus;
  std::string congestion_control;
  std::string clocksource;
  std::string compiler;
  std::string build;       // CMAKE_BUILD_TYPE
  std::string sanitizers;  // empty for none
  std::string revision;    // of the sources that were built; `unknown` outside of git
  std::string command_line;
  std::uint64_t seed = 0;
};

Environment look_around(int argc, const char* const* argv, std::uint64_t seed,
                        const Placement& placement);

// Such as 2026-03-01T12:00:05Z.
std::string utc_now();

// The value after `key` and a colon in /proc/cpuinfo.
std::string cpuinfo_field(const std::string& text, const std::string& key);

}  // namespace collet::bench

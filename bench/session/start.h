// SPDX-License-Identifier: MIT
// start.h: from flags to a session that can be planned, run, or looked at.
#pragma once

#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "bench/session/options.h"
#include "bench/session/results.h"

namespace collet::bench {

struct Prepared {
  Options options;
  Session session;                 // without fingerprint
  std::vector<std::string> notes;  // sentences on what was left out
};

// What the flags ask for, checked against what is here. Also where --help ends, with no cells.
absl::StatusOr<Prepared> prepare(int argc, const char* const* argv);

// 20260301T120005Z-1a2b: the process id tells sessions of one second apart.
std::string make_session_id(std::string started_utc);

// Why this build says nothing about speed; empty if it does.
std::string find_build_fault();

// Files of plugins, under their names, and their contents.
std::vector<Program> fingerprint_plugins(const std::vector<std::string>& files);

// The programs that `settings` run, and their contents.
std::vector<Program> fingerprint(const Settings& settings);

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// options.h: the flags of `collet-bench run` and `collet-bench plan`.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "apps/cli/kit.h"
#include "bench/session/goal.h"
#include "bench/session/placement.h"
#include "bench/session/settings.h"
#include "bench/show/formats.h"

namespace collet::bench {

// How many requests are due in a second, over all connections: so many, or so much of what the
// baseline reaches in a closed loop. Both are 0 of a closed loop.
struct Rate {
  std::int64_t per_s = 0;
  int percent = 0;

  bool operator==(const Rate&) const = default;
};

struct Options {
  std::string profile;                 // whose values the flags that were not given have
  std::vector<std::string> backends;   // specs; empty: all
  std::vector<std::string> pools;      // specs; empty: all
  std::vector<std::string> workloads;  // specs
  std::vector<int> connections;
  std::vector<Placement> placements;        // empty: split, or shared where there is one CPU
  std::string baseline;                     // empty: epoll/inline, or the first that runs
  std::vector<std::int64_t> payload_bytes;  // empty: each workload's own
  std::vector<Rate> rates;                  // of open loops; empty: a closed loop
  std::optional<Goal> goal;                 // of slo and advise, which look for rates
  apps::PluginFlags plugins;
  int pipeline = 1;  // of workloads that pipeline
  std::chrono::nanoseconds work{0};
  std::chrono::nanoseconds block{0};
  bool by_hand = true;
  std::optional<std::uint64_t> seed;  // drawn if unset
  std::string output;                 // a directory; empty: a new one under results/
  std::string bin_dir;                // empty: where this program is
  Format format = Format::table;
  bool quiet = false;
  Settings settings;  // without what this machine and this build have
  std::string help;   // if not empty, all there is to do is print it
};

// `argv[0]` is `run`, `curve`, `plan`, `slo` or `advise`. Names of backends, pools and workloads
// are not checked here. An error is a sentence that names the flag.
absl::StatusOr<Options> parse_options(int argc, const char* const* argv);

// A list without empty and without repeated entries, or a sentence that names `flag`.
absl::Status check_list(const char* flag, const std::string& text,
                        const std::vector<std::string>& entries);

}  // namespace collet::bench

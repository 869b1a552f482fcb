// SPDX-License-Identifier: MIT
// options.h: the flags of `collet-bench run`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "bench/settings.h"

namespace collet::bench {

enum class Format : std::uint8_t { table, csv, json };

struct Options {
  std::vector<std::string> backends;   // specs; empty: every one that runs here
  std::vector<std::string> pools;      // specs; empty: all
  std::vector<std::string> workloads;  // names; empty: all
  std::vector<int> connections = {64};
  bool by_hand = true;
  int reps = 5;
  std::optional<std::uint64_t> seed;  // drawn if unset
  std::string output;                 // a directory; empty: a new one under results/
  std::string bin_dir;                // empty: where this program is
  Format format = Format::table;
  bool quiet = false;
  Settings settings;  // without programs, placement and traits
  std::string help;   // if not empty, all there is to do is print it
};

// `argv[0]` is ignored. Names of backends, pools and workloads are not checked here. An error is a
// sentence that names the flag.
absl::StatusOr<Options> parse_options(int argc, const char* const* argv);

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// pool_options.h: from the flags of `collet-bench pools` to a session that can be run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "apps/cli/kit.h"
#include "bench/session/pool_session.h"
#include "bench/show/formats.h"

namespace collet::bench {

struct PoolOptions {
  std::vector<std::string> pools;       // specs; empty: all that are built in
  std::vector<std::string> benchmarks;  // names, or families of them; empty: all
  std::string baseline;                 // a spec; empty: mutex, or the first that has threads
  int workers = 0;                      // 0: one for each CPU
  int producers = 0;                    // 0: as many as workers
  apps::PluginFlags plugins;
  int blocks = 10;
  int max_repeats = 2;                // of a noisy run, at the end of its block
  std::optional<std::uint64_t> seed;  // drawn if unset
  std::string output;                 // a directory; empty: a new one under results/
  std::string bin_dir;                // empty: where this program is
  Format format = Format::table;
  bool accept_any_build = false;
  bool quiet = false;
  std::string help;  // if not empty, all there is to do is print it
};

// `argv[0]` is `pools`. Names of pools and benchmarks are not checked here. An error is a sentence
// that names the flag.
absl::StatusOr<PoolOptions> parse_pool_options(int argc, const char* const* argv);

// What the options ask for, every name checked, without fingerprint. Makes each pool once, so that
// one which cannot be had is known beforehand.
absl::StatusOr<PoolSession> prepare_pools(const PoolOptions& options, int argc,
                                          const char* const* argv);

}  // namespace collet::bench

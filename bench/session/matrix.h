// SPDX-License-Identifier: MIT
// matrix.h: from what was asked for to the cells of a session.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "bench/session/options.h"
#include "bench/session/plan.h"

namespace collet::bench {

struct Axes {
  std::vector<std::string> backends;                        // specs
  std::map<std::string, std::string> unavailable_backends;  // of these, why
  std::vector<std::string> pools;
  std::map<std::string, std::string> unavailable_pools;
  std::vector<std::string> workloads;
  std::map<std::string, std::int64_t> payload_bytes;  // each workload's own
  std::set<std::string> idle_workloads;               // judged by the memory of a connection
  std::vector<std::string> by_hand;  // of the external servers those that know echo and greet only
};

// Table by table (workload, connections, placement, payload, rate); in each, pools by backends,
// then the external servers. Exactly one cell of each table is its baseline, which runs if it was
// named and anything in the table does. What cannot run says why. The error is a sentence for
// whoever typed --baseline, or what keeps every cell from running.
absl::StatusOr<std::vector<SessionCell>> make_cells(const Axes& axes, const Options& options,
                                                    std::int64_t open_files);

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// report.h: what collet-load says: events while it runs, and the result.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "apps/load/options.h"
#include "apps/workloads/tally.h"

namespace collet::apps {

struct LoadResult {
  Tally tally;
  std::chrono::nanoseconds window{};
  std::chrono::nanoseconds cpu{};  // of this process, in the window

  // Requests answered in each whole tenth of a second of the window, as an onlooker counts them.
  std::vector<std::uint64_t> answered_by_100ms;
};

// {"event":"start"} and the like.
std::string event_json(const std::string& event);

std::string result_json(const LoadOptions& options, const LoadResult& result);

// The same for people: a few lines.
std::string result_text(const LoadOptions& options, const LoadResult& result);

}  // namespace collet::apps

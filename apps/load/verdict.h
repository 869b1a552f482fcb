// SPDX-License-Identifier: MIT
// verdict.h: whether a run shows what it set out to show.
#pragma once

#include <optional>
#include <string_view>

#include "apps/load/options.h"
#include "apps/load/report.h"

namespace collet::apps {

enum class Verdict : std::uint8_t {
  ok,
  overloaded,   // open loop: fewer than 98 % of the requests offered were answered in the window
  client_late,  // open loop: the client itself could not keep to the schedule
};

std::string_view to_string(Verdict verdict) noexcept;

// A closed loop is always ok: what it sends follows the server.
Verdict judge(const LoadOptions& options, const LoadResult& result) noexcept;

// Closed loop: by how much the load falls short of Little's law, which says that requests a second
// times mean time is what is under way. What is missing is time in which a connection had nothing
// under way, and that is the client's. Nothing can be said of an open loop, whose connections rest;
// of a connection for each request, which opens and closes in between; and where only some of the
// requests are timed.
std::optional<double> littles_law_gap(const LoadOptions& options,
                                      const LoadResult& result) noexcept;

}  // namespace collet::apps

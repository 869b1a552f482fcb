// SPDX-License-Identifier: MIT
// pool_formats.h: the ways to show the results of `collet-bench pools`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace collet::bench {

struct PoolReport;

enum class PoolFormat : std::uint8_t {
  table,  // for a terminal of 100 columns
  md,     // the same as Markdown
  csv,    // a line for each figure of each pool
  json,   // with intervals and comparisons
};

constexpr std::string_view kPoolFormatNames = "table|json|csv|md";

// The error is a sentence for whoever typed --format.
absl::StatusOr<PoolFormat> parse_pool_format(std::string_view name);

std::string render(const PoolReport& report, PoolFormat format);

}  // namespace collet::bench

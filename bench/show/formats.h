// SPDX-License-Identifier: MIT
// formats.h: the ways to show results, of servers and of pools.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace collet::bench {

struct PoolReport;
struct Report;

enum class Format : std::uint8_t {
  table,    // for a terminal
  md,       // the same as Markdown
  csv,      // a line for each cell
  json,     // cells with their intervals and comparisons
  gbench,   // the JSON of google/benchmark, a row for each run
  gobench,  // the text of Go's benchmarks, a line for each run, for benchstat
};

constexpr std::string_view kFormatNames = "table|md|csv|json|gbench|gobench";

// The error is a sentence for whoever typed --format.
absl::StatusOr<Format> parse_format(std::string_view name);

std::string render(const Report& report, Format format);
std::string render(const PoolReport& report, Format format);

}  // namespace collet::bench

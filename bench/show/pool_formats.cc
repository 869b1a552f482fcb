// SPDX-License-Identifier: MIT
// pool_formats.cc: names of formats, and who makes them.
#include "bench/show/pool_formats.h"

#include <utility>

#include <absl/strings/str_format.h>

#include "bench/show/pool_exports.h"
#include "bench/show/pool_table.h"

namespace collet::bench {

absl::StatusOr<PoolFormat> parse_pool_format(std::string_view name) {
  for (const auto& [known, format] :
       {std::pair{"table", PoolFormat::table}, std::pair{"json", PoolFormat::json},
        std::pair{"csv", PoolFormat::csv}, std::pair{"md", PoolFormat::md}}) {
    if (name == known) return format;
  }
  return absl::InvalidArgumentError(
      absl::StrFormat("--format: \"%s\" is unknown: use table, json, csv or md", name));
}

std::string render(const PoolReport& report, PoolFormat format) {
  switch (format) {
    case PoolFormat::table:
      return render_pool_tables(report);
    case PoolFormat::md:
      return render_pool_markdown(report);
    case PoolFormat::csv:
      return render_pool_csv(report);
    case PoolFormat::json:
      break;
  }
  return render_pool_json(report);
}

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// formats.cc: names of formats, and who makes them.
#include "bench/show/formats.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <utility>

#include <absl/strings/str_format.h>

#include "bench/show/bench_tools.h"
#include "bench/show/exports.h"
#include "bench/show/pool_exports.h"
#include "bench/show/pool_table.h"
#include "bench/show/table.h"

namespace collet::bench {
namespace {

constexpr std::size_t kPipeWidth = 118;

std::size_t output_width() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kPipeWidth;
  return size.ws_col;
}

}  // namespace

absl::StatusOr<Format> parse_format(std::string_view name) {
  for (const auto& [known, format] :
       {std::pair{"table", Format::table}, std::pair{"md", Format::md},
        std::pair{"csv", Format::csv}, std::pair{"json", Format::json},
        std::pair{"gbench", Format::gbench}, std::pair{"gobench", Format::gobench}}) {
    if (name == known) return format;
  }
  return absl::InvalidArgumentError(absl::StrFormat(
      "--format: \"%s\" is unknown: use table, md, csv, json, gbench or gobench", name));
}

std::string render(const Report& report, Format format) {
  switch (format) {
    case Format::table:
      return render_tables(report, output_width());
    case Format::md:
      return render_markdown(report);
    case Format::csv:
      return render_csv(report);
    case Format::json:
      return render_json(report);
    case Format::gbench:
      return render_google_benchmark(report);
    case Format::gobench:
      break;
  }
  return render_go_benchmark(report);
}

std::string render(const PoolReport& report, Format format) {
  switch (format) {
    case Format::table:
      return render_pool_tables(report);
    case Format::md:
      return render_pool_markdown(report);
    case Format::csv:
      return render_pool_csv(report);
    case Format::json:
      return render_pool_json(report);
    case Format::gbench:
      return render_google_benchmark(report);
    case Format::gobench:
      break;
  }
  return render_go_benchmark(report);
}

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// command_report.cc: report and list.
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

#include <absl/strings/str_format.h>

#include "apps/cli/command_line.h"
#include "bench/commands/commands.h"
#include "bench/session/catalogue.h"
#include "bench/session/results.h"
#include "bench/show/formats.h"
#include "bench/show/pool_html.h"
#include "bench/show/report_html.h"
#include "bench/statistics/pool_summary.h"
#include "bench/statistics/summary.h"

namespace collet::bench {
namespace {

Charts charts_for(bool tables_only) {
  if (tables_only) return Charts::none;
  if (!can_draw_charts()) {
    std::fputs("collet-bench: it was built without Node, so that the report has tables only\n",
               stderr);
  }
  return Charts::drawn;
}

// Of a directory that has pools.jsonl only.
int show_pools(const PoolReport& pools, Format format, const std::string& output,
               bool tables_only) {
  if (output.empty()) {
    std::fputs(render(pools, format).c_str(), stdout);
  } else if (const auto status =
                 write_html(report_around(pools), charts_for(tables_only), output, &pools);
             !status.ok()) {
    return refuse(absl::InvalidArgumentError(absl::StrCat("--output: ", status.message())));
  }
  return pools.has_failures() ? kFailedCells : kDone;
}

}  // namespace

int report_command(int argc, const char* const* argv) {
  apps::CommandLine line("collet-bench report", "Shows the results of a session again.");
  std::string directory;
  std::string name = "table";
  line.positional("DIR", directory, "Where its results.jsonl, or pools.jsonl, is");
  line.option("--format", std::string(kFormatNames), name, "What goes to standard output");
  std::string output;
  bool tables_only = false;
  line.option("-o,--output", "FILE.html", output, "Write a page for a browser instead, one file");
  line.flag("--tables-only", tables_only, "Of the page: no script and no charts");
  const auto help = line.parse(argc, argv);
  if (!help.ok()) return refuse(help.status());
  if (!help->empty()) return print(*help);
  if (directory.empty()) {
    return refuse(
        absl::InvalidArgumentError("report: name the directory of results.jsonl or pools.jsonl"));
  }
  const auto format = parse_format(name);
  if (!format.ok()) return refuse(format.status());
  if (!output.empty() && line.given("--format")) {
    return refuse(absl::InvalidArgumentError(absl::StrFormat(
        "--format: \"%s\" is for standard output, to which -o writes nothing: give one of the two",
        name)));
  }
  if (output.empty() && tables_only) {
    return refuse(
        absl::InvalidArgumentError("--tables-only: it is of a page, so name one: -o report.html"));
  }
  const auto pools = read_pool_report(directory);
  if (!pools.ok()) return refuse(pools.status());
  const PoolReport* beside = *pools ? &**pools : nullptr;
  if (beside != nullptr) tell(beside->cut_off);
  const std::string path = (std::filesystem::path(directory) / "results.jsonl").string();
  if (beside != nullptr && !std::filesystem::exists(path)) {
    return show_pools(*beside, *format, output, tables_only);
  }
  auto results = read_results(directory);
  if (!results.ok()) return refuse(results.status());
  tell(results->cut_off);
  const Report report = summarize_results(*std::move(results), path);
  if (output.empty()) {
    std::fputs(render(report, *format).c_str(), stdout);
    if (beside != nullptr && *format == Format::table) {
      std::fputs(("\n" + render(*beside, Format::table)).c_str(), stdout);
    }
  } else if (const auto status = write_html(report, charts_for(tables_only), output, beside);
             !status.ok()) {
    return refuse(absl::InvalidArgumentError(absl::StrCat("--output: ", status.message())));
  }
  return report.has_failures() ? kFailedCells : kDone;
}

int list_command(int argc, const char* const* argv) {
  apps::CommandLine line(
      "collet-bench list",
      "Says which backends, pools, workloads and benchmarks of pools there are.");
  apps::PluginFlags plugins;
  plugins.declare(line);
  const auto help = line.parse(argc, argv);
  if (!help.ok()) return refuse(help.status());
  if (!help->empty()) return print(*help);
  Catalogue catalogue;
  if (auto status = catalogue.load(plugins); !status.ok()) return refuse(status);
  return print(catalogue.describe());
}

}  // namespace collet::bench

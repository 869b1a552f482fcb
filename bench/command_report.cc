// SPDX-License-Identifier: MIT
// command_report.cc: report and list.
#include <filesystem>
#include <string>
#include <utility>

#include <absl/strings/str_format.h>

#include "apps/cli/command_line.h"
#include "bench/catalogue.h"
#include "bench/commands.h"
#include "bench/formats.h"
#include "bench/results.h"
#include "bench/summary.h"

namespace collet::bench {

int report_command(int argc, const char* const* argv) {
  apps::CommandLine line("collet-bench report", "Shows the results of a session again.");
  std::string directory;
  std::string name = "table";
  line.positional("DIR", directory, "Where its results.jsonl is");
  line.option("--format", std::string(kFormatNames), name, "What goes to standard output");
  const auto help = line.parse(argc, argv);
  if (!help.ok()) return refuse(help.status());
  if (!help->empty()) return print(*help);
  if (directory.empty()) {
    return refuse(absl::InvalidArgumentError("report: name the directory of results.jsonl"));
  }
  const auto format = parse_format(name);
  if (!format.ok()) return refuse(format.status());
  auto results = read_results(directory);
  if (!results.ok()) return refuse(results.status());
  const std::string path = (std::filesystem::path(directory) / "results.jsonl").string();
  const Report report = summarize_results(*std::move(results), path);
  std::fputs(render(report, *format).c_str(), stdout);
  return report.has_failures() ? kFailedCells : kDone;
}

int list_command(int argc, const char* const* argv) {
  if (argc == 1) return print(Catalogue().describe());
  return refuse(
      absl::InvalidArgumentError(absl::StrFormat("list takes no arguments, not \"%s\"", argv[1])));
}

}  // namespace collet::bench

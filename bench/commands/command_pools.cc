// SPDX-License-Identifier: MIT
// command_pools.cc: thread pools by themselves.
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>

#include <absl/strings/str_format.h>

#include "bench/commands/commands.h"
#include "bench/commands/conduct.h"
#include "bench/session/pool_options.h"
#include "bench/session/pool_results.h"
#include "bench/session/start.h"
#include "bench/show/formats.h"
#include "bench/statistics/pool_summary.h"

namespace collet::bench {
namespace {

std::vector<Program> fingerprint_pools(const PoolSession& session) {
  std::error_code error;
  const std::string self = std::filesystem::read_symlink("/proc/self/exe", error).string();
  std::vector<Program> programs = {
      {"collet-pool-load", session.settings.load, sha256_of(session.settings.load)},
      {"collet-bench", self, sha256_of(self)}};
  const std::vector<Program> plugins = fingerprint_plugins(session.settings.plugins);
  programs.insert(programs.end(), plugins.begin(), plugins.end());
  return programs;
}

std::string describe_plan(const PoolSession& session) {
  const std::size_t runs = make_pool_plan(session).size();
  return absl::StrFormat("%d benchmarks, %d blocks: %d runs, about %s; %d workers; seed %d",
                         session.benchmarks.size(), session.settings.blocks, runs,
                         format_time_left(kTimeOfPoolRun * runs), session.settings.workers,
                         session.seed);
}

}  // namespace

int pools_command(int argc, const char* const* argv) {
  const auto options = parse_pool_options(argc, argv);
  if (!options.ok()) return refuse(options.status());
  if (!options->help.empty()) return print(options->help);
  if (auto status = check_build(options->accept_any_build); !status.ok()) return refuse(status);
  // Before any pool is made, whose threads would otherwise take the signals.
  const Descriptor stop = watch_stop_signals();
  auto session = prepare_pools(*options, argc, argv);
  if (!session.ok()) return refuse(session.status());
  const std::string directory =
      options->output.empty() ? "results/" + session->id : options->output;
  auto file = ResultsFile::create(directory, kPoolResultsName);
  if (!file.ok()) return refuse(file.status());
  session->programs = fingerprint_pools(*session);
  session->environment = look_around();
  if (auto status = file->append(format_pool_session(*session)); !status.ok()) {
    return refuse(status);
  }
  if (!options->quiet) {
    std::fprintf(stderr, "%s; results in %s\n", describe_plan(*session).c_str(),
                 file->path().c_str());
  }
  const auto end = run_pool_session(*session, *file, progress_style(options->quiet), stop.get());
  if (!end.ok()) return refuse(end.status());
  auto results = read_pool_results(directory);
  if (!results.ok()) return refuse(results.status());
  const PoolReport report = summarize_pools(*std::move(results), file->path());
  std::fputs(render(report, options->format).c_str(), stdout);
  if (*end == SessionEnd::interrupted) return explain_signal(stop);
  return report.has_failures() ? kFailedCells : kDone;
}

}  // namespace collet::bench

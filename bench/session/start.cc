// SPDX-License-Identifier: MIT
// start.cc: flags, catalogue and matrix, one after the other.
#include "bench/session/start.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <utility>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include "apps/cli/process.h"
#include "bench/measure/runner.h"
#include "bench/session/catalogue.h"
#include "bench/session/environment.h"
#include "bench/session/matrix.h"
#include "bench/session/programs.h"

namespace collet::bench {
namespace {

std::int64_t open_files() {
  apps::raise_descriptor_limit();
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<std::int64_t>(limit.rlim_cur);
}

}  // namespace

absl::StatusOr<Prepared> prepare(int argc, const char* const* argv) {
  auto options = parse_options(argc, argv);
  if (!options.ok()) return options.status();
  Prepared prepared{*std::move(options), {}, {}};
  if (!prepared.options.help.empty()) return prepared;
  Catalogue catalogue;
  if (auto status = catalogue.load(prepared.options.plugins); !status.ok()) return status;
  const auto axes = catalogue.resolve(prepared.options, prepared.notes);
  if (!axes.ok()) return axes.status();
  auto cells = make_cells(*axes, prepared.options, open_files());
  if (!cells.ok()) return cells.status();
  Session& session = prepared.session;
  session.started_utc = utc_now();
  session.id = make_session_id(session.started_utc);
  session.command_line = {"collet-bench"};
  session.command_line.insert(session.command_line.end(), argv, argv + argc);
  session.profile = prepared.options.profile;
  session.goal = prepared.options.goal;
  session.seed = prepared.options.seed.value_or(std::random_device{}());
  session.settings = prepared.options.settings;
  session.cells = *std::move(cells);
  session.not_a_result = find_build_fault();
  return prepared;
}

std::string make_session_id(std::string started_utc) {
  std::erase_if(started_utc, [](char c) { return c == '-' || c == ':'; });
  return absl::StrFormat("%s-%04x", started_utc, getpid() & 0xFFFF);
}

std::string find_build_fault() {
  const Build build = this_build();
  if (!build.sanitizers.empty()) return absl::StrCat("a build with sanitizers: ", build.sanitizers);
  return is_release_build(build.type) ? "" : absl::StrCat("a ", build.type, " build");
}

std::vector<Program> fingerprint_plugins(const std::vector<std::string>& files) {
  std::vector<Program> plugins;
  for (const std::string& file : files) {
    plugins.push_back({std::filesystem::path(file).filename().string(), file, sha256_of(file)});
  }
  return plugins;
}

std::vector<Program> fingerprint(const Settings& settings) {
  std::error_code error;
  const std::string self = std::filesystem::read_symlink("/proc/self/exe", error).string();
  std::vector<Program> programs = {{"collet-server", settings.server, sha256_of(settings.server)},
                                   {"collet-load", settings.load, sha256_of(settings.load)},
                                   {"collet-bench", self, sha256_of(self)}};
  const std::vector<Program> plugins = fingerprint_plugins(settings.plugins);
  programs.insert(programs.end(), plugins.begin(), plugins.end());
  for (const External& external : settings.externals) {
    const std::string file = program_in(external.command);
    programs.push_back(
        {external.name, external.command, file.empty() ? std::nullopt : sha256_of(file)});
  }
  return programs;
}

}  // namespace collet::bench

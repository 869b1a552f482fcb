// SPDX-License-Identifier: MIT
// programs.cc: a short list of places to look in.
#include "bench/session/programs.h"

#include <unistd.h>

#include <filesystem>
#include <utility>

#include <absl/strings/str_format.h>

namespace collet::bench {
namespace {

namespace fs = std::filesystem;

// Relative to the directory of collet-bench, or to the top of a build tree.
constexpr const char* kPlaces[] = {
    ".",       "apps",           "apps/server",  "apps/load", "bench",        "bench/baselines",
    "../apps", "../apps/server", "../apps/load", "baselines", "../lib/collet"};

std::string own_directory() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path().string();
}

}  // namespace

Programs::Programs(std::string directory)
    : directory_(directory.empty() ? own_directory() : std::move(directory)) {}

absl::StatusOr<std::string> Programs::find(const std::string& name) const {
  for (const char* place : kPlaces) {
    const fs::path path = (fs::path(directory_) / place / name).lexically_normal();
    std::error_code error;
    if (fs::is_regular_file(path, error) && access(path.c_str(), X_OK) == 0) {
      return fs::absolute(path).string();
    }
  }
  return absl::NotFoundError(
      absl::StrFormat("--bin-dir: %s is not in %s nor in its apps or bench folders: build it there "
                      "or name the directory that has it",
                      name, directory_));
}

}  // namespace collet::bench

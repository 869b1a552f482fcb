// SPDX-License-Identifier: MIT
// programs.cc: a short list of places to look in.
#include "bench/session/programs.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iomanip>
#include <sstream>
#include <utility>

#include <absl/strings/str_format.h>
#include <absl/strings/str_split.h>

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

// A library need not be executable to be loaded.
bool is_usable(const fs::path& path) {
  std::error_code error;
  const int mode = path.extension() == ".so" ? R_OK : X_OK;
  return fs::is_regular_file(path, error) && access(path.c_str(), mode) == 0;
}

}  // namespace

std::string program_in(const std::string& command) {
  std::string name;
  for (std::istringstream words(command); words >> std::quoted(name, '\'');) {
    const bool prefix = name == "exec" || name == "env" || name.find('=') != std::string::npos;
    if (!prefix) break;
    name.clear();
  }
  if (name.find('/') != std::string::npos) return is_usable(name) ? name : "";
  const char* path = std::getenv("PATH");
  for (const auto folder : absl::StrSplit(path == nullptr ? "" : path, ':', absl::SkipEmpty())) {
    const fs::path file = fs::path(std::string(folder)) / name;
    if (!name.empty() && is_usable(file)) return file.string();
  }
  return "";
}

Programs::Programs(std::string directory)
    : directory_(directory.empty() ? own_directory() : std::move(directory)) {}

absl::StatusOr<std::string> Programs::find(const std::string& name) const {
  for (const char* place : kPlaces) {
    const fs::path path = (fs::path(directory_) / place / name).lexically_normal();
    if (is_usable(path)) return fs::absolute(path).string();
  }
  return absl::NotFoundError(
      absl::StrFormat("--bin-dir: %s is not in %s nor in its apps or bench folders: build it there "
                      "or name the directory that has it",
                      name, directory_));
}

}  // namespace collet::bench

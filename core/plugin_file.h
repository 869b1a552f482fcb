// SPDX-License-Identifier: MIT
// plugin_file.h: a file that may be loaded as a plugin, opened and checked.
#pragma once

#include <string>

#include <absl/status/statusor.h>

namespace collet {

// Open for good: what was checked is what this descriptor reads, whatever happens to the path, and
// the loader takes two files of one path for the same, so that its number must not be used again.
struct PluginFile {
  int descriptor = -1;
  std::string path;  // absolute, without symbolic links

  // Where the loader finds it.
  std::string loader_path() const { return "/proc/self/fd/" + std::to_string(descriptor); }
};

// Regular, whole, of root or the user of this process, and writable for nobody else, and its folder
// likewise. The error is the rest of a sentence that begins with the file.
absl::StatusOr<PluginFile> open_plugin_file(const std::string& name);

}  // namespace collet

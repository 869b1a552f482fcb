// SPDX-License-Identifier: MIT
// plugin_fixture.h: the plugins of these tests, and copies of a good one that a test may spoil.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "tests/plugins/ended.h"

namespace collet::integration {

namespace fs = std::filesystem;

inline std::string plugin(const std::string& name) {
  return std::string(COLLET_PLUGINS) + "/" + name + ".so";
}

inline Ended list_with(const std::string& file) {
  return run({COLLET_SERVER_PROGRAM, "--plugin", file, "--list"});
}

class PluginFileTest : public FolderTest {
 protected:
  std::string copy_of_a_good_one(const std::string& name) const {
    fs::copy_file(plugin("none"), path(name));
    ::chmod(path(name).c_str(), 0755);
    return path(name);
  }
};

}  // namespace collet::integration

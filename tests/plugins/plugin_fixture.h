// SPDX-License-Identifier: MIT
// plugin_fixture.h: programs with plugins, each run in a process of its own; and a folder for
// plugins that a test may spoil.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/program.h"

namespace collet::integration {

namespace fs = std::filesystem;

inline std::string plugin(const std::string& name) {
  return std::string(COLLET_PLUGINS) + "/" + name + ".so";
}

inline std::string contents(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

struct Ended {
  int code = 0;
  std::string output;
  std::string errors;
};

inline Ended run(std::vector<std::string> command) {
  Program program(std::move(command));
  Ended ended;
  ended.output = program.read_rest();
  ended.code = program.wait();
  ended.errors = program.errors();
  return ended;
}

inline Ended list_with(const std::string& file) {
  return run({COLLET_SERVER_PROGRAM, "--plugin", file, "--list"});
}

class PluginFileTest : public ::testing::Test {
 protected:
  PluginFileTest() {
    std::string name = ::testing::TempDir() + "/plugins-XXXXXX";
    folder_ = fs::canonical(::mkdtemp(name.data()));
  }
  ~PluginFileTest() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  std::string copy_of_a_good_one(const std::string& name) const {
    fs::copy_file(plugin("none"), path(name));
    ::chmod(path(name).c_str(), 0755);
    return path(name);
  }

  fs::path folder_;
};

}  // namespace collet::integration

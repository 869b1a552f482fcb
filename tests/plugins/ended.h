// SPDX-License-Identifier: MIT
// ended.h: a program that was run to its end, and a folder of a test's own.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "tests/support/program.h"

namespace collet::integration {

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

// In one sentence, which tells all of `told`.
inline void expect_refused(const Ended& ended, const std::vector<std::string>& told) {
  EXPECT_EQ(ended.code, 2) << ended.errors;
  EXPECT_EQ(ended.output, "");
  EXPECT_EQ(std::count(ended.errors.begin(), ended.errors.end(), '\n'), 1) << ended.errors;
  for (const std::string& part : told) EXPECT_THAT(ended.errors, ::testing::HasSubstr(part));
}

inline std::string contents(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

class FolderTest : public ::testing::Test {
 protected:
  FolderTest() {
    std::string name = ::testing::TempDir() + "/plugins-XXXXXX";
    folder_ = std::filesystem::canonical(::mkdtemp(name.data()));
  }
  ~FolderTest() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  std::filesystem::path folder_;
};

}  // namespace collet::integration

// SPDX-License-Identifier: MIT
// user_test.cc: a server that was started by root and becomes somebody else.
#include <fcntl.h>
#include <pwd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <gmock/gmock.h>

#include "apps/cli/user.h"
#include "tests/support/builtin_registry.h"
#include "tests/support/program.h"

namespace collet::integration {
namespace {

using ::testing::HasSubstr;

constexpr const char* kWeak = "nobody";

class UserTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  }

  // What become_user() says to a process of `kWeak`.
  static std::string words_to_the_weak(const char* name) {
    int channel[2] = {-1, -1};
    EXPECT_EQ(::pipe(channel), 0);
    const Descriptor read_end(channel[0]);
    const Descriptor write_end(channel[1]);
    const pid_t child = ::fork();
    if (child == 0) {
      const bool weak = apps::become_user(kWeak).ok();
      const std::string words =
          weak ? std::string(apps::become_user(name).message()) : "is not weak";
      ::_exit(::write(channel[1], words.data(), words.size()) < 0 ? 1 : 0);
    }
    EXPECT_EQ(::waitpid(child, nullptr, 0), child);
    ::fcntl(channel[0], F_SETFL, O_NONBLOCK);
    std::string words(1024, '\0');
    words.resize(static_cast<std::size_t>(
        std::max<ssize_t>(::read(channel[0], words.data(), words.size()), 0)));
    return words;
  }
};

// Its threads' user and group ids, each line once.
std::set<std::string> ids_of(const Program& program) {
  std::set<std::string> lines;
  const std::filesystem::path threads("/proc/" + std::to_string(program.pid()) + "/task");
  for (const auto& thread : std::filesystem::directory_iterator(threads)) {
    std::ifstream status(thread.path() / "status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("Uid:") || line.starts_with("Gid:") || line.starts_with("CapEff:")) {
        lines.insert(line);
      }
    }
  }
  return lines;
}

std::string four_times(const char* what, unsigned id) {
  std::string line = what;
  for (int i = 0; i < 4; ++i) line += "\t" + std::to_string(id);
  return line;
}

TEST_F(UserTest, EveryThreadOfTheServerIsThatUserForGood) {
  Program server({COLLET_SERVER_PROGRAM, "--quiet", "--listen", "127.0.0.1:0", "--user", kWeak,
                  "--pool", "mutex", "--workers", "2"});
  std::istringstream words(server.read_line());
  std::string address;
  words >> address >> address;
  ASSERT_FALSE(address.empty()) << server.errors();
  expect_echo(dial(endpoint(address)));
  const passwd* account = ::getpwnam(kWeak);
  ASSERT_NE(account, nullptr);
  EXPECT_EQ(ids_of(server),
            (std::set{four_times("Uid:", account->pw_uid), four_times("Gid:", account->pw_gid),
                      std::string("CapEff:\t0000000000000000")}));
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
}

// A ring acts as whoever made it, and root may have one where others may not.
TEST_F(UserTest, BecomesThatUserBeforeARingIsMade) {
  if (const auto backend = registry().backend("io_uring"); !backend.ok()) {
    GTEST_SKIP() << backend.status().message();
  }
  const UnixPath calls;
  Program server({"/usr/bin/env", "ASAN_OPTIONS=detect_leaks=0", "strace", "-D", "-f", "-o",
                  calls.path(), "-e", "trace=setresuid,io_uring_setup", COLLET_SERVER_PROGRAM,
                  "--listen", "127.0.0.1:0", "--quiet", "--backend", "io_uring", "--user", kWeak});
  EXPECT_THAT(server.read_line(), HasSubstr("backend=io_uring")) << server.errors();
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
  std::ostringstream text;
  text << std::ifstream(calls.path()).rdbuf();
  const std::size_t became = text.str().find("setresuid(");
  const std::size_t ring = text.str().find("io_uring_setup(");
  ASSERT_NE(ring, std::string::npos) << text.str();
  EXPECT_LT(became, ring) << text.str();
}

TEST_F(UserTest, ThereIsNoWayBack) {
  EXPECT_THAT(words_to_the_weak("root"), HasSubstr("--user: \"root\" is somebody else"));
}

TEST_F(UserTest, WhoeverIsThatUserStaysIt) { EXPECT_EQ(words_to_the_weak(kWeak), ""); }

}  // namespace
}  // namespace collet::integration

// SPDX-License-Identifier: MIT
// full_backend_test.cc: what the programs say and count when a backend has room for no more.
#include <csignal>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/plugins/plugin_fixture.h"

namespace collet::integration {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Json = nlohmann::json;

// A server on a backend with room for `room` descriptors, of which its listener takes one.
class FullBackend : public ::testing::Test {
 protected:
  static std::vector<std::string> command(const std::string& room) {
    return {COLLET_SERVER_PROGRAM,
            "--backend",
            plugin("small") + ":room=" + room,
            "--listen",
            "127.0.0.1:0",
            "--quiet",
            "--json",
            "--idle-timeout",
            "0"};
  }
};

TEST_F(FullBackend, ClosesWhomItCannotServeAndSaysWhy) {
  constexpr std::size_t kTooMany = 10;
  Program server(command("3"));
  const Endpoint at = endpoint(Json::parse(server.read_line())["address"].get<std::string>());
  const std::vector<Descriptor> served = dial_many(at, 2);
  for (const Descriptor& client : served) expect_echo(client);
  for (const Descriptor& client : dial_many(at, kTooMany)) EXPECT_TRUE(at_end(client));
  for (const Descriptor& client : served) expect_echo(client);
  EXPECT_THAT(server.errors(),
              AllOf(HasSubstr("warning"), HasSubstr("small:room=3"), HasSubstr("closed unserved"),
                    HasSubstr("No space left on device (ENOSPC)"), HasSubstr("another backend")));
  server.signal(SIGTERM);
  const Json totals = Json::parse(server.read_line());
  EXPECT_EQ(server.wait(), 0);
  EXPECT_EQ(totals["unwatched"], kTooMany);
  EXPECT_EQ(totals["connections"], kTooMany + 2);
}

TEST_F(FullBackend, OfAClientIsNamedToo) {
  Program server({COLLET_SERVER_PROGRAM, "--listen", "127.0.0.1:0", "--quiet", "--json"});
  const std::string at = Json::parse(server.read_line())["address"];
  for (const char* room : {"0", "1"}) {  // for the signals; for all connections but one
    const Ended load = run({COLLET_LOAD_PROGRAM, at, "--backend", plugin("small") + ":room=" + room,
                            "-c", "4", "-n", "100"});
    EXPECT_NE(load.code, 0);
    EXPECT_THAT(load.errors, HasSubstr("No space left on device (ENOSPC)")) << room;
  }
}

}  // namespace
}  // namespace collet::integration

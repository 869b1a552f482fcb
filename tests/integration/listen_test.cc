// SPDX-License-Identifier: MIT
// listen_test.cc: where a server can listen, with how many loops, and what it says when it cannot.
#include <fcntl.h>
#include <sys/stat.h>

#include <gmock/gmock.h>

#include "tests/support/every_cell.h"

namespace collet::integration {
namespace {

using ::testing::HasSubstr;

class ListenTest : public CellTest {
 protected:
  static ServerOptions listening_at(const Endpoint& at) {
    ServerOptions options = loopback();
    options.listen = at;
    return options;
  }

  std::string refusal(const ServerOptions& options) {
    const std::size_t descriptors = open_descriptors();
    const auto server = try_serve(options, [this] { return make_handler(); });
    // Who listens there already may still hold the connection by which it was found alive.
    EXPECT_TRUE(eventually([&] { return open_descriptors() == descriptors; }))
        << "something was left open";
    return server.ok() ? "it listens" : std::string(server.status().message());
  }
};
INSTANTIATE_TEST_SUITE_P(EveryBackend, ListenTest, ::testing::ValuesIn(every_backend()),
                         name_of_cell);

TEST_P(ListenTest, EchoesOverIpv6) {
  const Descriptor probe(open_listener(endpoint("[::1]:0"), {}));
  if (probe.get() < 0) GTEST_SKIP() << "this machine has no [::1]: " << std::strerror(-probe.get());
  const auto server = serve(listening_at(endpoint("[::1]:0")));
  EXPECT_THAT(format_endpoint(server->endpoint()), HasSubstr("[::1]:"));
  expect_echo(dial(server->endpoint()));
}

TEST_P(ListenTest, EchoesOverAUnixPathThatIsGoneAfterwards) {
  const UnixPath path;
  {
    const auto server = serve(listening_at(path.at()));
    EXPECT_TRUE(path.exists());
    expect_echo(dial(path.at()), pattern(20'000));
  }
  EXPECT_FALSE(path.exists());
}

TEST_P(ListenTest, ReplacesTheSocketThatADeadServerLeft) {
  const UnixPath path;
  Descriptor(open_listener(path.at(), {})).close();
  ASSERT_TRUE(path.exists());
  const auto server = serve(listening_at(path.at()));
  expect_echo(dial(path.at()));
}

TEST_P(ListenTest, LeavesThePathOfALiveServerAlone) {
  const UnixPath path;
  const auto first = serve(listening_at(path.at()));
  EXPECT_THAT(refusal(listening_at(path.at())),
              ::testing::AllOf(HasSubstr("unix:" + path.path()), HasSubstr("in use")));
  expect_echo(dial(path.at()));
}

TEST_P(ListenTest, LeavesAFileThatIsNoSocketAlone) {
  const UnixPath path;
  Descriptor(::open(path.path().c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)).close();
  EXPECT_THAT(refusal(listening_at(path.at())), HasSubstr("in use"));
  EXPECT_TRUE(path.exists());
}

TEST_P(ListenTest, RefusesAPortInUseAndLeavesNothingBehind) {
  const auto first = serve(loopback());
  ServerOptions options = listening_at(first->endpoint());
  EXPECT_THAT(refusal(options), ::testing::AllOf(HasSubstr(format_endpoint(first->endpoint())),
                                                 HasSubstr("in use"), HasSubstr("port 0")));
  options.loops = 3;
  EXPECT_THAT(refusal(options), HasSubstr("in use")) << "with several listeners";
  expect_echo(dial(first->endpoint()));
}

// SO_REUSEPORT would let a second server of the same user join the first one's port.
TEST_P(ListenTest, RefusesToJoinThePortOfAnotherServerOfSeveralLoops) {
  ServerOptions options = loopback();
  options.loops = 2;
  const auto first = serve(options);
  options.listen = first->endpoint();
  EXPECT_THAT(refusal(options), HasSubstr("in use"));
}

TEST_P(ListenTest, RefusesAnAddressOfNoInterface) {
  EXPECT_THAT(refusal(listening_at(endpoint("192.0.2.1:0"))), HasSubstr("no interface"));
}

TEST_P(ListenTest, ListensAgainAtOnceWhereAServerHasJustEnded) {
  Endpoint at;
  {
    const auto server = serve(loopback());
    at = server->endpoint();
    const Descriptor client = dial(at);
    expect_echo(client);
  }
  const auto server = serve(listening_at(at));
  expect_echo(dial(at));
}

// -- Several loops -------------------------------------------------------------------------------

class LoopsTest : public CellTest {};
INSTANTIATE_TEST_SUITE_P(EveryCell, LoopsTest, ::testing::ValuesIn(every_cell()), name_of_cell);

TEST_P(LoopsTest, ShareOnePort) {
  ServerOptions options = loopback();
  options.loops = 2;
  const auto server = serve(options);
  const std::vector<Descriptor> clients = dial_many(server->endpoint(), 64);
  for (const Descriptor& client : clients) expect_echo(client);
  const ServerStats stats = server->stats();
  ASSERT_EQ(stats.open.size(), 2U);
  EXPECT_EQ(stats.open[0] + stats.open[1], 64U);
  EXPECT_GT(stats.open[0], 0U);
  EXPECT_GT(stats.open[1], 0U);
}

TEST_P(LoopsTest, AreHandedAsManyConnectionsEach) {
  ServerOptions options = loopback();
  options.loops = 3;
  options.listen_mode = ListenMode::handoff;
  const auto server = serve(options);
  std::vector<Descriptor> clients;
  for (int i = 0; i < 30; ++i) {
    clients.push_back(dial(server->endpoint()));
    expect_echo(clients.back());
  }
  EXPECT_EQ(server->stats().open, (std::vector<std::size_t>{10, 10, 10}));
}

// The loop with the fewest gets the next, also when connections have gone meanwhile.
TEST_P(LoopsTest, AreFilledUpAgainByHandoff) {
  ServerOptions options = loopback();
  options.loops = 2;
  options.listen_mode = ListenMode::handoff;
  const auto server = serve(options);
  std::vector<Descriptor> clients;
  const auto dial_next = [&] {
    clients.push_back(dial(server->endpoint()));
    expect_echo(clients.back());
  };
  for (int i = 0; i < 8; ++i) dial_next();
  for (const std::size_t of_the_second_loop : {1U, 3U, 5U}) clients[of_the_second_loop].close();
  journal_.wait_for(3);
  for (int i = 0; i < 3; ++i) dial_next();
  EXPECT_EQ(server->stats().open, (std::vector<std::size_t>{4, 4}));
}

TEST_P(LoopsTest, OfAUnixPathAreHandedTheirConnections) {
  const UnixPath path;
  ServerOptions options = loopback();
  options.listen = path.at();
  options.loops = 2;
  const auto server = serve(options);
  const std::vector<Descriptor> clients = dial_many(path.at(), 20);
  for (const Descriptor& client : clients) expect_echo(client);
  const ServerStats stats = server->stats();
  EXPECT_EQ(stats.open[0] + stats.open[1], 20U);
  EXPECT_GT(stats.open[1], 0U);
}

TEST_P(LoopsTest, AreHandedABurstWithoutLosingAny) {
  constexpr std::size_t kConnections = 500;
  allow_many_descriptors();
  ServerOptions options = loopback();
  options.loops = 2;
  options.listen_mode = ListenMode::handoff;
  const auto server = serve(options);
  const std::size_t descriptors = open_descriptors();
  for (int round = 0; round < 2; ++round) {
    const std::vector<Descriptor> clients = dial_many(server->endpoint(), kConnections);
    for (const Descriptor& client : clients) write_all(client, "hello");
    for (const Descriptor& client : clients) ASSERT_EQ(read_up_to(client, 5), "hello");
  }
  EXPECT_EQ(journal_.wait_for(2 * kConnections).size(), 2 * kConnections);
  EXPECT_TRUE(eventually([&] { return open_descriptors() == descriptors; }));
}

}  // namespace
}  // namespace collet::integration

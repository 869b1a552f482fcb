// SPDX-License-Identifier: MIT
// drain_test.cc: ending a server in good order: whatever had reached it is answered, on every
// backend and pool.
#include <atomic>
#include <thread>

#include "tests/support/every_cell.h"

namespace collet::integration {
namespace {

constexpr std::size_t kRequest = 64;
constexpr std::size_t kPipelined = 50 * kRequest;  // bytes

class DrainTest : public CellTest {
 protected:
  // Serves `behaviour`, but can keep every loop busy that takes a connection.
  Server serve_held(const ServerOptions& options, const Behaviour& behaviour = {}) {
    return serve(options, [this, behaviour] {
      if (holding_) {
        ++held_;
        gate_.pass();
        --held_;
      }
      return make_handler(behaviour);
    });
  }

  // Returns when `loops` of them are busy, each with one of the connections returned; all others
  // among these are in an accept queue.
  std::vector<Descriptor> hold(const TcpServer& server, int loops) {
    holding_ = true;
    std::vector<Descriptor> clients;
    EXPECT_TRUE(eventually([&] {
      if (clients.size() < 64) clients.push_back(dial(server.endpoint()));
      return held_ == loops;
    }));
    return clients;
  }
  void let_go() {
    holding_ = false;
    gate_.open();
  }

  // Sends a number of requests, and returns when all of them have reached the server's kernel.
  static void send_requests(const std::vector<Descriptor>& clients) {
    for (const Descriptor& client : clients) EndlessPattern().send(client, kPipelined);
    for (const Descriptor& client : clients) {
      EXPECT_TRUE(eventually([&] { return has_arrived(client); }));
    }
  }

  // As the other side of that: every reply, then the end of the stream, and ends too.
  static void expect_replies(std::vector<Descriptor>& clients) {
    for (Descriptor& client : clients) {
      EXPECT_EQ(EndlessPattern().receive(client, kPipelined), kPipelined);
      EXPECT_TRUE(at_end(client)) << "errno " << errno;
      client.close();
    }
  }

  void expect_each_answered(const ServerOptions& options, int loops_held) {
    std::atomic<int> drained{0};
    const auto server = serve_held(options);
    std::vector<Descriptor> accepted = dial_many(server->endpoint(), 20);
    for (const Descriptor& client : accepted) expect_echo(client);
    std::vector<Descriptor> clients = hold(*server, loops_held);
    for (Descriptor& client : accepted) clients.push_back(std::move(client));
    for (Descriptor& client : dial_many(server->endpoint(), 20))
      clients.push_back(std::move(client));
    send_requests(clients);
    server->drain([&] { ++drained; });
    let_go();
    expect_replies(clients);
    server->wait();
    EXPECT_EQ(drained, 1);
    EXPECT_EQ(journal_.ended(), std::vector<Ended>(clients.size(), {CloseReason::drained}));
  }

  Gate gate_;
  std::atomic<bool> holding_{false};
  std::atomic<int> held_{0};
};
INSTANTIATE_TEST_SUITE_P(EveryCell, DrainTest, ::testing::ValuesIn(every_cell()), name_of_cell);

TEST_P(DrainTest, AnswersWhatIsInSocketsAndInTheAcceptQueue) {
  expect_each_answered(loopback(), 1);
}

TEST_P(DrainTest, AnswersWhatIsInTheQueuesOfSeveralLoops) {
  ServerOptions options = loopback();
  options.loops = 2;
  expect_each_answered(options, 2);
}

TEST_P(DrainTest, AnswersConnectionsThatAreHandedOverMeanwhile) {
  ServerOptions options = loopback();
  options.loops = 2;
  options.listen_mode = ListenMode::handoff;
  expect_each_answered(options, 1);
}

TEST_P(DrainTest, AnswersThoseThatWaitForRoomAtTheLimit) {
  ServerOptions options = loopback();
  options.max_connections = 2;
  const auto server = serve(options);
  constexpr std::size_t kClients = 300;  // so many that some are accepted just before a look
  allow_many_descriptors();
  std::vector<Descriptor> clients = dial_many(server->endpoint(), kClients);
  send_requests(clients);
  ASSERT_TRUE(eventually([&] { return server->stats().accept_pauses > 0; }));
  server->drain();
  expect_replies(clients);
  server->wait();
  EXPECT_EQ(journal_.ended(), std::vector<Ended>(kClients, {CloseReason::drained}));
}

// Whoever has been answered and does not end is in nobody's way.
TEST_P(DrainTest, AtTheLimitDoesNotWaitForClientsThatStay) {
  ServerOptions options = loopback();
  options.max_connections = 2;
  options.limits.linger = std::chrono::seconds(20);
  const auto server = serve(options);
  constexpr std::size_t kClients = 30;
  const std::vector<Descriptor> clients = dial_many(server->endpoint(), kClients);
  for (const Descriptor& client : clients) write_all(client, "hello");
  ASSERT_TRUE(eventually([&] { return server->stats().accept_pauses > 0; }));
  const auto begun = std::chrono::steady_clock::now();
  server->drain();
  for (const Descriptor& client : clients) {
    EXPECT_EQ(read_up_to(client, 5), "hello");
    EXPECT_TRUE(at_end(client));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(15));
  server->stop();
  server->wait();
}

TEST_P(DrainTest, AnswersWhatSlowHandlersHaveStillToDo) {
  const auto server =
      serve(loopback(), {.on_data = [](Bytes bytes, Output& out) {
              std::this_thread::sleep_for(std::chrono::milliseconds(2));  // its work
              out.write(bytes);
            }});
  std::vector<Descriptor> clients = dial_many(server->endpoint(), 20);
  send_requests(clients);
  server->drain();
  expect_replies(clients);
}

// Replies that the kernel has not taken count as not yet answered.
TEST_P(DrainTest, DeliversLargeRepliesToTheLastByte) {
  constexpr std::size_t kReply = 10'000'000;
  const auto server = serve(
      loopback(), {.on_data = [](Bytes, Output& out) { out.write(std::string(kReply, 'x')); }});
  std::vector<Descriptor> clients = dial_many(server->endpoint(), 3);
  for (const Descriptor& client : clients) write_all(client, "?");
  for (const Descriptor& client : clients) {
    ASSERT_TRUE(eventually([&] { return has_arrived(client); }));
  }
  server->drain();
  for (const Descriptor& client : clients) {
    EXPECT_EQ(read_up_to(client, kReply).size(), kReply);
    EXPECT_TRUE(at_end(client));
  }
}

TEST_P(DrainTest, AnswersWhoHasAlreadyEndedSending) {
  const auto server = serve_held(loopback());
  std::vector<Descriptor> clients = hold(*server, 1);
  for (Descriptor& client : dial_many(server->endpoint(), 5)) clients.push_back(std::move(client));
  send_requests(clients);
  for (const Descriptor& client : clients) end_sending(client);
  server->drain();
  let_go();
  expect_replies(clients);
}

TEST_P(DrainTest, EndsSilentConnectionsAndLetsNobodyElseIn) {
  const auto server = serve(loopback());
  std::vector<Descriptor> clients = dial_many(server->endpoint(), 20);
  for (const Descriptor& client : clients) expect_echo(client);
  server->drain();
  for (Descriptor& client : clients) {
    EXPECT_TRUE(at_end(client));
    client.close();
  }
  server->wait();
  Descriptor late(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_NE(::connect(late.get(), server->endpoint().address(), server->endpoint().length), 0);
  EXPECT_EQ(errno, ECONNREFUSED);
}

TEST_P(DrainTest, OfAnEmptyServerIsDoneAtOnceEachTimeItIsAskedFor) {
  std::atomic<int> drained{0};
  const auto server = serve(loopback());
  server->drain([&] { ++drained; });
  server->drain([&] { ++drained; });
  server->wait();
  EXPECT_EQ(drained, 2);
  EXPECT_EQ(server->stats().connections.opened, 0U);
}

TEST_P(DrainTest, WorksForUnixPaths) {
  const UnixPath path;
  ServerOptions options = loopback();
  options.listen = path.at();
  const auto server = serve_held(options);
  std::vector<Descriptor> clients = hold(*server, 1);
  for (Descriptor& client : dial_many(path.at(), 10)) clients.push_back(std::move(client));
  for (const Descriptor& client : clients) EndlessPattern().send(client, kPipelined);
  server->drain();
  let_go();
  expect_replies(clients);
  server->wait();
  EXPECT_FALSE(path.exists());
}

// -- With every receive buffer out on loan -------------------------------------------------------

class StarvedDrainTest : public DrainTest {
 protected:
  std::unique_ptr<Handler> gated_echo() {
    return make_handler({.on_data = [this](Bytes bytes, Output& out) {
      gate_.pass();
      out.write(bytes);
    }});
  }
  // Of a backend whose buffers can be told. Others lend parts of what all share.
  static bool has_buffers() { return registry().backend(GetParam().backend + ":buffers=8").ok(); }
  static std::string with_buffers(std::size_t count) {
    const std::string& backend = GetParam().backend;
    return has_buffers() ? backend + ":buffers=" + std::to_string(count) : backend;
  }
  static bool all_opened(TcpServer& server, std::size_t count) {
    return eventually([&] {
      const ServerStats stats = server.stats();
      return stats.connections.opened == count && stats.pool.run == count;
    });
  }
};
INSTANTIATE_TEST_SUITE_P(EveryCellWithAThread, StarvedDrainTest,
                         ::testing::ValuesIn(every_cell_with_threads(1)), name_of_cell);

// A connection that cannot receive is as quiet as one that has nothing to receive.
TEST_P(StarvedDrainTest, AnswersThoseThatWaitForAReceiveBuffer) {
  constexpr std::size_t kConnections = 400;
  constexpr std::size_t kEach = 50'000;  // fits a socket, and together more than all buffers
  allow_many_descriptors();
  const auto server =
      TcpServer::start(*registry().backend(with_buffers(100)), *registry().pool(GetParam().pool),
                       loopback(), [this] { return gated_echo(); });
  std::vector<Descriptor> clients = dial_many((*server)->endpoint(), kConnections);
  ASSERT_TRUE(all_opened(**server, kConnections));
  for (const Descriptor& client : clients) EndlessPattern().send(client, kEach);
  for (const Descriptor& client : clients) {
    ASSERT_TRUE(eventually([&] { return has_arrived(client); }));
  }
  ASSERT_TRUE(eventually([&] { return (*server)->stats().loops.proactor.lease_waits > 0; }));
  (*server)->drain();
  // Until it has looked for silent ones several times.
  ASSERT_TRUE(eventually([&] { return (*server)->stats().loops.timers > 10; }));
  let_go();
  std::size_t answered = 0;
  for (const Descriptor& client : clients) {
    if (EndlessPattern().receive(client, kEach) == kEach) ++answered;
  }
  EXPECT_EQ(answered, kConnections);
}

// What waits for a receive buffer, or has one and waits to be handled, may not be all there is.
TEST_P(StarvedDrainTest, AnswersASecondRequestThatCameWhileTheFirstWaited) {
  constexpr std::size_t kConnections = 40;
  constexpr std::size_t kBuffers = 8;
  const bool is_bounded = has_buffers();
  const auto server = TcpServer::start(*registry().backend(with_buffers(kBuffers)),
                                       *registry().pool(GetParam().pool), loopback(),
                                       [this] { return gated_echo(); });
  std::vector<Descriptor> clients = dial_many((*server)->endpoint(), kConnections);
  ASSERT_TRUE(all_opened(**server, kConnections));
  for (const Descriptor& client : clients) EndlessPattern().send(client, kRequest);
  const auto first_taken = [&] {
    const ServerStats stats = (*server)->stats();
    return stats.loops.proactor.lease_waits >= (is_bounded ? kConnections - kBuffers : 0);
  };
  ASSERT_TRUE(eventually(first_taken));
  for (const Descriptor& client : clients) {
    EndlessPattern second;
    second.next(kRequest);
    second.send(client, kPipelined - kRequest);
    EXPECT_TRUE(eventually([&] { return has_arrived(client); }));
  }
  (*server)->drain();
  let_go();
  expect_replies(clients);
}

}  // namespace
}  // namespace collet::integration

// SPDX-License-Identifier: MIT
// server_test.cc: a whole server with healthy clients, on every backend and pool.
#include <atomic>
#include <thread>

#include "tests/support/every_cell.h"

namespace collet::integration {
namespace {

// Thread and address sanitizers take some 50 times longer for a byte that is copied and hashed.
constexpr std::size_t kLargeTransfer = kSanitized ? 8'000'000 : 100'000'000;

class ServerTest : public CellTest {};
INSTANTIATE_TEST_SUITE_P(EveryCell, ServerTest, ::testing::ValuesIn(every_cell()), name_of_cell);

TEST_P(ServerTest, EchoesOverIpv4OnThePortItTells) {
  const auto server = serve(loopback());
  EXPECT_NE(port_of(server->endpoint()), 0);
  const Descriptor client = dial(server->endpoint());
  expect_echo(client);
  expect_echo(client, pattern(20'000));
}

TEST_P(ServerTest, ClosesAConnectionWhenItsPeerHasDone) {
  const auto server = serve(loopback());
  Descriptor client = dial(server->endpoint());
  expect_echo(client);
  client.close();
  EXPECT_EQ(journal_.wait_for(1), (std::vector<Ended>{{CloseReason::peer_closed, 0}}));
  const ServerStats stats = server->stats();
  EXPECT_EQ(stats.connections.opened, 1U);
  EXPECT_EQ(stats.open, std::vector<std::size_t>{0});
}

TEST_P(ServerTest, CarriesALargeStreamBothWaysAtOnce) {
  const auto server = serve(loopback());
  const Descriptor client = dial(server->endpoint());
  std::thread writer([&] {
    EndlessPattern().send(client, kLargeTransfer);
    end_sending(client);
  });
  EXPECT_EQ(EndlessPattern().receive(client, kLargeTransfer), kLargeTransfer);
  EXPECT_TRUE(at_end(client));
  writer.join();
}

TEST_P(ServerTest, TakesBytesThatComeOneByOne) {
  const auto server = serve(loopback());
  const Descriptor client = dial(server->endpoint());
  const int on = 1;
  ::setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const std::string text = pattern(2000);
  for (const char byte : text) write_all(client, {&byte, 1});
  EXPECT_EQ(read_up_to(client, text.size()), text);
  for (std::size_t i = 0; i < 100; ++i) expect_echo(client, text.substr(i, 1));
}

TEST_P(ServerTest, OpensAndClosesTwoThousandConnectionsAtOnce) {
  constexpr std::size_t kConnections = 2000;
  allow_many_descriptors();
  const auto server = serve(loopback());
  const std::size_t descriptors = open_descriptors();
  {
    const std::vector<Descriptor> clients = dial_many(server->endpoint(), kConnections);
    for (const Descriptor& client : clients) write_all(client, "hello");
    for (const Descriptor& client : clients) ASSERT_EQ(read_up_to(client, 5), "hello");
    EXPECT_EQ(server->stats().open.front(), kConnections);
  }
  EXPECT_EQ(journal_.wait_for(kConnections),
            std::vector<Ended>(kConnections, {CloseReason::peer_closed, 0}));
  EXPECT_EQ(server->stats().open.front(), 0U);
  EXPECT_EQ(open_descriptors(), descriptors);
}

TEST_P(ServerTest, CountsWhatItsConnectionsDidForTheWatcher) {
  const auto server = serve(loopback(), {.on_data = [](Bytes bytes, Output& out) {
                              out.write(bytes);
                              out.count_requests(1);
                            }});
  {
    const std::vector<Descriptor> clients = dial_many(server->endpoint(), 3);
    for (int round = 0; round < 10; ++round) {
      for (const Descriptor& client : clients) expect_echo(client, "0123456789");
    }
  }
  journal_.wait_for(3);
  auto seen = std::make_unique<WatcherShard>();
  EXPECT_TRUE(server->take_interval(*seen));
  EXPECT_EQ(seen->opened, 3U);
  EXPECT_EQ(seen->finished, 3U);
  EXPECT_EQ(seen->open, 0U);
  EXPECT_EQ(seen->lifetime.count(), 3U);
  EXPECT_EQ(seen->first_byte.count(), 3U);
  EXPECT_EQ(seen->requests, 30U);
  EXPECT_EQ(seen->bytes_in, 300U);
  EXPECT_EQ(seen->bytes_out, 300U);
}

// -- Order and overlap ---------------------------------------------------------------------------

TEST_P(ServerTest, RepliesKeepTheOrderOfPipelinedRequests) {
  // Calls of very different length, which would overtake each other if they could.
  std::atomic<unsigned> calls{0};
  const auto server =
      serve(loopback(), {.on_data = [&calls](Bytes bytes, Output& out) {
              if (calls.fetch_add(1) % 16 == 0) {
                std::this_thread::sleep_for(std::chrono::microseconds(200));  // its work
              }
              out.write(bytes);
            }});
  constexpr std::size_t kBytes = 500'000;
  const std::vector<Descriptor> clients = dial_many(server->endpoint(), 4);
  std::vector<std::thread> writers;
  for (const Descriptor& client : clients) {
    writers.emplace_back([&client] {
      EndlessPattern pattern;
      for (std::size_t sent = 0; sent < kBytes; sent += 1000) pattern.send(client, 1000);
    });
  }
  for (const Descriptor& client : clients) {
    EXPECT_EQ(EndlessPattern().receive(client, kBytes), kBytes);
  }
  for (std::thread& writer : writers) writer.join();
}

// Notes whether two of its calls overlapped.
class Exclusive final : public Handler {
 public:
  explicit Exclusive(std::atomic<int>& overlaps) : overlaps_(overlaps) {}
  void on_open(Output&) override { call(); }
  void on_data(Bytes bytes, Output& out) override {
    call();
    out.write(bytes);
  }
  void on_end(Output& out) override {
    call();
    out.finish();
  }
  void on_close(CloseReason, int) noexcept override { call(); }

 private:
  void call() {
    if (inside_.exchange(true)) ++overlaps_;
    std::this_thread::yield();
    inside_ = false;
  }

  std::atomic<bool> inside_{false};
  std::atomic<int>& overlaps_;
};

TEST_P(ServerTest, NeverServesOneConnectionTwiceAtOnce) {
  std::atomic<int> overlaps{0};
  auto server = serve(loopback(), [&] { return std::make_unique<Exclusive>(overlaps); });
  {
    const std::vector<Descriptor> clients = dial_many(server->endpoint(), 8);
    for (int round = 0; round < 200; ++round) {
      for (const Descriptor& client : clients) write_all(client, "x");
    }
    for (const Descriptor& client : clients) {
      end_sending(client);
      EXPECT_EQ(read_up_to(client, 1000).size(), 200U);
    }
  }
  server.reset();
  EXPECT_EQ(overlaps, 0);
}

class OverlapTest : public CellTest {};
INSTANTIATE_TEST_SUITE_P(EveryCellOfTwoWorkers, OverlapTest,
                         ::testing::ValuesIn(every_cell_with_threads(2)), name_of_cell);

TEST_P(OverlapTest, ServesDifferentConnectionsAtOnce) {
  Gate first_came;
  Gate second_came;
  const auto server = serve(loopback(), {.on_data = [&](Bytes bytes, Output& out) {
                              const bool is_first = bytes.front() == std::byte{'1'};
                              (is_first ? first_came : second_came).open();
                              if (!(is_first ? second_came : first_came).pass()) return out.close();
                              out.write(bytes);
                            }});
  const std::vector<Descriptor> clients = dial_many(server->endpoint(), 2);
  write_all(clients[0], "1");
  write_all(clients[1], "2");
  EXPECT_EQ(read_up_to(clients[0], 1), "1");
  EXPECT_EQ(read_up_to(clients[1], 1), "2");
}

// While one connection's handler runs, the loop goes on: another is accepted and served.
TEST_P(OverlapTest, AHandlerThatWaitsHoldsUpNobodyElse) {
  Gate gate;
  const auto server = serve(loopback(), {.on_data = [&](Bytes bytes, Output& out) {
                              if (bytes.front() == std::byte{'w'}) gate.pass();
                              out.write(bytes);
                            }});
  const Descriptor waiting = dial(server->endpoint());
  write_all(waiting, "w");
  const std::vector<Descriptor> others = dial_many(server->endpoint(), 10);
  for (const Descriptor& other : others) expect_echo(other, "quick");
  gate.open();
  EXPECT_EQ(read_up_to(waiting, 1), "w");
}

}  // namespace
}  // namespace collet::integration

// SPDX-License-Identifier: MIT
// stop_test.cc: ending a server that is under load, stuck or asked for by several threads at once.
#include <array>
#include <atomic>
#include <thread>

#include <gmock/gmock.h>

#include "tests/support/every_cell.h"

namespace collet::integration {
namespace {

using ::testing::Contains;
using ::testing::Each;

class StopTest : public CellTest {};
INSTANTIATE_TEST_SUITE_P(EveryCell, StopTest, ::testing::ValuesIn(every_cell()), name_of_cell);

// A client that keeps requests under way until the server ends, and knows which of its requests
// had reached the server before a drain began.
class Loader {
 public:
  explicit Loader(const Endpoint& to, const std::atomic<bool>& draining)
      : draining_(draining), socket_(dial(to)), thread_([this] { run(); }) {}
  void join() { thread_.join(); }

  std::size_t sent_in_time() const { return sent_in_time_; }
  std::size_t answered() const { return answered_; }

 private:
  void run() {
    load();
    socket_.close();
  }

  void load() {
    EndlessPattern sending;
    EndlessPattern receiving;
    for (std::size_t sent = 0;;) {
      for (int i = 0; i < 4; ++i) {
        const std::size_t now = sending.send_at_once(socket_, 64);
        sent += now;
        if (now > 0 && has_arrived(socket_) && !draining_) sent_in_time_ = sent;
      }
      const std::size_t got = receiving.receive(socket_, sent - answered_);
      answered_ += got;
      if (answered_ < sent || got == 0) return;
    }
  }

  const std::atomic<bool>& draining_;
  Descriptor socket_;
  std::size_t sent_in_time_ = 0;
  std::size_t answered_ = 0;
  std::thread thread_;
};

class LoaderCrowd {
 public:
  LoaderCrowd(TcpServer& server, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      loaders_.push_back(std::make_unique<Loader>(server.endpoint(), draining_));
    }
    // Under load once each has been answered some ten times.
    EXPECT_TRUE(eventually([&] {
      WatcherShard interval;
      server.take_interval(interval);
      return (bytes_ += interval.bytes_out) > size * 64 * 40;
    }));
  }
  void drain_begins() { draining_ = true; }
  void join() {
    for (const auto& loader : loaders_) loader->join();
  }
  const std::vector<std::unique_ptr<Loader>>& loaders() const { return loaders_; }

 private:
  std::atomic<bool> draining_{false};
  std::size_t bytes_ = 0;
  std::vector<std::unique_ptr<Loader>> loaders_;
};

TEST_P(StopTest, DrainUnderLoadAnswersEveryRequestThatHadArrived) {
  for (const std::size_t loops : {1U, 2U}) {
    ServerOptions options = loopback();
    options.loops = loops;
    const auto server = serve(options);
    LoaderCrowd crowd(*server, 6);
    crowd.drain_begins();
    server->drain();
    server->wait();
    crowd.join();
    for (const auto& loader : crowd.loaders()) {
      EXPECT_GE(loader->answered(), loader->sent_in_time());
    }
  }
}

TEST_P(StopTest, UnderLoadEndsEveryConnectionAndReturns) {
  const auto server = serve(loopback());
  LoaderCrowd crowd(*server, 6);
  server->stop();
  server->wait();
  crowd.join();
  EXPECT_THAT(journal_.ended(), Each(Ended{CloseReason::forced}));
  EXPECT_EQ(journal_.ended().size(), 6U);
}

TEST_P(StopTest, EndsConnectionsWhoseClientsAreStuck) {
  const auto server = serve(loopback());
  std::vector<Descriptor> clients = dial_many(server->endpoint(), 3);
  for (const Descriptor& client : clients) {
    EndlessPattern pattern;
    while (server->stats().connections.receive_pauses == 0) pattern.send_at_once(client);
  }
  std::atomic<int> drained{0};
  server->drain([&] { ++drained; });
  server->stop();
  server->wait();
  EXPECT_EQ(drained, 1);
  EXPECT_THAT(journal_.ended(), Contains(Ended{CloseReason::forced}));
  EXPECT_EQ(server->stats().open.front(), 0U);
}

// stop() closes at once, but a handler that runs is not torn away from its connection.
TEST_P(StopTest, WaitsForTheHandlersThatRun) {
  Gate entered;
  Gate gate;
  std::atomic<bool> returned{false};
  const auto server = serve(loopback(), {.on_data = [&](Bytes bytes, Output& out) {
                              entered.open();
                              gate.pass();
                              out.write(bytes);
                              returned = true;
                            }});
  const Descriptor client = dial(server->endpoint());
  write_all(client, "x");
  ASSERT_TRUE(entered.pass());
  server->stop();
  std::thread opener([&] { gate.open(); });
  server->wait();
  EXPECT_TRUE(returned);
  EXPECT_EQ(journal_.ended(), (std::vector<Ended>{{CloseReason::forced}}));
  opener.join();
}

TEST_P(StopTest, AnyThreadMayAskForAnythingMeanwhile) {
  ServerOptions options = loopback();
  options.loops = 2;
  options.listen_mode = ListenMode::handoff;
  const auto server = serve(options);
  LoaderCrowd crowd(*server, 4);
  std::vector<std::thread> askers;
  for (int i = 0; i < 4; ++i) {
    askers.emplace_back([&server, i] {
      WatcherShard interval;
      for (int round = 0; round < 50; ++round) {
        server->stats();
        server->take_interval(interval);
        if (round == 25 && i % 2 == 0) server->drain();
        if (round == 40 && i % 2 == 1) server->stop();
      }
      server->wait();
    });
  }
  for (std::thread& asker : askers) asker.join();
  crowd.join();
  EXPECT_EQ(server->stats().open, (std::vector<std::size_t>{0, 0}));
  WatcherShard rest;
  EXPECT_FALSE(server->take_interval(rest));
}

TEST_P(StopTest, WhileConnectionsPourInLeaksNone) {
  allow_many_descriptors();
  const std::size_t descriptors = open_descriptors();
  for (const ListenMode mode : {ListenMode::handoff, ListenMode::reuseport}) {
    ServerOptions options = loopback();
    options.loops = 2;
    options.listen_mode = mode;
    const auto server = serve(options);
    std::array<std::vector<Descriptor>, 3> clients;  // none of which goes by itself
    std::vector<std::thread> callers;
    for (std::size_t i = 0; i < clients.size(); ++i) {
      callers.emplace_back([&clients = clients[i], at = server->endpoint()] {
        for (bool refused = false; !refused && clients.size() < 3000;) {
          // What meets a closing listener may be lost, and sent again only after a second.
          const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
          const timeval soon{0, 100'000};
          ::setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon);
          refused = ::connect(client, at.address(), at.length) != 0 && errno == ECONNREFUSED;
          clients.emplace_back(client);
        }
      });
    }
    EXPECT_TRUE(eventually([&] { return server->stats().connections.opened > 100; }));
    server->stop();
    for (std::thread& caller : callers) caller.join();
    server->wait();
  }
  EXPECT_EQ(open_descriptors(), descriptors);
}

}  // namespace
}  // namespace collet::integration

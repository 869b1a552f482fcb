// SPDX-License-Identifier: MIT
// held_up_test.cc: what a loop must not conclude from having been busy, and what it owes to those
// it could not look at meanwhile.
#include <sys/socket.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "tests/support/every_cell.h"

namespace collet::integration {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kRequest = 64;

void send_request(const Descriptor& client) { EndlessPattern().send(client, kRequest); }

void expect_reply(const Descriptor& client) {
  EXPECT_EQ(EndlessPattern().receive(client, kRequest), kRequest);
}

// Sleeps before it answers: what it does to the loop is what is tested.
class SlowEcho final : public Handler {
 public:
  explicit SlowEcho(milliseconds delay) : delay_(delay) {}

  void on_data(std::span<const std::byte> bytes, Output& out) override {
    std::this_thread::sleep_for(delay_);
    out.write(bytes);
  }

 private:
  milliseconds delay_;
};

class HeldUpLoopTest : public CellTest {};

TEST_P(HeldUpLoopTest, AnswersWhatArrivedWhileTheIdleTimeoutPassed) {
  ServerOptions options = loopback();
  options.limits.idle_timeout = milliseconds(200);
  const auto server = serve(options, [] { return std::make_unique<SlowEcho>(milliseconds(300)); });
  const std::vector<Descriptor> clients = dial_many(server->endpoint(), 3);
  for (const Descriptor& client : clients) send_request(client);
  for (const Descriptor& client : clients) expect_reply(client);
}

TEST_P(HeldUpLoopTest, EndsAHalfClosedConnectionThatItsHandlerKeepsWhenDrained) {
  class KeepsOpen final : public Handler {
   public:
    explicit KeepsOpen(std::atomic<bool>& ended) : ended_(ended) {}
    void on_data(std::span<const std::byte>, Output&) override {}
    void on_end(Output&) override { ended_ = true; }

   private:
    std::atomic<bool>& ended_;
  };
  std::atomic<bool> ended{false};
  const auto server = serve(loopback(), [&ended] { return std::make_unique<KeepsOpen>(ended); });
  const Descriptor client = dial(server->endpoint());
  ASSERT_EQ(::shutdown(client.get(), SHUT_WR), 0);
  ASSERT_TRUE(eventually([&] { return ended.load(); }));
  server->drain();
  server->wait();
  EXPECT_EQ(closed(*server, CloseReason::drained), 1);
}

TEST_P(HeldUpLoopTest, SurvivesAHandlerThatCannotBeMade) {
  std::atomic<int> made{0};
  const auto server = serve(loopback(), [&made]() -> std::unique_ptr<Handler> {
    const int turn = made++;
    if (turn == 0) throw std::runtime_error("no handler today");
    if (turn == 1) return nullptr;
    return std::make_unique<SlowEcho>(milliseconds(0));
  });
  for (int refused = 0; refused < 2; ++refused) {
    const Descriptor client = dial(server->endpoint());
    char byte = 0;
    EXPECT_LE(::recv(client.get(), &byte, 1, 0), 0);
  }
  const Descriptor client = dial(server->endpoint());
  send_request(client);
  expect_reply(client);
}

TEST_P(HeldUpLoopTest, TellsWhoAsksAfterTheEndThatItIsDrained) {
  const auto server = serve(loopback());
  server->drain();
  server->wait();
  bool told = false;
  server->drain([&told] { told = true; });
  EXPECT_TRUE(told);
}

INSTANTIATE_TEST_SUITE_P(EveryCell, HeldUpLoopTest, ::testing::ValuesIn(every_cell()),
                         name_of_cell);

// However few events the Poller hands over at once, a connection counts as silent only when all
// that was ready has been looked at.
TEST(FewEventsAtOnceTest, DrainingAnswersAllThatHasArrived) {
  ServerOptions options;
  options.listen = *parse_endpoint("127.0.0.1:0");
  const auto server =
      TcpServer::start(*registry().backend("epoll:events=1"), *registry().pool("inline"), options,
                       [] { return std::make_unique<SlowEcho>(milliseconds(1)); });
  ASSERT_TRUE(server.ok()) << server.status();
  std::vector<Descriptor> clients = dial_many((*server)->endpoint(), 32);
  for (const Descriptor& client : clients) {
    send_request(client);
    expect_reply(client);
  }
  for (const Descriptor& client : clients) send_request(client);
  for (const Descriptor& client : clients) {
    ASSERT_TRUE(eventually([&] { return has_arrived(client); }));
  }
  (*server)->drain();
  for (const Descriptor& client : clients) expect_reply(client);
}

}  // namespace
}  // namespace collet::integration

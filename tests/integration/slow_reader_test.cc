// SPDX-License-Identifier: MIT
// slow_reader_test.cc: clients that send and do not read, and handlers slower than their clients:
// memory stays bounded, nobody else suffers, and not a byte is lost.
#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/support/every_cell.h"

namespace collet::integration {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kHighWater = ConnectionLimits{}.high_water_bytes;
// What one connection may hold: a water mark of input and one of output, the receive that crossed
// each, and the reply that is being made.
constexpr std::size_t kMostHeld = 6 * kHighWater;

class SlowReaderTest : public CellTest {
 protected:
  // An echo that counts what it has written.
  Behaviour counting_echo() {
    return {.on_data = [this](Bytes bytes, Output& out) {
      written_ += bytes.size();
      out.write(bytes);
    }};
  }

  // What the server has received from and given to the kernel, since it started.
  const WatcherShard& seen(TcpServer& server) {
    server.take_interval(*seen_);
    return *seen_;
  }

  // What handlers have written and the kernel has not taken; and what it has given and handlers
  // have not seen. Both at most: the server goes on meanwhile.
  std::size_t unsent(TcpServer& server) {
    const std::size_t written = written_;
    return written - std::min<std::size_t>(written, seen(server).bytes_out);
  }
  std::size_t unhandled(TcpServer& server) {
    const std::size_t received = seen(server).bytes_in;
    return received - std::min<std::size_t>(received, written_);
  }

  // Sends until the server has paused and the kernel's buffers are full; returns how much.
  static std::size_t send_until_stuck(TcpServer& server, const Descriptor& client) {
    EndlessPattern pattern;
    std::size_t sent = 0;
    while (true) {
      const std::size_t now = pattern.send_at_once(client);
      sent += now;
      if (now > 0) continue;
      pollfd writable{client.get(), POLLOUT, 0};
      const bool is_stuck = ::poll(&writable, 1, 50) == 0;
      if (is_stuck && server.stats().connections.receive_pauses > 0) return sent;
    }
  }

  static std::chrono::nanoseconds median_round_trip(const Descriptor& client) {
    std::vector<std::chrono::nanoseconds> times(101);
    for (auto& time : times) {
      const auto begun = steady_clock::now();
      expect_echo(client);
      time = steady_clock::now() - begun;
    }
    std::nth_element(times.begin(), times.begin() + 50, times.end());
    return times[50];
  }

  std::atomic<std::size_t> written_{0};
  std::unique_ptr<WatcherShard> seen_ = std::make_unique<WatcherShard>();
};
INSTANTIATE_TEST_SUITE_P(EveryCell, SlowReaderTest, ::testing::ValuesIn(every_cell()),
                         name_of_cell);

TEST_P(SlowReaderTest, IsHeldAtTheHighWaterMarkAndLosesNothing) {
  const auto server = serve(loopback(), counting_echo());
  const Descriptor slow = dial(server->endpoint());
  const std::size_t sent = send_until_stuck(*server, slow);
  EXPECT_GT(sent, kHighWater);
  EXPECT_LE(unsent(*server), kMostHeld);
  EXPECT_LE(unhandled(*server), kMostHeld);
  end_sending(slow);
  EXPECT_EQ(EndlessPattern().receive(slow, sent), sent);
  EXPECT_TRUE(at_end(slow));
  EXPECT_EQ(journal_.wait_for(1), (std::vector<Ended>{{CloseReason::peer_closed}}));
}

TEST_P(SlowReaderTest, GoesOnFromWhereItWasEachTimeItReads) {
  const auto server = serve(loopback());
  const Descriptor slow = dial(server->endpoint());
  EndlessPattern sending;
  EndlessPattern receiving;
  std::size_t unread = 0;
  for (int round = 0; round < 20; ++round) {
    for (std::size_t sent = 1; sent > 0; unread += sent) sent = sending.send_at_once(slow);
    const std::size_t some = unread / 2;
    ASSERT_EQ(receiving.receive(slow, some), some);
    unread -= some;
  }
  end_sending(slow);
  EXPECT_EQ(receiving.receive(slow, unread), unread);
  EXPECT_TRUE(at_end(slow));
}

TEST_P(SlowReaderTest, DoesNotSlowTheOthers) {
  const auto server = serve(loopback(), counting_echo());
  const Descriptor other = dial(server->endpoint());
  const auto before = median_round_trip(other);
  std::vector<Descriptor> slow;
  for (int i = 0; i < 3; ++i) {
    slow.push_back(dial(server->endpoint()));
    send_until_stuck(*server, slow.back());
  }
  // Of the same order: a loop that spins on a paused socket, or waits for it, is far beyond.
  EXPECT_LE(median_round_trip(other), 5 * before + std::chrono::milliseconds(2));
  EXPECT_LE(unsent(*server), 3 * kMostHeld);
}

TEST_P(SlowReaderTest, CostsNoProcessorTimeWhileItIsStuck) {
  const auto server = serve(loopback(), counting_echo());
  const Descriptor slow = dial(server->endpoint());
  send_until_stuck(*server, slow);
  std::uint64_t passes = 0;
  const auto nothing_moves = [&] {
    const std::uint64_t moved = seen(*server).bytes_out;
    const std::uint64_t before = server->stats().loops.passes;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));  // the time that is looked at
    passes = server->stats().loops.passes - before;
    return seen(*server).bytes_out == moved;
  };
  ASSERT_TRUE(eventually(nothing_moves));
  EXPECT_LE(passes, 20U);
}

// A handler that answers every piece, however small, with much: what waits for it is counted in
// pieces too, or a chain of tiny ones would fill the memory.
TEST_P(SlowReaderTest, GetsNoChainOfLargeRepliesToTinyRequests) {
  constexpr std::size_t kPieces = 1000;
  constexpr std::size_t kReply = 64 * 1024;
  Gate gate;
  const auto server = serve(loopback(), {.on_data = [&](Bytes, Output& out) {
                              gate.pass();
                              written_ += kReply;
                              out.write(pattern(kReply));
                            }});
  const Descriptor slow = dial(server->endpoint());
  const int on = 1;
  ::setsockopt(slow.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // Byte by byte, each taken by itself, until the server pauses. An inline handler takes but one.
  const std::size_t most = GetParam().workers > 0 ? kPieces : 1;
  const auto has_paused = [&] { return server->stats().connections.receive_pauses > 0; };
  for (std::size_t sent = 1; sent <= most && !has_paused(); ++sent) {
    write_all(slow, "x");
    ASSERT_TRUE(most == 1 || eventually([&] { return seen(*server).bytes_in == sent; }));
  }
  gate.open();
  EXPECT_EQ(read_up_to(slow, kReply), pattern(kReply));
  EXPECT_TRUE(eventually([&] {
    const PoolStats pool = server->stats().pool;
    return pool.run == pool.accepted;
  }));
  EXPECT_LE(written_, 200 * kReply);
}

// -- Handlers slower than their clients ----------------------------------------------------------

class SlowHandlerTest : public SlowReaderTest {};
INSTANTIATE_TEST_SUITE_P(EveryCellWithThreads, SlowHandlerTest,
                         ::testing::ValuesIn(every_cell_with_threads()), name_of_cell);

TEST_P(SlowHandlerTest, PausesReceivingWithAWaterMarkOfUnhandledInput) {
  Gate gate;
  const auto server = serve(loopback(), {.on_data = [&](Bytes bytes, Output& out) {
                              gate.pass();
                              out.write(bytes);
                            }});
  const Descriptor client = dial(server->endpoint());
  const std::size_t sent = send_until_stuck(*server, client);
  EXPECT_LE(seen(*server).bytes_in, kMostHeld);
  gate.open();
  end_sending(client);
  EXPECT_EQ(EndlessPattern().receive(client, sent), sent);
  EXPECT_TRUE(at_end(client));
}

}  // namespace
}  // namespace collet::integration

// SPDX-License-Identifier: MIT
// workload_test.cc: both halves of each workload against each other, and the client halves against
// servers that get it wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <collet/connections.h>
#include <collet/event_loop.h>

#include "apps/workloads/pattern.h"
#include "apps/workloads/workload.h"
#include "tests/support/builtin_registry.h"

namespace collet::apps {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

std::unique_ptr<Proactor> make_proactor() { return *registry().backend("epoll")->make(); }

// Ends the loop when its one client has gone.
class TestMeter final : public Meter {
 public:
  explicit TestMeter(EventLoop& loop) : Meter(loop, 0, false) {
    set_window(nanoseconds(0), nanoseconds::max());
  }

  Failure outcome = Failure::none;
  int settled_count = 0;
  int closed_count = 0;

 private:
  void on_client_settled() override { ++settled_count; }
  void on_client_closed(Failure failure) override {
    outcome = failure;
    ++closed_count;
    loop().stop();
  }
  void on_schedule() override {}
  void on_wait(Waiter&) override {}
  void on_stop_waiting(Waiter&) noexcept override {}
};

// One connection between a client of a workload and a server's handler, on one loop.
class WorkloadTest : public testing::Test {
 protected:
  static const Workload& workload(std::string_view name) { return **find_workload(name); }

  void connect(std::unique_ptr<Handler> client, std::unique_ptr<Handler> server) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    connections_.adopt(ends[0], std::move(server));
    connections_.adopt(ends[1], std::move(client));
    loop_.call_after(seconds(20), [this] {
      ADD_FAILURE() << "the client never ended";
      loop_.stop();
    });
    loop_.run();
    EXPECT_EQ(meter_.closed_count, 1);
    EXPECT_EQ(meter_.settled_count, 1);
  }

  void run(std::string_view name, const RequestShape& shape, std::size_t requests) {
    meter_.set_allowance(requests);
    connect(workload(name).make_client(shape, meter_), workload(name).make_server(no_burden_));
  }

  // A client of `name` against any server.
  void run_against(std::string_view name, const RequestShape& shape,
                   std::unique_ptr<Handler> server) {
    connect(workload(name).make_client(shape, meter_), std::move(server));
  }

  Burden no_burden_;
  std::unique_ptr<ThreadPool> pool_ = *registry().pool("inline")->make(0);
  EventLoop loop_{make_proactor()};
  Connections connections_{loop_, *pool_, {.high_water_bytes = 64 << 20}};
  TestMeter meter_{loop_};
};

// Answers by what it is told, with the bytes received so far.
class ScriptedServer final : public Handler {
 public:
  using Script = std::function<void(std::vector<std::byte>& received, Output& out)>;
  explicit ScriptedServer(Script script) : script_(std::move(script)) {}

  void on_data(std::span<const std::byte> bytes, Output& out) override {
    received_.insert(received_.end(), bytes.begin(), bytes.end());
    script_(received_, out);
  }

 private:
  Script script_;
  std::vector<std::byte> received_;
};

std::unique_ptr<Handler> scripted(ScriptedServer::Script script) {
  return std::make_unique<ScriptedServer>(std::move(script));
}

// Echoes requests of `size` bytes, and the one of number `at` after `spoil` has had it.
std::unique_ptr<Handler> spoiling_echo(std::size_t size, int at,
                                       std::function<void(std::vector<std::byte>& reply)> spoil) {
  return scripted([size, at, spoil, number = 0](auto& received, Output& out) mutable {
    while (received.size() >= size) {
      const auto end = received.begin() + static_cast<std::ptrdiff_t>(size);
      std::vector<std::byte> reply(received.begin(), end);
      received.erase(received.begin(), end);
      if (number++ == at) spoil(reply);
      out.write(reply);
    }
  });
}

TEST_F(WorkloadTest, EchoAnswersEveryRequest) {
  run("echo", {.payload_bytes = 64}, 500);
  EXPECT_EQ(meter_.outcome, Failure::none);
  EXPECT_EQ(meter_.tally().requests, 500U);
  EXPECT_EQ(meter_.tally().service.count(), 500U);
  EXPECT_EQ(meter_.tally().request_bytes, 500U * 64);
  EXPECT_EQ(meter_.tally().failed(), 0U);
}

TEST_F(WorkloadTest, EchoAnswersPipelinedRequests) {
  run("echo", {.payload_bytes = 7, .pipeline = 16}, 1000);
  EXPECT_EQ(meter_.tally().requests, 1000U);
  EXPECT_EQ(meter_.tally().failed(), 0U);
}

TEST_F(WorkloadTest, EchoAnswersRequestsOfOneByte) {
  run("echo", {.payload_bytes = 1, .pipeline = 3}, 100);
  EXPECT_EQ(meter_.tally().requests, 100U);
}

TEST_F(WorkloadTest, EchoAnswersRequestsLargerThanThePattern) {
  run("echo", {.payload_bytes = 3 * PatternCursor::kLap + 1, .pipeline = 2}, 5);
  EXPECT_EQ(meter_.tally().requests, 5U);
  EXPECT_EQ(meter_.tally().failed(), 0U);
}

TEST_F(WorkloadTest, ClientWithoutAllowanceSendsNothing) {
  run("echo", {.payload_bytes = 64}, 0);
  EXPECT_EQ(meter_.tally().requests, 0U);
  EXPECT_EQ(meter_.tally().failed(), 0U);
}

TEST_F(WorkloadTest, FlippedBitIsAnErrorAndNoSample) {
  run_against("echo", {.payload_bytes = 64},
              spoiling_echo(64, 10, [](auto& reply) { reply[63] ^= std::byte{1}; }));
  EXPECT_EQ(meter_.outcome, Failure::wrong_bytes);
  EXPECT_EQ(meter_.tally().requests, 10U);
}

TEST_F(WorkloadTest, StaleReplyIsAnError) {
  std::vector<std::byte> earlier;
  auto stale = scripted([earlier, number = 0](auto& received, Output& out) mutable {
    out.write(number++ == 5 ? earlier : received);
    earlier = std::exchange(received, {});
  });
  run_against("echo", {.payload_bytes = 64}, std::move(stale));
  EXPECT_EQ(meter_.outcome, Failure::wrong_bytes);
}

TEST_F(WorkloadTest, ReplyLeftOutIsAnErrorOncePipelinedOnesFollow) {
  run_against("echo", {.payload_bytes = 64, .pipeline = 4},
              spoiling_echo(64, 6, [](auto& reply) { reply.clear(); }));
  EXPECT_EQ(meter_.outcome, Failure::wrong_bytes);
  EXPECT_LE(meter_.tally().requests, 6U);
}

TEST_F(WorkloadTest, ReplySentTwiceIsAnError) {
  run_against("echo", {.payload_bytes = 64}, spoiling_echo(64, 3, [](auto& reply) {
                const auto once = reply;
                reply.insert(reply.end(), once.begin(), once.end());
              }));
  EXPECT_EQ(meter_.outcome, Failure::wrong_bytes);
}

TEST_F(WorkloadTest, RepliesInTheWrongOrderAreAnError) {
  auto swapping = scripted([](auto& received, Output& out) {
    if (received.size() < 128) return;
    out.write(std::span(received).subspan(64));
    out.write(std::span(received).first(64));
  });
  run_against("echo", {.payload_bytes = 64, .pipeline = 2}, std::move(swapping));
  EXPECT_EQ(meter_.outcome, Failure::wrong_bytes);
}

TEST_F(WorkloadTest, BytesOfAnotherConnectionAreAnError) {
  // The buffer of a server that mixes up two connections: what the other one would have sent.
  run_against("echo", {.payload_bytes = 64}, scripted([](auto& received, Output& out) {
                const std::vector<std::byte> other(received.size(), received.front());
                out.write(other);
              }));
  EXPECT_EQ(meter_.outcome, Failure::wrong_bytes);
}

TEST_F(WorkloadTest, ServerThatEndsEarlyIsAnError) {
  run_against("echo", {.payload_bytes = 64}, scripted([](auto& received, Output& out) {
                out.write(received);
                received.clear();
                out.finish();
              }));
  EXPECT_EQ(meter_.outcome, Failure::closed_early);
}

TEST_F(WorkloadTest, HttpAnswersEveryGet) {
  run("http", {.pipeline = 16}, 1000);
  EXPECT_EQ(meter_.outcome, Failure::none);
  EXPECT_EQ(meter_.tally().requests, 1000U);
  EXPECT_EQ(meter_.tally().service.count(), 1000U);
  EXPECT_EQ(meter_.tally().failed(), 0U);
}

TEST_F(WorkloadTest, HttpAnswersEveryPost) {
  run("http", {.payload_bytes = 1000, .pipeline = 3}, 500);
  EXPECT_EQ(meter_.tally().requests, 500U);
  EXPECT_EQ(meter_.tally().request_bytes, 500U * 1000);
  EXPECT_EQ(meter_.tally().failed(), 0U);
}

TEST_F(WorkloadTest, HttpBodyOfMoreThanAMebibyteIsAnError) {
  run("http", {.payload_bytes = (1 << 20) + 1}, 1);
  EXPECT_EQ(meter_.outcome, Failure::wrong_bytes);
}

TEST_F(WorkloadTest, HttpResponseTooManyIsAnError) {
  run_against("http", {}, scripted([](auto& received, Output& out) {
                received.clear();
                for (int i = 0; i < 2; ++i)
                  out.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
              }));
  EXPECT_EQ(meter_.outcome, Failure::wrong_bytes);
}

TEST_F(WorkloadTest, GreetIsAnsweredOnceAndCloses) {
  run("greet", {.payload_bytes = 100'000}, 1);
  EXPECT_EQ(meter_.outcome, Failure::none);
  EXPECT_EQ(meter_.tally().requests, 1U);
  EXPECT_EQ(meter_.tally().request_bytes, 100'000U);
  EXPECT_EQ(meter_.tally().service.count(), 1U);
  EXPECT_EQ(meter_.tally().connect.count(), 1U);
  EXPECT_EQ(meter_.tally().close.count(), 1U);
}

TEST_F(WorkloadTest, OtherGreetingIsAnError) {
  run_against("greet", {.payload_bytes = 10},
              scripted([](auto&, Output& out) { out.write("HO\n"); }));
  EXPECT_EQ(meter_.outcome, Failure::wrong_bytes);
  EXPECT_EQ(meter_.tally().requests, 0U);
}

TEST_F(WorkloadTest, GreetingWithoutAnEndIsAnError) {
  run_against("greet", {.payload_bytes = 10}, scripted([](auto&, Output& out) {
                out.write("HI");
                out.finish();
              }));
  EXPECT_EQ(meter_.outcome, Failure::closed_early);
}

// Calls of the client's handler as a connection would make them, one byte at a time.
class PiecesTest : public testing::Test {
 protected:
  EventLoop loop_{make_proactor()};
  TestMeter meter_{loop_};
};

// The next byte of a stream, found by asking.
std::byte next_of(PatternCursor& cursor) {
  for (int value = 0; value < 256; ++value) {
    PatternCursor attempt = cursor;
    const auto byte = static_cast<std::byte>(value);
    if (!attempt.match(std::span(&byte, 1))) continue;
    cursor = attempt;
    return byte;
  }
  ADD_FAILURE() << "no byte is next";
  return {};
}

TEST_F(PiecesTest, EchoReplyCountsWhenItsLastByteHasCome) {
  const auto client =
      (*find_workload("echo"))->make_client({.payload_bytes = 10, .pipeline = 2}, meter_);
  PatternCursor stream(0);  // the meter's first connection
  Output out;
  client->on_open(out);
  for (std::size_t i = 1; i <= 100; ++i) {
    const std::byte byte = next_of(stream);
    client->on_data(std::span(&byte, 1), out);
    ASSERT_EQ(meter_.tally().requests, i / 10);
  }
  client->on_close(CloseReason::forced, 0);
  EXPECT_EQ(meter_.tally().unanswered, 2U);
}

TEST_F(PiecesTest, GreetingMayComeInPieces) {
  const auto client = (*find_workload("greet"))->make_client({.payload_bytes = 10}, meter_);
  Output out;
  client->on_open(out);
  for (const std::byte byte : std::as_bytes(std::span("HI\n", 3))) {
    EXPECT_EQ(meter_.tally().requests, 0U);
    client->on_data(std::span(&byte, 1), out);
  }
  EXPECT_EQ(meter_.tally().requests, 1U);
}

TEST_F(PiecesTest, AnswersCountInsideTheWindowOnly) {
  meter_.set_window(nanoseconds(100), nanoseconds(200));
  meter_.answered(Begun{}, nanoseconds(99), 1);
  EXPECT_EQ(meter_.tally().requests, 0U);
  meter_.answered(Begun{}, nanoseconds(100), 1);
  meter_.answered(Begun{}, nanoseconds(199), 1);
  EXPECT_EQ(meter_.tally().requests, 2U);
  meter_.answered(Begun{}, nanoseconds(200), 1);
  EXPECT_EQ(meter_.tally().requests, 2U);
}

TEST_F(PiecesTest, FailureThatTheEndOfTheRunCausesDoesNotCount) {
  meter_.end();
  meter_.closed(Failure::reset, ECONNRESET, 1);
  EXPECT_EQ(meter_.tally().failed(), 0U);
  meter_.closed(Failure::wrong_bytes, 0, 1);
  EXPECT_EQ(meter_.tally().failed(Failure::wrong_bytes), 1U);
}

// A server that loses a reply may do so just before the end.
TEST_F(PiecesTest, AnswerThatTheEndWaitedForInVainIsMissed) {
  auto client = (*find_workload("greet"))->make_client({.payload_bytes = 3}, meter_);
  auto unconnected = (*find_workload("greet"))->make_client({.payload_bytes = 3}, meter_);
  Output out;
  client->on_open(out);
  meter_.end();
  meter_.lose_patience();
  client->on_close(CloseReason::forced, 0);
  unconnected->on_close(CloseReason::forced, 0);
  EXPECT_EQ(meter_.tally().failed(Failure::timeout), 1U);
  EXPECT_EQ(meter_.tally().unanswered, 1U);
}

TEST(PatternTest, EveryShiftOfTheStreamIsSeen) {
  // A reply that repeats or leaves out a whole number of usual buffers must not fit.
  for (const std::size_t shift : {1U, 64U, 1024U, 4096U, 16384U, 65536U, 131072U}) {
    PatternCursor expected(0);
    PatternCursor shifted(0);
    for (std::size_t i = 0; i < shift % PatternCursor::kLap; ++i) next_of(shifted);
    std::vector<std::byte> bytes(16);
    for (std::byte& byte : bytes) byte = next_of(shifted);
    EXPECT_FALSE(expected.match(bytes)) << shift;
  }
}

TEST(PatternTest, ConnectionsDiffer) {
  for (std::uint64_t serial = 1; serial < 1000; ++serial) {
    PatternCursor one(0);
    PatternCursor other(serial);
    std::vector<std::byte> bytes(8);
    for (std::byte& byte : bytes) byte = next_of(one);
    EXPECT_FALSE(other.match(bytes)) << serial;
  }
}

TEST(BurdenTest, WorkBurnsAndBlockSleeps) {
  using Clock = std::chrono::steady_clock;
  for (const Burden burden : {Burden{.work = milliseconds(2)}, Burden{.block = milliseconds(2)}}) {
    const auto begun = Clock::now();
    burden.bear();
    EXPECT_GE(Clock::now() - begun, milliseconds(2));
  }
}

TEST(WorkloadTableTest, UnknownNameIsAnsweredWithTheKnownOnes) {
  const auto found = find_workload("ehco");
  ASSERT_FALSE(found.ok());
  EXPECT_THAT(std::string(found.status().message()),
              testing::AllOf(testing::HasSubstr("--workload"), testing::HasSubstr("ehco"),
                             testing::HasSubstr("echo, greet, http")));
}

}  // namespace
}  // namespace collet::apps

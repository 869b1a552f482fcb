// SPDX-License-Identifier: MIT
// faults_test.cc: half-closes, resets, handlers that throw, and how connections end, on every
// backend and pool.
#include <atomic>
#include <csignal>
#include <mutex>
#include <new>
#include <stdexcept>

#include <gmock/gmock.h>

#include "tests/support/every_cell.h"

namespace collet::integration {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::AnyOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;

// As a TCP peer's reset shows: on receiving, or on sending what it no longer wants.
const auto kReset = ::testing::AllOf(Field(&Ended::reason, CloseReason::error),
                                     Field(&Ended::error, AnyOf(ECONNRESET, EPIPE)));

class FaultsTest : public CellTest {
 protected:
  static std::span<const std::byte> megabytes(std::size_t count) {
    static const std::vector<std::byte> bytes(64'000'000);
    return std::span(bytes).first(count * 1'000'000);
  }
};
INSTANTIATE_TEST_SUITE_P(EveryCell, FaultsTest, ::testing::ValuesIn(every_cell()), name_of_cell);

// -- Half-close ----------------------------------------------------------------------------------

TEST_P(FaultsTest, AThousandRequestsAndAHalfCloseGetAThousandReplies) {
  const auto server = serve(loopback());
  const Descriptor client = dial(server->endpoint());
  EndlessPattern().send(client, 1000 * 64);
  end_sending(client);
  EXPECT_EQ(EndlessPattern().receive(client, 1000 * 64), 1000U * 64);
  EXPECT_TRUE(at_end(client));
  EXPECT_THAT(journal_.wait_for(1), ElementsAre(Ended{CloseReason::peer_closed}));
}

// More replies than the socket holds: they are still queued when the peer's end arrives.
TEST_P(FaultsTest, AHalfCloseDoesNotCutOffRepliesThatWait) {
  constexpr std::size_t kTimes = 256;
  const auto server = serve(loopback(), {.on_data = [](Bytes bytes, Output& out) {
                              for (std::size_t i = 0; i < kTimes; ++i) out.write(bytes);
                            }});
  const Descriptor client = dial(server->endpoint());
  EndlessPattern().send(client, 1000 * 64);
  end_sending(client);
  ASSERT_TRUE(eventually([&] { return has_arrived(client); }));
  EXPECT_EQ(read_up_to(client, 1000 * 64 * kTimes).size(), 1000U * 64 * kTimes);
  EXPECT_TRUE(at_end(client));
  EXPECT_THAT(journal_.wait_for(1), ElementsAre(Ended{CloseReason::peer_closed}));
}

TEST_P(FaultsTest, AHandlerMayAnswerTheEndOfTheStream) {
  const auto server = serve(loopback(), {.on_data = [](Bytes, Output&) {},
                                         .on_end =
                                             [](Output& out) {
                                               out.write("the sum is 42");
                                               out.finish();
                                             }});
  const Descriptor client = dial(server->endpoint());
  write_all(client, "40 2");
  end_sending(client);
  EXPECT_EQ(read_up_to(client, 100), "the sum is 42");
}

// -- Resets --------------------------------------------------------------------------------------

TEST_P(FaultsTest, AResetInTheMiddleOfALargeWriteEndsTheConnectionOnce) {
  constexpr std::size_t kLarge = kSanitized ? 8 : 32;  // beyond what a socket takes at once
  struct sigaction on_pipe {};
  ::sigaction(SIGPIPE, nullptr, &on_pipe);
  ASSERT_EQ(on_pipe.sa_handler, SIG_DFL) << "or the absence of SIGPIPE proves nothing";
  const auto server =
      serve(loopback(), {.on_data = [](Bytes, Output& out) { out.write(megabytes(kLarge)); }});
  Descriptor client = dial(server->endpoint());
  const Descriptor witness = dial(server->endpoint());
  write_all(client, "more!");
  EXPECT_EQ(read_up_to(client, 100'000).size(), 100'000U);
  reset_connection(client);
  EXPECT_THAT(journal_.wait_for(1), ElementsAre(kReset));
  write_all(witness, "x");
  EXPECT_EQ(read_up_to(witness, kLarge * 1'000'000).size(), kLarge * 1'000'000);
  EXPECT_EQ(journal_.ended().size(), 1U);
  EXPECT_EQ(closed(*server, CloseReason::error), 1U);
}

TEST_P(FaultsTest, AResetOfASilentConnectionEndsItAtOnce) {
  const auto server = serve(loopback());
  Descriptor client = dial(server->endpoint());
  expect_echo(client);
  reset_connection(client);
  EXPECT_THAT(journal_.wait_for(1), ElementsAre(Ended{CloseReason::error, ECONNRESET}));
}

// Nobody looks at the socket then: its receiving is paused, and nothing is being sent.
TEST_P(FaultsTest, AResetWhileTheHandlerRunsIsFoundAfterwards) {
  Gate entered;
  Gate gate;
  const auto server = serve(loopback(), {.on_data = [&](Bytes bytes, Output& out) {
                              entered.open();
                              gate.pass();
                              out.write(bytes);
                            }});
  Descriptor client = dial(server->endpoint());
  EndlessPattern().send(client, 300'000);
  ASSERT_TRUE(entered.pass());
  reset_connection(client);
  gate.open();
  EXPECT_THAT(journal_.wait_for(1), ElementsAre(kReset));
}

TEST_P(FaultsTest, ConnectionsResetBeforeTheyAreAcceptedHurtNobody) {
  Gate gate;
  Gate held;
  const auto server = serve(loopback(), [&] {
    held.open();
    gate.pass();
    return make_handler();
  });
  const Descriptor first = dial(server->endpoint());
  ASSERT_TRUE(held.pass());
  for (int i = 0; i < 20; ++i) {
    Descriptor client = dial(server->endpoint());
    write_all(client, "never mind");
    reset_connection(client);
  }
  const Descriptor last = dial(server->endpoint());
  gate.open();
  expect_echo(first);
  expect_echo(last);
}

// -- Handlers that throw -------------------------------------------------------------------------

enum class Call { open, data, end };
enum class Thrown { exception, number, bad_alloc };

[[noreturn]] void throw_one(Thrown what) {
  switch (what) {
    case Thrown::exception:
      throw std::runtime_error("as planned");
    case Thrown::number:
      throw 42;
    case Thrown::bad_alloc:
      throw std::bad_alloc();
  }
  throw 0;
}

// Throws when `when` comes, after it has written something.
Behaviour behaviour_that_throws(Call when, Thrown what) {
  const auto misbehave = [what](Output& out) {
    out.write("never to be seen");
    throw_one(what);
  };
  Behaviour behaviour;
  if (when == Call::open) behaviour.on_open = misbehave;
  if (when == Call::data) behaviour.on_data = [=](Bytes, Output& out) { misbehave(out); };
  if (when == Call::end) behaviour.on_end = misbehave;
  return behaviour;
}

TEST_P(FaultsTest, AHandlerThatThrowsLosesItsOwnConnectionOnly) {
  std::mutex mutex;
  Behaviour next;  // of the next connection
  const auto server = serve(loopback(), [&] {
    const std::lock_guard lock(mutex);
    return make_handler(next);
  });
  const Descriptor witness = dial(server->endpoint());
  expect_echo(witness);
  std::size_t thrown = 0;
  for (const Call when : {Call::open, Call::data, Call::end}) {
    for (const Thrown what : {Thrown::exception, Thrown::number, Thrown::bad_alloc}) {
      {
        const std::lock_guard lock(mutex);
        next = behaviour_that_throws(when, what);
      }
      const Descriptor victim = dial(server->endpoint());
      if (when == Call::data) write_all(victim, "x");
      if (when == Call::end) end_sending(victim);
      EXPECT_EQ(read_up_to(victim, 100), "") << "what the call wrote before it threw was sent";
      EXPECT_EQ(journal_.wait_for(++thrown).size(), thrown);
      expect_echo(witness);
    }
  }
  EXPECT_THAT(journal_.ended(), Each(Ended{CloseReason::handler_threw}));
  EXPECT_EQ(closed(*server, CloseReason::handler_threw), 9U);
}

TEST_P(FaultsTest, WhatWasAnsweredBeforeAHandlerThrewIsDelivered) {
  const auto server = serve(loopback(), {.on_data = [](Bytes bytes, Output& out) {
                              out.write(bytes);
                              if (bytes.back() == std::byte{'!'}) throw_one(Thrown::number);
                            }});
  const Descriptor client = dial(server->endpoint());
  expect_echo(client, "hello");
  write_all(client, "boom!");
  EXPECT_EQ(read_up_to(client, 100), "");
  EXPECT_THAT(journal_.wait_for(1), ElementsAre(Ended{CloseReason::handler_threw}));
}

TEST_P(FaultsTest, HandlersThatThrowByTheHundredAreCountedEach) {
  constexpr std::size_t kConnections = 300;
  const auto server = serve(loopback(), behaviour_that_throws(Call::data, Thrown::exception));
  {
    const std::vector<Descriptor> clients = dial_many(server->endpoint(), kConnections);
    for (const Descriptor& client : clients) write_all(client, "x");
    EXPECT_THAT(journal_.wait_for(kConnections), Each(Ended{CloseReason::handler_threw}));
  }
  EXPECT_EQ(closed(*server, CloseReason::handler_threw), kConnections);
}

TEST_P(FaultsTest, AHandlerThatCannotBeMadeCostsItsConnectionOnly) {
  std::atomic<int> asked{0};
  ServerOptions options = loopback();
  options.loops = 2;
  options.listen_mode = ListenMode::handoff;
  const auto server = serve(options, [&]() -> std::unique_ptr<Handler> {
    switch (asked++ % 3) {
      case 0:
        return make_handler();
      case 1:
        throw std::bad_alloc();
      default:
        return nullptr;
    }
  });
  std::size_t served = 0;
  for (int i = 0; i < 30; ++i) {
    // Some are reset before connect() has returned.
    const Descriptor client =
        conformance::patient(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ::connect(client.get(), server->endpoint().address(), server->endpoint().length);
    ::send(client.get(), "hello", 5, MSG_NOSIGNAL);
    if (read_up_to(client, 5) == "hello") ++served;
  }
  EXPECT_EQ(served, 10U);
  EXPECT_EQ(server->stats().connections.opened, 10U);
}

// -- Ends that the handler asks for --------------------------------------------------------------

TEST_P(FaultsTest, FinishLetsThePeerGoOnUntilItEndsToo) {
  std::atomic<int> calls{0};
  ServerOptions options = loopback();
  options.limits.linger = hours(1);
  const auto server = serve(options, {.on_data = [&calls](Bytes, Output& out) {
                              ++calls;
                              out.write("bye");
                              out.finish();
                            }});
  Descriptor client = dial(server->endpoint());
  write_all(client, "x");
  EXPECT_EQ(read_up_to(client, 100), "bye");
  for (int i = 0; i < 100; ++i) write_all(client, pattern(1000));
  ASSERT_TRUE(eventually([&] { return has_arrived(client); })) << "nobody receives any more";
  EXPECT_TRUE(journal_.ended().empty());
  client.close();
  EXPECT_THAT(journal_.wait_for(1), ElementsAre(Ended{CloseReason::handler_closed}));
  EXPECT_EQ(calls, 1) << "bytes after the end were handled";
}

TEST_P(FaultsTest, APeerThatNeverEndsIsCutOffAfterTheLinger) {
  ServerOptions options = loopback();
  options.limits.linger = milliseconds(100);
  const auto server = serve(options, {.on_open = [](Output& out) {
                              out.write("bye");
                              out.finish();
                            }});
  const auto begun = steady_clock::now();
  const Descriptor client = dial(server->endpoint());
  EXPECT_EQ(read_up_to(client, 100), "bye");
  EXPECT_THAT(journal_.wait_for(1), ElementsAre(Ended{CloseReason::handler_closed}));
  EXPECT_GE(steady_clock::now() - begun, options.limits.linger);
}

// The linger is not extended by what the peer sends.
TEST_P(FaultsTest, APeerThatKeepsSendingIsCutOffAfterTheLinger) {
  ServerOptions options = loopback();
  options.limits.linger = milliseconds(50);
  const auto server = serve(options, {.on_open = [](Output& out) { out.finish(); }});
  const Descriptor client = dial(server->endpoint());
  const std::string text = pattern(1000);
  EXPECT_TRUE(eventually([&] {
    return ::send(client.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
           errno != EAGAIN;
  })) << "the connection never broke";
  EXPECT_THAT(journal_.wait_for(1), ElementsAre(Ended{CloseReason::handler_closed}));
}

TEST_P(FaultsTest, CloseWaitsForTheKernelToTakeEverythingAndNotForThePeer) {
  constexpr std::size_t kMegabytes = 16;
  ServerOptions options = loopback();
  options.limits.linger = hours(1);
  const auto server = serve(options, {.on_data = [](Bytes, Output& out) {
                              out.write(megabytes(kMegabytes));
                              out.close();
                            }});
  const Descriptor client = dial(server->endpoint());
  write_all(client, "x");
  EXPECT_EQ(read_up_to(client, megabytes(kMegabytes).size()).size(), megabytes(kMegabytes).size());
  EXPECT_TRUE(at_end(client));
  EXPECT_THAT(journal_.wait_for(1), ElementsAre(Ended{CloseReason::handler_closed}));
}

// -- Silence -------------------------------------------------------------------------------------

class IdleTest : public CellTest {};
INSTANTIATE_TEST_SUITE_P(EveryCell, IdleTest, ::testing::ValuesIn(every_cell()), name_of_cell);

TEST_P(IdleTest, OnlySilentConnectionsRunIntoTheIdleTimeout) {
  ServerOptions options = loopback();
  options.limits.idle_timeout = milliseconds(400);
  const auto server = serve(options);
  const Descriptor active = dial(server->endpoint());
  const auto begun = steady_clock::now();
  const Descriptor silent = dial(server->endpoint());
  EXPECT_TRUE(eventually([&] {
    expect_echo(active);
    return is_readable(silent);
  }));
  EXPECT_GE(steady_clock::now() - begun, options.limits.idle_timeout);
  EXPECT_TRUE(at_end(silent));
  EXPECT_THAT(journal_.wait_for(1), ElementsAre(Ended{CloseReason::idle}));
  expect_echo(active);
}

class BusyTest : public CellTest {};
INSTANTIATE_TEST_SUITE_P(EveryCellOfTwoWorkers, BusyTest,
                         ::testing::ValuesIn(every_cell_with_threads(2)), name_of_cell);

TEST_P(BusyTest, AConnectionWhoseHandlerStillRunsIsNotIdle) {
  Gate gate;
  ServerOptions options = loopback();
  options.limits.idle_timeout = milliseconds(50);
  const auto server = serve(options, {.on_data = [&](Bytes bytes, Output& out) {
                              gate.pass();
                              out.write(bytes);
                            }});
  const Descriptor busy = dial(server->endpoint());
  write_all(busy, "x");
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(at_end(dial(server->endpoint()))) << "silent, so ended";
  gate.open();
  EXPECT_EQ(read_up_to(busy, 1), "x");
}

}  // namespace
}  // namespace collet::integration

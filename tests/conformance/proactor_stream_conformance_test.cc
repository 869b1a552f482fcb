// SPDX-License-Identifier: MIT
// proactor_stream_conformance_test.cc: the rules of <collet/proactor.h> about receiving, leases and
// sending, for every backend.
#include <future>
#include <thread>
#include <vector>

#include "tests/conformance/proactor_fixture.h"

namespace collet::conformance {
namespace {

class ProactorStreamTest : public ProactorTest {
 protected:
  // What the leases that the driver kept say, read again.
  std::string lent(const Named& stream) {
    std::string text;
    for (const Lease& lease : driver()[stream].leases) {
      text.append(reinterpret_cast<const char*>(lease.bytes().data()), lease.bytes().size());
    }
    return text;
  }
};

INSTANTIATE_TEST_SUITE_P(EveryBackend, ProactorStreamTest, ::testing::ValuesIn(backend_names()),
                         name_of_parameter);

// -- R7: the end comes last -----------------------------------------------------------------------

TEST_P(ProactorStreamTest, TheEndComesAfterAllBytes) {
  const Connected one = receiving(tcp_pair());
  const std::string text = pattern(1 << 20);
  std::thread peer([&] {
    write_all(one.peer, text);
    ::shutdown(one.peer.get(), SHUT_WR);
  });
  driver().run_until_last(one.stream, Operation::receive);
  peer.join();
  EXPECT_EQ(driver()[one.stream].error[Operation::receive], 0);
  EXPECT_TRUE(driver()[one.stream].received == text);
}

TEST_P(ProactorStreamTest, SendingGoesOnAfterThePeerHasEnded) {
  const Connected one = receiving(tcp_pair());
  ::shutdown(one.peer.get(), SHUT_WR);
  driver().run_until_last(one.stream, Operation::receive);
  const std::string reply = pattern(1 << 20);
  ASSERT_EQ(driver().send(one.stream, reply), 0);
  auto read = std::async(std::launch::async, [&] { return read_up_to(one.peer, reply.size()); });
  driver().run_until_last(one.stream, Operation::send);
  EXPECT_EQ(driver()[one.stream].error[Operation::send], 0);
  EXPECT_EQ(driver()[one.stream].sent, reply.size());
  EXPECT_TRUE(read.get() == reply);
}

TEST_P(ProactorStreamTest, ShutdownEndsOurSendingOnly) {
  const Connected one = receiving(tcp_pair());
  driver().send(one.stream, "last words");
  driver().run_until_last(one.stream, Operation::send);
  EXPECT_EQ(driver()->shutdown(one.stream.handle), 0);
  EXPECT_EQ(read_up_to(one.peer, 100), "last words");
  write_all(one.peer, "still here");
  driver().run_until_received(one.stream, 10);
}

TEST_P(ProactorStreamTest, AResetIsReportedOnce) {
  Connected one = receiving(tcp_pair());
  write_all(one.peer, pattern(100'000));
  driver().run_what_is_ready();
  reset_connection(one.peer);
  driver().run_until_last(one.stream, Operation::receive);
  EXPECT_EQ(driver()[one.stream].error[Operation::receive], ECONNRESET);
  driver().run_for_a_while();
  EXPECT_EQ(driver()[one.stream].last[Operation::receive], 1);
}

TEST_P(ProactorStreamTest, EmptiedTellsThatTheSocketHeldNoMore) {
  const Connected one = receiving(tcp_pair());
  write_all(one.peer, "small");
  driver().run_until_received(one.stream, 5);
  EXPECT_TRUE(driver()[one.stream].emptied);
}

// -- Stopping and starting ------------------------------------------------------------------------

TEST_P(ProactorStreamTest, StoppingAndStartingUnderTrafficLosesNothing) {
  const Connected one = receiving(tcp_pair());
  const std::string text = pattern(4 << 20);
  driver().on(one.stream, [&](Completion& completion) {
    if (completion.operation != Operation::receive) return;
    if (completion.last && completion.error == ECANCELED) driver().start(one.stream);
    if (!completion.last) driver()->stop(one.stream.handle);
  });
  std::thread peer([&] {
    write_all(one.peer, text);
    ::shutdown(one.peer.get(), SHUT_WR);
  });
  driver().run_until([&] {
    Seen& seen = driver()[one.stream];
    return seen.last[Operation::receive] > 0 && seen.error[Operation::receive] == 0;
  });
  peer.join();
  EXPECT_TRUE(driver()[one.stream].received == text);
  EXPECT_GT(driver()[one.stream].last[Operation::receive], 10);
}

TEST_P(ProactorStreamTest, WhatArrivesWhileStoppedIsThereAfterStart) {
  const Connected one = receiving(tcp_pair());
  driver().run_what_is_ready();
  driver()->stop(one.stream.handle);
  write_all(one.peer, "early");
  driver().run_until_last(one.stream, Operation::receive);
  driver().run_for_a_while();
  driver().start(one.stream);
  driver().run_until_received(one.stream, 5);
  EXPECT_EQ(driver()[one.stream].received, "early");
}

TEST_P(ProactorStreamTest, StoppingReceivingLeavesSendingAlone) {
  const Connected one = receiving(tcp_pair());
  const std::string text = pattern(8 << 20);
  ASSERT_EQ(driver().send(one.stream, text), 0);
  driver().run(nanoseconds::min());
  driver()->stop(one.stream.handle);
  driver().run_until_last(one.stream, Operation::receive);
  EXPECT_EQ(driver()[one.stream].last[Operation::send], 0);
  auto read = std::async(std::launch::async, [&] { return read_up_to(one.peer, text.size()); });
  driver().run_until_last(one.stream, Operation::send);
  EXPECT_TRUE(read.get() == text);
}

// -- R3: leases -----------------------------------------------------------------------------------

TEST_P(ProactorStreamTest, LentBytesStayWhileMoreArrives) {
  const Connected one = receiving(tcp_pair());
  driver().keep_leases(true);
  const std::string text = pattern(200'000);
  std::thread peer([&] { write_all(one.peer, text); });
  driver().run_until_received(one.stream, text.size());
  peer.join();
  EXPECT_TRUE(lent(one.stream) == text);
}

TEST_P(ProactorStreamTest, LeasesMayBeGivenBackOnAnotherThread) {
  const Connected one = receiving(tcp_pair());
  const std::string text = pattern(4 << 20);
  std::thread peer([&] { write_all(one.peer, text); });
  std::string handled;
  std::mutex mutex;
  std::vector<Lease> queue;
  std::thread worker([&] {
    while (handled.size() < text.size()) {
      std::vector<Lease> leases;
      {
        const std::lock_guard lock(mutex);
        leases.swap(queue);
      }
      for (const Lease& lease : leases) {
        handled.append(reinterpret_cast<const char*>(lease.bytes().data()), lease.bytes().size());
      }
      if (leases.empty()) std::this_thread::yield();
    }
  });
  driver().on(one.stream, [&](Completion& completion) {
    const std::lock_guard lock(mutex);
    if (!completion.last) queue.push_back(std::move(completion.lease));
  });
  driver().run_until_received(one.stream, text.size());
  worker.join();
  peer.join();
  EXPECT_TRUE(handled == text);
}

TEST_P(ProactorStreamTest, LeasesOutliveTheProactor) {
  const Connected one = receiving(tcp_pair());
  driver().keep_leases(true);
  const std::string text = pattern(50'000);
  write_all(one.peer, text);
  driver().run_until_received(one.stream, text.size());
  driver().destroy_proactor();
  std::thread worker([&] {
    EXPECT_TRUE(lent(one.stream) == text);
    driver()[one.stream].leases.clear();
  });
  worker.join();
}

TEST_P(ProactorStreamTest, RunningOutOfLeasesPausesReceivingUntilOneComesHome) {
  drive(make_proactor_of_few_buffers(GetParam()));
  const Connected one = receiving(tcp_pair());
  driver().keep_leases(true);
  const std::string text = pattern(256 * 1024);
  std::thread peer([&] { write_all(one.peer, text); });
  for (std::size_t handled = 0; handled < text.size();) {
    const std::uint64_t waits = driver()->counters().lease_waits;
    driver().run_until([&] {
      return driver()->counters().lease_waits > waits ||
             driver()[one.stream].received.size() == text.size();
    });
    driver().run_for_a_while();
    const std::string held = lent(one.stream);
    EXPECT_LE(held.size(), 3U * 16 * 1024);
    EXPECT_TRUE(held == text.substr(handled, held.size()));
    handled += held.size();
    std::thread worker([&] { driver()[one.stream].leases.clear(); });
    worker.join();
  }
  peer.join();
  EXPECT_TRUE(driver()[one.stream].received == text);
  EXPECT_GT(driver()->counters().lease_waits, 0U);
}

// Only the return of a lease, on another thread, can end this run().
TEST_P(ProactorStreamTest, AReturnedLeaseWakesThePausedStream) {
  drive(make_proactor_of_few_buffers(GetParam()));
  const Connected one = receiving(tcp_pair());
  driver().keep_leases(true);
  const std::string text = pattern(100'000);
  write_all(one.peer, text);
  driver().run_until([&] { return driver()->counters().lease_waits > 0; });
  driver().run_for_a_while();
  std::size_t before = driver()[one.stream].received.size();
  while (before < text.size()) {
    std::vector<Lease> held;
    held.swap(driver()[one.stream].leases);
    std::thread worker([&] { held.clear(); });
    while (driver()[one.stream].received.size() == before) driver().run(nanoseconds::max());
    worker.join();
    driver().run_for_a_while();
    before = driver()[one.stream].received.size();
  }
  EXPECT_TRUE(driver()[one.stream].received == text);
}

TEST_P(ProactorStreamTest, AStreamPausedForWantOfALeaseCanStopAndClose) {
  drive(make_proactor_of_few_buffers(GetParam()));
  driver().keep_leases(true);
  const std::string text = pattern(100'000);
  const Connected stopped = receiving(tcp_pair());
  write_all(stopped.peer, text);
  driver().run_until([&] { return driver()->counters().lease_waits > 0; });
  const Connected closed = receiving(tcp_pair());
  write_all(closed.peer, text);
  driver().run_for_a_while();
  EXPECT_EQ(driver()[closed.stream].received, "");

  driver()->stop(stopped.stream.handle);
  driver().close(closed.stream);
  driver().run_until_last(stopped.stream, Operation::receive);
  driver().run_until_last(closed.stream, Operation::close);
  driver()[stopped.stream].leases.clear();
  driver().keep_leases(false);
  driver().start(stopped.stream);
  driver().run_until_received(stopped.stream, text.size());
  EXPECT_TRUE(driver()[stopped.stream].received == text);
}

// -- R4: sending ----------------------------------------------------------------------------------

TEST_P(ProactorStreamTest, SendDeliversAllToASlowReader) {
  const Connected one = connected(tcp_pair());
  const std::string text = pattern(10 << 20);
  ASSERT_EQ(driver().send(one.stream, text), 0);
  EXPECT_EQ(driver().send(one.stream, "more"), EALREADY);
  for (int i = 0; i < 10; ++i) driver().run(nanoseconds::min());
  EXPECT_EQ(driver()[one.stream].last[Operation::send], 0) << "the peer has read nothing";
  auto read = std::async(std::launch::async, [&] { return read_up_to(one.peer, text.size()); });
  driver().run_until_last(one.stream, Operation::send);
  EXPECT_EQ(driver()[one.stream].error[Operation::send], 0);
  EXPECT_EQ(driver()[one.stream].sent, text.size());
  EXPECT_TRUE(read.get() == text);
  EXPECT_EQ(driver().send(one.stream, "more"), 0);
  driver().run_until_last(one.stream, Operation::send, 2);
  EXPECT_EQ(read_up_to(one.peer, 4), "more");
}

TEST_P(ProactorStreamTest, SendNowSendsAPrefixAndSendTheRest) {
  const Connected one = connected(tcp_pair());
  const std::string text = pattern(10 << 20);
  std::size_t now = 0;
  for (std::size_t step = 1; step != 0;) {
    std::string buffer = text.substr(now, 64 * 1024);
    step = driver()->send_now(one.stream.handle, bytes_of(buffer));
    ASSERT_LE(step, buffer.size());
    buffer.assign(buffer.size(), '!');  // free again when the call returns
    now += step;
  }
  ASSERT_LT(now, text.size());
  ASSERT_EQ(driver().send(one.stream, std::string_view(text).substr(now)), 0);
  auto read = std::async(std::launch::async, [&] { return read_up_to(one.peer, text.size()); });
  driver().run_until_last(one.stream, Operation::send);
  EXPECT_TRUE(read.get() == text);
}

TEST_P(ProactorStreamTest, AnErrorOfSendNowIsReportedByTheNextSend) {
  Connected one = connected(tcp_pair());
  reset_connection(one.peer);
  EXPECT_EQ(driver()->send_now(one.stream.handle, bytes_of("lost")), 0U);
  EXPECT_EQ(driver()->send_now(one.stream.handle, bytes_of("lost")), 0U);
  ASSERT_EQ(driver().send(one.stream, "lost"), 0);
  driver().run_until_last(one.stream, Operation::send);
  const int error = driver()[one.stream].error[Operation::send];
  EXPECT_TRUE(error == ECONNRESET || error == EPIPE) << error;
  EXPECT_EQ(driver()[one.stream].sent, 0U);
}

TEST_P(ProactorStreamTest, SendingNothingCompletes) {
  const Connected one = connected(tcp_pair());
  ASSERT_EQ(driver().send(one.stream, ""), 0);
  driver().run_until_last(one.stream, Operation::send);
  EXPECT_EQ(driver()[one.stream].error[Operation::send], 0);
}

TEST_P(ProactorStreamTest, AResetInTheMiddleOfALargeSendEndsItWithTheError) {
  Connected one = receiving(tcp_pair());
  const std::string text = pattern(10 << 20);
  ASSERT_EQ(driver().send(one.stream, text), 0);
  driver().run(nanoseconds::min());
  reset_connection(one.peer);
  driver().run_until_last(one.stream, Operation::send);
  driver().run_until_last(one.stream, Operation::receive);
  const int error = driver()[one.stream].error[Operation::send];
  EXPECT_TRUE(error == ECONNRESET || error == EPIPE) << error;
  EXPECT_LT(driver()[one.stream].sent, text.size());
}

TEST_P(ProactorStreamTest, BothDirectionsRunAtOnce) {
  const Connected one = receiving(tcp_pair());
  const std::string text = pattern(4 << 20);
  const std::string reply = pattern(5 << 20).substr(1 << 20);
  std::thread writer([&] { write_all(one.peer, text); });
  auto read = std::async(std::launch::async, [&] { return read_up_to(one.peer, reply.size()); });
  ASSERT_EQ(driver().send(one.stream, reply), 0);
  driver().run_until_last(one.stream, Operation::send);
  driver().run_until_received(one.stream, text.size());
  writer.join();
  EXPECT_TRUE(read.get() == reply);
  EXPECT_TRUE(driver()[one.stream].received == text);
}

}  // namespace
}  // namespace collet::conformance

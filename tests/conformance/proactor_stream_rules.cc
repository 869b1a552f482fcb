// SPDX-License-Identifier: MIT
// proactor_stream_rules.cc: the rules of <collet/proactor.h> about receiving, leases and
// sending.
#include <algorithm>
#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include "tests/conformance/proactor_rule.h"

namespace collet::conformance {
namespace {

class ProactorStreamRule : public ProactorRule {
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

// -- R7: the end comes last -----------------------------------------------------------------------

RULE(ProactorStreamRule, R7_1, "the end comes after all bytes") {
  const Connected both = connected(tcp_pair());  // both are there from the start
  write_all(both.peer, "last words");
  ::shutdown(both.peer.get(), SHUT_WR);
  EXPECT_EQ(driver().start(both.stream), 0);
  driver().run_until_last(both.stream, Operation::receive);
  EXPECT_EQ(driver()[both.stream].received, "last words");

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

RULE(ProactorStreamRule, R7_2, "sending goes on after the peer has ended") {
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

RULE(ProactorStreamRule, R7_3, "shutdown() ends our sending only") {
  const Connected one = receiving(tcp_pair());
  driver().send(one.stream, "last words");
  driver().run_until_last(one.stream, Operation::send);
  EXPECT_EQ(Errno(driver()->shutdown(one.stream.handle)), 0);
  EXPECT_EQ(read_up_to(one.peer, 100), "last words");
  write_all(one.peer, "still here");
  driver().run_until_received(one.stream, 10);
}

RULE(ProactorStreamRule, R2_6, "a reset by the peer ends receiving once") {
  Connected one = receiving(tcp_pair());
  write_all(one.peer, pattern(100'000));
  driver().run_what_is_ready();
  reset_connection(one.peer);
  driver().run_until_last(one.stream, Operation::receive);
  EXPECT_EQ(driver()[one.stream].error[Operation::receive], ECONNRESET);
  driver().run_for_a_while();
  EXPECT_EQ(driver()[one.stream].last[Operation::receive], 1);
}

RULE(ProactorStreamRule, R7_4, "emptied tells that the socket held no more") {
  const Connected one = receiving(tcp_pair());
  write_all(one.peer, "small");
  driver().run_until_received(one.stream, 5);
  EXPECT_TRUE(driver()[one.stream].emptied);
}

// -- Stopping and starting ------------------------------------------------------------------------

RULE(ProactorStreamRule, R7_5, "stopping and starting under traffic loses nothing") {
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

RULE(ProactorStreamRule, R7_6, "what arrives while stopped is there after start()") {
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

RULE(ProactorStreamRule, R2_7, "stop() leaves sending alone") {
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

RULE(ProactorStreamRule, R3_1, "lent bytes stay as they are while more arrives") {
  const Connected one = receiving(tcp_pair());
  driver().keep_leases(true);
  const std::string text = pattern(200'000);
  std::thread peer([&] { write_all(one.peer, text); });
  driver().run_until_received(one.stream, text.size());
  peer.join();
  EXPECT_TRUE(lent(one.stream) == text);
}

RULE(ProactorStreamRule, R3_2, "leases may be given back on another thread") {
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

RULE(ProactorStreamRule, R3_3, "leases outlive the proactor") {
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

RULE(ProactorStreamRule, R3_4, "without a lease receiving pauses until one comes home") {
  if (const std::string why = drive_with_few_buffers(); !why.empty()) GTEST_SKIP() << why;
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
RULE(ProactorStreamRule, R3_5, "one that comes home on another thread wakes the paused stream") {
  if (const std::string why = drive_with_few_buffers(); !why.empty()) GTEST_SKIP() << why;
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

RULE(ProactorStreamRule, R3_6, "a stream paused for want of a lease can stop and close") {
  if (const std::string why = drive_with_few_buffers(); !why.empty()) GTEST_SKIP() << why;
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

RULE(ProactorStreamRule, R4_1, "send() delivers all to a slow reader, one at a time") {
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

RULE(ProactorStreamRule, R4_2,
     "send_now() sends a prefix from memory free at once, send() the rest") {
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

RULE(ProactorStreamRule, R4_3, "an error of send_now() is reported by the next send()") {
  Connected one = connected(tcp_pair());
  reset_connection(one.peer);
  EXPECT_EQ(driver()->send_now(one.stream.handle, bytes_of("lost")), 0U);
  EXPECT_EQ(driver()->send_now(one.stream.handle, bytes_of("lost")), 0U);
  ASSERT_EQ(driver().send(one.stream, "lost"), 0);
  driver().run_until_last(one.stream, Operation::send);
  const Errno error = driver()[one.stream].error[Operation::send];
  EXPECT_TRUE(error == ECONNRESET || error == EPIPE) << error;
  EXPECT_EQ(driver()[one.stream].sent, 0U);
}

RULE(ProactorStreamRule, R4_4, "sending nothing completes") {
  const Connected one = connected(tcp_pair());
  ASSERT_EQ(driver().send(one.stream, ""), 0);
  driver().run_until_last(one.stream, Operation::send);
  EXPECT_EQ(driver()[one.stream].error[Operation::send], 0);
}

RULE(ProactorStreamRule, R2_8, "a reset in the middle of a large send() ends it with the error") {
  Connected one = receiving(tcp_pair());
  const std::string text = pattern(10 << 20);
  ASSERT_EQ(driver().send(one.stream, text), 0);
  driver().run(nanoseconds::min());
  reset_connection(one.peer);
  driver().run_until_last(one.stream, Operation::send);
  driver().run_until_last(one.stream, Operation::receive);
  const Errno error = driver()[one.stream].error[Operation::send];
  EXPECT_TRUE(error == ECONNRESET || error == EPIPE) << error;
  EXPECT_LT(driver()[one.stream].sent, text.size());
}

RULE(ProactorStreamRule, R4_5, "both directions run at once") {
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

// By then the peer has yet to read most of it.
RULE(ProactorStreamRule, R4_6, "the memory may be written to as soon as send() has completed") {
  const Connected one = connected(tcp_pair());
  const std::string text = pattern(6 << 20);
  std::string at_peer;
  std::atomic<bool> all_read{false};
  std::thread reader([&] {
    while (at_peer.size() < text.size()) {
      std::this_thread::sleep_for(milliseconds(1));  // a slow reader
      const std::string piece = read_up_to(one.peer, 64 << 10);
      if (piece.empty()) break;
      at_peer += piece;
    }
    all_read = true;
    driver()->wake();
  });
  std::string memory;
  for (int i = 0; i < 3; ++i) {
    memory.assign(text, static_cast<std::size_t>(i) * (2 << 20), 2 << 20);
    EXPECT_EQ(driver().send(one.stream, memory), 0);
    driver().run_until_last(one.stream, Operation::send, i + 1);
    std::ranges::fill(memory, '!');
  }
  driver().run_until([&] { return all_read.load(); });
  reader.join();
  EXPECT_TRUE(at_peer == text);
}

}  // namespace
}  // namespace collet::conformance

// SPDX-License-Identifier: MIT
// proactor_peer_rules.cc: the rules of <collet/proactor.h> that take two: other backends, and plain
// blocking sockets as the referee.
#include <sys/timerfd.h>

#include <algorithm>
#include <atomic>
#include <climits>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/conformance/interruptions.h"
#include "tests/conformance/proactor_rule.h"
#include "tests/conformance/wake_storm.h"
#include "tests/support/builtin_registry.h"

namespace collet::conformance {
namespace {

// One loop after the other, until `done`.
void run_both_until(ProactorDriver& one, ProactorDriver& other, const std::function<bool()>& done) {
  const nanoseconds limit = one->now() + std::chrono::seconds(kPatienceSeconds);
  while (!done()) {
    one.run(one->now() + milliseconds(1));
    other.run_what_is_ready();
    ASSERT_LT(one->now(), limit) << "waited in vain";
  }
}

void expect_to_understand_each_other(ProactorDriver& client_side, ProactorDriver& server_side) {
  const Named listener = server_side.listen("127.0.0.1:0");
  EXPECT_EQ(server_side.start(listener, Operation::accept), 0);
  const Named client = client_side.connect(server_side->endpoint(listener.handle, Side::local));
  run_both_until(client_side, server_side, [&] {
    return client_side[client].last[Operation::connect] == 1 &&
           !server_side[listener].accepted.empty();
  });
  ASSERT_EQ(server_side[listener].accepted.size(), 1U);
  serve_echo(server_side, server_side.take(server_side[listener].accepted.front()));
  const std::string text = pattern(300'000);
  client_side.start(client);
  client_side.send(client, text);
  run_both_until(client_side, server_side,
                 [&] { return client_side[client].received.size() >= text.size(); });
  EXPECT_TRUE(client_side[client].received == text);
  client_side.close_all();
  server_side.close_all();
}

RULE(ProactorRule, R10_2, "as client and as server it understands every built-in backend") {
  for (const BackendDescription* peer : registry().backends()) {
    SCOPED_TRACE(peer->name);
    const auto chosen = registry().backend(peer->name);
    if (absl::IsUnavailable(chosen.status())) continue;
    ASSERT_TRUE(chosen.ok()) << chosen.status();
    ProactorDriver other(*chosen->make());
    expect_to_understand_each_other(driver(), other);
    expect_to_understand_each_other(other, driver());
  }
}

// The referee makes no use of collet: accepts one, answers with what it got, ends when the other
// does.
void serve_plainly(const Descriptor& listener) {
  const Descriptor stream = patient(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  char buffer[16 * 1024];
  for (ssize_t count = 0; (count = ::recv(stream.get(), buffer, sizeof buffer, 0)) > 0;) {
    write_all(stream, {buffer, static_cast<std::size_t>(count)});
  }
}

RULE(ProactorRule, R10_3, "a plain blocking server gets and gives it every byte, and the end") {
  const Descriptor listener(patient(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)));
  Endpoint at = endpoint("127.0.0.1:0");
  ASSERT_EQ(::bind(listener.get(), at.address(), at.length), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  std::thread server([&] { serve_plainly(listener); });
  const Named client = driver().connect(socket_endpoint(listener.get(), Side::local));
  driver().run_until_last(client, Operation::connect);
  const std::string text = pattern(3 << 20);
  driver().start(client);
  driver().send(client, text);
  driver().run_until_last(client, Operation::send);
  EXPECT_EQ(Errno(driver()->shutdown(client.handle)), 0);
  driver().run_until_last(client, Operation::receive);
  server.join();
  EXPECT_EQ(driver()[client].error[Operation::receive], 0);
  EXPECT_TRUE(driver()[client].received == text);
}

RULE(ProactorRule, R10_19, "so does a plain blocking client") {
  const Named listener = accepting(endpoint("127.0.0.1:0"));
  const Descriptor client = dial(where(listener));
  const Named served = accepted(listener);
  serve_echo(driver(), served);
  const std::string text = pattern(3 << 20);
  std::thread writer([&] { write_all(client, text); });
  std::atomic<bool> all_read{false};
  std::string echoed;
  std::thread reader([&] {
    echoed = read_up_to(client, text.size());
    all_read = true;
    driver()->wake();
  });
  driver().run_until([&] { return all_read.load(); });
  writer.join();
  reader.join();
  EXPECT_TRUE(echoed == text);
  driver().close(served);
  driver().run_until_last(served, Operation::close);
  EXPECT_TRUE(at_end(client));
}

RULE(ProactorRule, R10_20, "five hundred connections at once are all served") {
  const Named listener = accepting(endpoint("127.0.0.1:0"));
  std::vector<Descriptor> clients;
  std::vector<Named> streams;
  for (int i = 0; i < 500; ++i) {
    clients.push_back(dial(where(listener)));
    streams.push_back(accepted(listener));
    serve_echo(driver(), streams.back());
  }
  for (std::size_t i = 0; i < clients.size(); ++i) write_all(clients[i], std::to_string(i));
  driver().run_until([&] {
    return std::all_of(streams.begin(), streams.end(), [&](const Named& stream) {
      return driver()[stream].last[Operation::send] > 0;
    });
  });
  for (std::size_t i = 0; i < clients.size(); ++i) {
    const std::string expected = std::to_string(i);
    EXPECT_EQ(read_up_to(clients[i], expected.size()), expected);
  }
}

// -- Handles, numbers, descriptors ----------------------------------------------------------------

RULE(ProactorRule, R5_5, "no handle is given twice, in a thousand streams") {
  std::set<std::pair<std::uint32_t, std::uint32_t>> known;
  std::vector<Connected> open;
  for (int i = 0; i < 1000; ++i) {
    open.push_back(receiving(local_pair()));
    const Handle handle = open.back().stream.handle;
    ASSERT_TRUE(known.emplace(handle.index, handle.generation).second);
    if (i % 3 == 0) {
      driver().close(open.front().stream);
      driver().run_until_last(open.front().stream, Operation::close);
      open.erase(open.begin());
    }
  }
}

RULE(ProactorRule, R5_6,
     "a thousand connections later no more descriptors are open and no more threads run") {
  const Named listener = accepting(endpoint("127.0.0.1:0"));
  const std::size_t before = count_open_descriptors();
  const std::size_t threads_before = count_program_threads();
  for (int i = 0; i < 1000; ++i) {
    Descriptor client = dial(where(listener));
    const Named stream = accepted(listener);
    driver().start(stream);
    if (i % 2 == 0) reset_connection(client);  // or TIME_WAIT eats up the ports
    driver().close(stream, true);
    driver().run_until_last(stream, Operation::close);
  }
  EXPECT_EQ(count_open_descriptors(), before);
  EXPECT_LE(count_program_threads_left(threads_before), threads_before) << "of threads";
}

// -- R9: where the sink is called -----------------------------------------------------------------

RULE(ProactorRule, R9_1, "what ends at once is completed by the next run(), which does not wait") {
  const Connected one = connected(local_pair());
  driver().run_what_is_ready();  // the sink is known from now on
  ASSERT_EQ(driver().send(one.stream, "x"), 0);
  EXPECT_EQ(driver()[one.stream].last, Tally());
  while (driver()[one.stream].last[Operation::send] == 0) driver().run(nanoseconds::max());
  ASSERT_EQ(driver().close(one.stream), 0);
  EXPECT_EQ(driver()[one.stream].last[Operation::close], 0);
  while (driver()[one.stream].last[Operation::close] == 0) driver().run(nanoseconds::max());
}

RULE(ProactorRule, R9_2, "every operation but run() may be called from within a completion") {
  const Connected one = receiving(local_pair());
  const Connected other = connected(local_pair());
  const Descriptor foreign(::dup(STDERR_FILENO));
  bool called = false;
  std::size_t sent_now = 0;
  driver().on(one.stream, [&](Completion&) {
    if (std::exchange(called, true)) return;
    const Named listener = accepting(endpoint("127.0.0.1:0"));
    driver().connect(where(listener));
    driver().adopt(std::move(local_pair().ours));
    const Named watch = driver().watch(foreign.get(), Interest::none);
    driver().start(watch, Operation::ready);
    EXPECT_EQ(Errno(driver()->stop(watch.handle)), 0);
    EXPECT_EQ(Errno(driver()->bind(other.stream.handle, other.stream.token)), 0);
    sent_now = driver()->send_now(other.stream.handle, bytes_of("now "));  // or a part of it
    EXPECT_EQ(driver().send(other.stream, "later"), 0);
    EXPECT_GT(driver()->now(), nanoseconds::zero());
    driver()->counters();
    driver()->wake();
    driver().close(watch);
  });
  write_all(one.peer, "x");
  driver().run_until([&] { return called; });
  driver().run_until_last(other.stream, Operation::send);
  EXPECT_EQ(read_up_to(other.peer, 5),
            (std::string("now ").substr(0, sent_now) + "later").substr(0, 5));
}

// -- R6, R8, R12: run() ---------------------------------------------------------------------------

RULE(ProactorRule, R6_4, "a wake ends the run() in progress") {
  const Connected one = receiving(local_pair());
  driver().run_what_is_ready();
  std::atomic<long> loop{0};
  std::thread waker([&] {
    while (loop == 0) std::this_thread::yield();
    wait_until_asleep(loop);
    driver()->wake();
  });
  loop = own_thread_id();
  driver().run(nanoseconds::max());
  waker.join();
}

// A signal comes all the time, one for which no system call is begun again.
RULE(ProactorRule, R12_6, "signals end a run() at most: no completion, wake or deadline is lost") {
  const Connected one = connected(tcp_pair());
  serve_echo(driver(), one.stream);
  const Interruptions interruptions;
  for (int i = 0; i < 10; ++i) {
    std::thread peer([&, loop = own_thread_id()] {
      wait_until_asleep(loop);
      write_all(one.peer, "x");
    });
    driver().run_until([&] { return driver()[one.stream].last[Operation::send] > i; });
    peer.join();
    EXPECT_EQ(read_up_to(one.peer, 1), "x");
  }
  wake_from_threads(
      1, 1000, [this] { driver()->wake(); }, [this] { driver().run(nanoseconds::max()); });
  for (const milliseconds span : {milliseconds(0), milliseconds(5), milliseconds(50)}) {
    const nanoseconds begin = driver()->now();
    driver().run(begin + span);
    EXPECT_LT(driver()->now() - begin, std::chrono::seconds(5));
  }
}

RULE(ProactorRule, R6_5, "wakes without pause hide no completion") {
  const Connected one = connected(tcp_pair());
  serve_echo(driver(), one.stream);
  std::atomic<bool> over{false};
  std::thread waker([&] {
    while (!over) driver()->wake();
  });
  for (int i = 1; i <= 1000; ++i) {
    write_all(one.peer, "x");
    driver().run_until_last(one.stream, Operation::send, i);
    EXPECT_EQ(read_up_to(one.peer, 1), "x");
  }
  over = true;
  waker.join();
}

RULE(ProactorRule, R8_5, "a stream that always has more does not keep others from their turn") {
  const Connected greedy = receiving(tcp_pair());
  const Connected modest = receiving(tcp_pair());
  std::atomic<bool> over{false};
  std::thread peer([&] {
    const std::string block = pattern(64 * 1024);
    while (!over) {
      const auto sent =
          ::send(greedy.peer.get(), block.data(), block.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0) std::this_thread::yield();
    }
  });
  for (std::size_t i = 1; i <= 200; ++i) {
    write_all(modest.peer, "x");
    driver().run_until_received(modest.stream, i);
    driver()[greedy.stream].received.clear();
  }
  over = true;
  peer.join();
}

RULE(ProactorRule, R12_5, "deadlines do pass, and those far away do not overflow") {
  const nanoseconds begin = driver()->now();
  driver().run(begin + milliseconds(2));
  EXPECT_LT(driver()->now() - begin, std::chrono::seconds(5));
  const Descriptor timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  const Named watch = driver().watch(timer.get(), Interest::read);
  driver().start(watch, Operation::ready);
  for (const nanoseconds far : {driver()->now() + milliseconds(INT_MAX) + std::chrono::hours(1),
                                nanoseconds::max() - nanoseconds(1), nanoseconds::max()}) {
    const itimerspec in_20ms{{}, {0, 20'000'000}};
    const nanoseconds armed = driver()->now();
    ASSERT_EQ(::timerfd_settime(timer.get(), 0, &in_20ms, nullptr), 0);
    driver()[watch].ready = Readiness::none;
    while (driver()[watch].ready == Readiness::none) driver().run(far);
    EXPECT_GE(driver()->now() - armed, milliseconds(20));
  }
  driver().close(watch);
  driver().run_until_last(watch, Operation::close);
}

RULE(ProactorRule, R11_4, "a watch reports what was ready before it was started") {
  const Connected one = connected(local_pair());
  const Named watch = driver().watch(one.peer.get(), Interest::read);
  driver().send(one.stream, "x");
  driver().run_until_last(one.stream, Operation::send);
  driver().start(watch, Operation::ready);
  driver().run_until([&] { return has(driver()[watch].ready, Readiness::read); });
  driver().close(watch);
  driver().run_until_last(watch, Operation::close);
}

RULE(ProactorRule, R3_7, "without a lease it still sends, accepts and wakes") {
  if (const std::string why = drive_with_few_buffers(); !why.empty()) GTEST_SKIP() << why;
  const Connected hungry = receiving(tcp_pair());
  driver().keep_leases(true);
  write_all(hungry.peer, pattern(100'000));
  driver().run_until([&] { return driver()->counters().lease_waits > 0; });
  const Named listener = accepting(endpoint("127.0.0.1:0"));
  const Descriptor client = dial(where(listener));
  const Named stream = accepted(listener);
  driver().send(stream, "hello");
  driver().run_until_last(stream, Operation::send);
  EXPECT_EQ(read_up_to(client, 5), "hello");
  driver()->wake();
  driver().run(nanoseconds::max());
}

}  // namespace
}  // namespace collet::conformance

// SPDX-License-Identifier: MIT
// proactor_rules.cc: the rules of <collet/proactor.h> about handles, endings, run() and
// wake(). Streams, sockets and peers have files of their own.
#include <sys/eventfd.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "tests/conformance/proactor_rule.h"
#include "tests/conformance/wake_storm.h"

namespace collet::conformance {
namespace {

using Clock = std::chrono::steady_clock;

// -- R1: handles ----------------------------------------------------------------------------------

void expect_refused(Proactor& proactor, Handle handle) {
  EXPECT_EQ(proactor.bind(handle, Token{7}), EBADF);
  EXPECT_EQ(proactor.start(handle), EBADF);
  EXPECT_EQ(proactor.stop(handle), EBADF);
  EXPECT_EQ(proactor.send(handle, bytes_of("x")), EBADF);
  EXPECT_EQ(proactor.send_now(handle, bytes_of("x")), 0U);
  EXPECT_EQ(proactor.shutdown(handle), EBADF);
  EXPECT_EQ(proactor.close(handle, false), EBADF);
  EXPECT_EQ(proactor.release(handle), -1);
  EXPECT_EQ(proactor.endpoint(handle, Side::local).length, 0U);
}

RULE(ProactorRule, R1_1, "a handle that was never opened is refused by every operation") {
  expect_refused(*driver(), Handle{});
  expect_refused(*driver(), Handle{0, 1});
  expect_refused(*driver(), Handle{12345, 1});
  connected(local_pair());
  expect_refused(*driver(), Handle{1, 1});
}

RULE(ProactorRule, R1_2, "so is one that was closed, from close() on") {
  const Connected one = receiving(local_pair());
  ASSERT_EQ(driver().close(one.stream), 0);
  expect_refused(*driver(), one.stream.handle);
  driver().run_until_last(one.stream, Operation::close);
  expect_refused(*driver(), one.stream.handle);
}

RULE(ProactorRule, R1_3, "an old handle does not reach its successor") {
  std::vector<Handle> old_handles;
  for (int i = 0; i < 10; ++i) {
    const Connected one = receiving(local_pair());
    for (const Handle old_handle : old_handles) expect_refused(*driver(), old_handle);
    write_all(one.peer, "mine");
    driver().run_until_received(one.stream, 4);
    driver().close(one.stream);
    driver().run_until_last(one.stream, Operation::close);
    old_handles.push_back(one.stream.handle);
  }
}

RULE(ProactorRule, R1_4, "bind() replaces the token") {
  const Connected one = receiving(local_pair());
  const Named renamed = driver().rename(one.stream);
  write_all(one.peer, "hello");
  driver().run_until_received(renamed, 5);
  EXPECT_EQ(driver()[one.stream].received, "");
}

// Two streams are readable in one pass and the first closes the second, whose number is then used
// by a third: what was meant for the second must not reach the third.
RULE(ProactorRule, R1_5, "a stale event for a number used again harms nobody") {
  for (int round = 0; round < 20; ++round) {
    const Connected a = receiving(local_pair());
    const Connected b = receiving(local_pair());
    std::vector<Connected> third;
    bool closed = false;
    const auto replace = [&](const Named& victim) {
      if (std::exchange(closed, true)) return;
      EXPECT_EQ(driver().close(victim), 0);
      for (int i = 0; i < 4; ++i) third.push_back(receiving(local_pair()));
    };
    driver().on(a.stream, [&](Completion&) { replace(b.stream); });
    driver().on(b.stream, [&](Completion&) { replace(a.stream); });
    write_all(a.peer, "a");
    write_all(b.peer, "b");
    driver().run_until([&] { return closed; });
    driver().run_what_is_ready();
    for (const Connected& one : third) {
      EXPECT_EQ(driver()[one.stream].received, "");
      EXPECT_EQ(driver()[one.stream].last, Tally());
      write_all(one.peer, "c");
      driver().run_until_received(one.stream, 1);
    }
    driver().close_all();
  }
}

// All are ready in one pass, and whoever comes first closes the others. What the watch was of is
// closed when the watch is, and its number goes to something that is not ready.
RULE(ProactorRule, R1_6, "what is ready and is closed before its turn says no more but its ends") {
  for (int round = 0; round < 10; ++round) {
    Descriptor watched(::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC));
    const int number = watched.get();
    const Named watch = driver().watch(number, Interest::read);
    const Named listener = driver().listen("127.0.0.1:0");
    const Descriptor client = dial(where(listener));
    const Connected one = receiving(tcp_pair());
    const Connected other = receiving(local_pair());
    const auto start_watch = [&] { EXPECT_EQ(driver().start(watch, Operation::ready), 0); };
    if (round % 2 == 0) start_watch();  // so that it comes first
    write_all(one.peer, "one");
    write_all(other.peer, "other");
    EXPECT_EQ(driver().start(listener, Operation::accept), 0);
    if (round % 2 != 0) start_watch();

    const Named all[] = {one.stream, watch, listener, other.stream};
    Token first{};
    Named successor;
    for (const Named& me : all) {
      driver().on(me, [&, me](Completion& completion) {
        if (completion.operation == Operation::close && me.token == watch.token) {
          watched.close();
          watched = Descriptor(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
          EXPECT_EQ(watched.get(), number);
          successor = driver().watch(number, Interest::read);
          EXPECT_EQ(driver().start(successor, Operation::ready), 0);
        }
        if (completion.accepted) driver().take(completion.accepted);
        if (completion.last || first != Token{}) return;
        first = me.token;
        for (const Named& named : all) EXPECT_TRUE(named.token == first || !driver().close(named));
      });
    }
    driver().run_until([&] { return first != Token{}; });
    driver().run_for_a_while();
    for (const Named& named : all) {
      if (named.token == first) continue;
      EXPECT_EQ(driver()[named].more, Tally());
      EXPECT_EQ(driver()[named].last[Operation::close], 1);
    }
    if (successor.handle) {
      EXPECT_EQ(driver()[successor].more, Tally()) << "it is not ready";
      ::eventfd_write(number, 1);
      driver().run_until([&] { return has(driver()[successor].ready, Readiness::read); });
    }
    driver().close_all();
  }
}

// -- R2, R5, R9: endings --------------------------------------------------------------------------

RULE(ProactorRule, R2_1, "stop() ends accepting, receiving and watching in ECANCELED") {
  const Connected stream = receiving(local_pair());
  const Named listener = driver().listen("127.0.0.1:0");
  const Connected watched = connected(local_pair());
  const Named watch = driver().watch(watched.peer.get(), Interest::read);
  driver().start(listener, Operation::accept);
  driver().start(watch, Operation::ready);
  driver().run_what_is_ready();

  driver()->stop(stream.stream.handle);
  driver()->stop(listener.handle);
  driver()->stop(watch.handle);
  driver().run_until_last(stream.stream, Operation::receive);
  driver().run_until_last(listener, Operation::accept);
  driver().run_until_last(watch, Operation::ready);
  EXPECT_EQ(driver()[stream.stream].error[Operation::receive], ECANCELED);
  EXPECT_EQ(driver()[listener].error[Operation::accept], ECANCELED);
  EXPECT_EQ(driver()[watch].error[Operation::ready], ECANCELED);
  driver().close(watch);
  driver().run_until_last(watch, Operation::close);
}

RULE(ProactorRule, R2_2, "stopping what was not started has no effect") {
  const Connected one = connected(local_pair());
  EXPECT_EQ(Errno(driver()->stop(one.stream.handle)), 0);
  driver().run_for_a_while();
  EXPECT_EQ(driver()[one.stream].last, Tally());
  EXPECT_EQ(driver().start(one.stream), 0);
  write_all(one.peer, "x");
  driver().run_until_received(one.stream, 1);
}

RULE(ProactorRule, R2_3, "start() is EALREADY until the last completion of the one before") {
  const Connected one = receiving(local_pair());
  EXPECT_EQ(driver().start(one.stream), EALREADY);
  driver().run_what_is_ready();
  EXPECT_EQ(Errno(driver()->stop(one.stream.handle)), 0);
  EXPECT_EQ(driver().start(one.stream), EALREADY);
  bool restarted = false;
  driver().on(one.stream, [&](Completion& completion) {
    if (!completion.last || std::exchange(restarted, true)) return;
    EXPECT_EQ(driver().start(one.stream), 0);  // from within that completion
  });
  driver().run_until([&] { return restarted; });
  write_all(one.peer, "again");
  driver().run_until_received(one.stream, 5);
  EXPECT_EQ(driver()[one.stream].received, "again");
}

RULE(ProactorRule, R2_4, "close() ends whatever is pending, each operation once") {
  const std::string much = pattern(8 << 20);
  const Connected stream = receiving(tcp_pair());
  ASSERT_EQ(driver().send(stream.stream, much), 0);  // the peer does not read
  const Named listener = driver().listen("127.0.0.1:0");
  driver().start(listener, Operation::accept);
  const Named watch = driver().watch(STDERR_FILENO, Interest::none);
  driver().start(watch, Operation::ready);
  for (int i = 0; i < 3; ++i) driver().run(nanoseconds::min());
  const Named connecting = driver().connect(driver()->endpoint(listener.handle, Side::local));

  for (const Named& named : {stream.stream, listener, watch, connecting}) driver().close(named);
  driver().run_until_last(connecting, Operation::close);
  driver().run_until_last(stream.stream, Operation::close);
  EXPECT_EQ(driver()[stream.stream].error[Operation::receive], ECANCELED);
  EXPECT_EQ(driver()[stream.stream].error[Operation::send], ECANCELED);
  EXPECT_LT(driver()[stream.stream].sent, much.size());
  EXPECT_EQ(driver()[connecting].error[Operation::connect], ECANCELED);
  driver().run_until_last(listener, Operation::close);
  driver().run_until_last(watch, Operation::close);
  EXPECT_EQ(driver()[listener].error[Operation::accept], ECANCELED);
}

RULE(ProactorRule, R2_5, "it ends what was begun just before") {
  const std::string much = pattern(8 << 20);
  const Connected one = receiving(tcp_pair());
  ASSERT_EQ(driver().send(one.stream, much), 0);  // the peer does not read
  driver().close(one.stream);
  driver().run_until_last(one.stream, Operation::close);
  EXPECT_EQ(driver()[one.stream].error[Operation::receive], ECANCELED);
  EXPECT_EQ(driver()[one.stream].error[Operation::send], ECANCELED);
}

RULE(ProactorRule, R5_1, "close() is possible from within every completion") {
  for (const bool read_first : {false, true}) {
    const Connected one = receiving(tcp_pair());
    driver().on(one.stream, [&](Completion& completion) {
      if (completion.operation != Operation::close) driver().close(one.stream);
    });
    if (read_first) {
      write_all(one.peer, pattern(50'000));
    } else {
      EXPECT_EQ(driver().send(one.stream, "goodbye"), 0);
    }
    driver().run_until_last(one.stream, Operation::close);
    EXPECT_TRUE(read_first || read_up_to(one.peer, 7) == "goodbye");
  }
}

RULE(ProactorRule, R5_2, "one completion may close everybody else") {
  std::vector<Connected> crowd;
  for (int i = 0; i < 30; ++i) crowd.push_back(receiving(local_pair()));
  std::set<std::size_t> spared;
  for (std::size_t me = 0; me < crowd.size(); ++me) {
    driver().on(crowd[me].stream, [&, me](Completion& completion) {
      if (completion.last) return;
      if (!spared.insert(me).second) return;
      for (std::size_t other = 0; other < crowd.size(); ++other) {
        if (other != me) driver().close(crowd[other].stream);
      }
    });
  }
  for (const Connected& one : crowd) write_all(one.peer, "me first");
  driver().run_until([&] { return !spared.empty(); });
  driver().run_what_is_ready();
  EXPECT_EQ(spared.size(), 1U);
}

RULE(ProactorRule, R5_3, "close() lets the peer see the end, or a reset") {
  for (const bool reset : {false, true}) {
    const Connected one = receiving(tcp_pair());
    driver().run_what_is_ready();
    driver().close(one.stream, reset);
    driver().run_until_last(one.stream, Operation::close);
    char byte = 0;
    const auto count = ::recv(one.peer.get(), &byte, 1, 0);
    if (reset) {
      EXPECT_EQ(count, -1);
      EXPECT_EQ(Errno(errno), ECONNRESET);
    } else {
      EXPECT_EQ(count, 0);
    }
  }
}

RULE(ProactorRule, R5_4, "the destructor closes what is open, but no watched descriptor") {
  const UnixPath path;
  const Named listener = driver().listen(path.at());
  driver().start(listener, Operation::accept);
  const Connected one = receiving(tcp_pair());
  const Descriptor foreign(::dup(STDERR_FILENO));
  driver().start(driver().watch(foreign.get(), Interest::write), Operation::ready);
  driver().run(nanoseconds::min());
  driver().send(one.stream, "x");
  driver().destroy_proactor();
  EXPECT_FALSE(path.exists());
  EXPECT_GE(::fcntl(foreign.get(), F_GETFD), 0) << "a watched descriptor is not the proactor's";
}

// -- R8, and the deadline of run() ----------------------------------------------------------------

RULE(ProactorRule, R8_1, "true from run() means that the accept queue is empty") {
  const Named listener = driver().listen("127.0.0.1:0");
  const Endpoint at = driver()->endpoint(listener.handle, Side::local);
  std::vector<Descriptor> clients;
  for (int i = 0; i < 300; ++i) clients.push_back(dial(at));
  driver().start(listener, Operation::accept);
  driver().run_what_is_ready();
  EXPECT_EQ(driver()[listener].accepted.size(), clients.size());
  for (const Handle accepted : driver()[listener].accepted) driver().take(accepted);
}

RULE(ProactorRule, R8_2, "it means that sockets have been emptied") {
  const Connected one = receiving(local_pair());
  const std::string text = pattern(150'000);
  write_all(one.peer, text);
  driver().run_what_is_ready();
  EXPECT_EQ(driver()[one.stream].received.size(), text.size());
}

RULE(ProactorRule, R8_3, "work that makes work does not keep run() from returning") {
  int opened = 0;
  std::function<void()> open_another = [&] {
    if (++opened > 100'000) return;
    const Named next = driver().adopt(std::move(local_pair().ours));
    driver().on(next, [&](Completion&) { open_another(); });
    driver().close(next);
  };
  open_another();
  driver().run(nanoseconds::min());
  EXPECT_LT(opened, 100'000);
  open_another = [] {};
}

RULE(ProactorRule, R8_4, "nor do sends that follow each other") {
  const Connected one = connected(local_pair());
  int sends = 0;
  driver().on(one.stream, [&](Completion& completion) {
    if (completion.operation == Operation::send && ++sends < 100'000) driver().send(one.stream, "");
  });
  driver().send(one.stream, "");
  const bool is_complete = driver().run(driver()->now() + milliseconds(1));
  EXPECT_LT(sends, 100'000);
  // After one there need be nothing more that is ready: the next has only been asked for.
  EXPECT_FALSE(is_complete && sends > 1) << "more is to come";
}

RULE(ProactorRule, R12_1, "run() with nothing to do never returns before its deadline") {
  const Connected one = receiving(local_pair());
  driver().run_what_is_ready();
  for (const nanoseconds span :
       {nanoseconds(1), nanoseconds(999), nanoseconds(1'000'001), nanoseconds(7'300'000)}) {
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(driver().lasts(span)) << span.count() << " ns";
  }
}

RULE(ProactorRule, R12_2, "a deadline in the past does not block") {
  const auto begin = Clock::now();
  for (int i = 0; i < 100; ++i) {
    driver().run(driver()->now());
    driver().run(nanoseconds::zero());
    driver().run(nanoseconds::min());
  }
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(10));
}

RULE(ProactorRule, R12_3, "the clocks of two proactors agree") {
  const auto other = make_proactor();
  const nanoseconds first = driver()->now();
  const nanoseconds second = other->now();
  const nanoseconds third = driver()->now();
  EXPECT_LE(first, second);
  EXPECT_LE(second, third);
}

RULE(ProactorRule, R12_4,
     "waiting uses no CPU and wakes no thread, whatever ended, stopped and failed before") {
  const Named listener = driver().listen("127.0.0.1:0");
  driver().start(listener, Operation::accept);
  std::vector<Connected> crowd;
  for (int i = 0; i < 50; ++i) crowd.push_back(receiving(tcp_pair()));
  for (int i = 0; i < 10; ++i) {  // some have seen their end, some have stopped and then lose it
    crowd[static_cast<std::size_t>(i)].peer.close();
    driver()->stop(crowd[static_cast<std::size_t>(20 + i)].stream.handle);
  }
  driver().run_what_is_ready();
  for (std::size_t i = 20; i < 30; ++i) reset_connection(crowd[i].peer);
  driver().run_what_is_ready();

  const auto cpu_before = process_cpu_time();
  const long sleeps_before = count_sleeps();
  const nanoseconds end = driver()->now() + milliseconds(300);
  while (driver()->now() < end) driver().run(end);
  EXPECT_LT(process_cpu_time() - cpu_before, milliseconds(60));
  EXPECT_LT(count_sleeps() - sleeps_before, kMostSleeps) << "something wakes now and then";
}

// -- R6: wakes ------------------------------------------------------------------------------------

RULE(ProactorRule, R6_1, "a wake while nobody runs ends the next run()") {
  for (int i = 0; i < 1000; ++i) driver()->wake();
  driver().run(nanoseconds::max());
}

RULE(ProactorRule, R6_2, "a thousand wakes end one run(), not several") {
  for (int i = 0; i < 1000; ++i) driver()->wake();
  int ended = 0;
  while (ended < 5 && !driver().lasts(milliseconds(10))) ++ended;
  EXPECT_LT(ended, 5);
}

RULE(ProactorRule, R6_3, "100000 wakes from four threads: none is lost") {
  wake_from_four_threads([this] { driver()->wake(); },
                         [this] { driver().run(nanoseconds::max()); });
}

RULE(ProactorRule, R6_6, "20000 wakes, one at a time: each ends a run()") {
  wake_one_at_a_time([this] { driver()->wake(); }, [this] { driver().run(nanoseconds::max()); });
}

}  // namespace
}  // namespace collet::conformance

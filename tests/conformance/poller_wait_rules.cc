// SPDX-License-Identifier: MIT
// poller_wait_rules.cc: the rules of <collet/poller.h> about waiting: wakes, timeouts and what it
// costs.
#include <poll.h>
#include <sys/timerfd.h>

#include <array>
#include <atomic>
#include <climits>
#include <set>
#include <thread>
#include <vector>

#include "tests/conformance/interruptions.h"
#include "tests/conformance/poller_rule.h"
#include "tests/conformance/wake_storm.h"

namespace collet::conformance {
namespace {

// -- P5: wakes ------------------------------------------------------------------------------------

RULE(PollerRule, P5_1, "a wake while nobody waits ends the next wait()") {
  for (int i = 0; i < 1000; ++i) poller_->wake();
  const auto begin = Clock::now();
  EXPECT_EQ(poller_->wait(events_, kNever), 0U);
  EXPECT_LT(Clock::now() - begin, kPatience);
}

RULE(PollerRule, P5_2, "a thousand wakes end one wait(), not several") {
  for (int i = 0; i < 1000; ++i) poller_->wake();
  int ended = 0;
  while (ended < 5 && !lasts(milliseconds(10))) ++ended;
  EXPECT_LT(ended, 5);
}

RULE(PollerRule, P5_3, "a wake takes no event's place") {
  std::vector<Pair> pairs;
  for (std::uint64_t i = 0; i < 3; ++i) {
    pairs.push_back(local_pair());
    write_all(pairs.back().theirs, "x");
    ASSERT_EQ(poller_->add(pairs.back().ours.get(), Interest::read, Token{i}), 0);
  }
  for (int i = 0; i < 10; ++i) {
    std::array<Event, 3> just_enough{};
    poller_->wake();
    ASSERT_EQ(poller_->wait(just_enough, kPatience), 3U);
    std::set<Token> seen;
    for (const Event& event : just_enough) seen.insert(event.token);
    EXPECT_EQ(seen.size(), 3U);
  }
  for (const Pair& pair : pairs) poller_->remove(pair.ours.get());
}

RULE(PollerRule, P5_4, "100000 wakes from four threads: none is lost") {
  const auto begin = Clock::now();
  wake_from_four_threads([this] { poller_->wake(); }, [this] { poller_->wait(events_, kNever); });
  EXPECT_LT(Clock::now() - begin, 4 * kPatience);
}

RULE(PollerRule, P5_8, "20000 wakes, one at a time: each ends a wait()") {
  wake_one_at_a_time([this] { poller_->wake(); }, [this] { poller_->wait(events_, kNever); });
}

RULE(PollerRule, P5_5, "a wake ends the wait() in progress") {
  std::atomic<long> waiter{0};
  std::atomic<bool> woken{false};
  std::thread waker([&] {
    while (waiter == 0) std::this_thread::yield();
    wait_until_asleep(waiter);
    woken = true;
    poller_->wake();
  });
  waiter = own_thread_id();
  while (!woken) EXPECT_EQ(poller_->wait(events_, kNever), 0U);
  waker.join();
}

RULE(PollerRule, P5_6, "one wakes itself as well as others, and only its own Poller") {
  const auto other = make_poller();
  for (int i = 0; i < 100; ++i) {
    poller_->wake();
    EXPECT_EQ(other->wait(events_, nanoseconds::zero()), 0U);
    EXPECT_EQ(poller_->wait(events_, kNever), 0U);
  }
  EXPECT_TRUE(lasts(*other, milliseconds(5)));
}

RULE(PollerRule, P5_7, "wakes without pause hide no event") {
  const Pair pair = local_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::read, kFirst), 0);
  std::atomic<bool> over{false};
  std::thread waker([&] {
    while (!over) poller_->wake();
  });
  for (int i = 0; i < 1000; ++i) {
    write_all(pair.theirs, "x");
    EXPECT_TRUE(wait_for(kFirst, Readiness::read));
    EXPECT_EQ(read_up_to(pair.ours, 1), "x");
  }
  over = true;
  waker.join();
  poller_->remove(pair.ours.get());
}

// -- P6: timeouts ---------------------------------------------------------------------------------

RULE(PollerRule, P6_1, "no timeout expires early, from 1 ns to 7 ms") {
  for (const nanoseconds timeout :
       {nanoseconds(1), nanoseconds(999), nanoseconds(microseconds(50)),
        nanoseconds(microseconds(1001)), nanoseconds(milliseconds(7))}) {
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(lasts(timeout)) << timeout.count() << " ns";
  }
}

RULE(PollerRule, P6_2, "a timeout of zero does not block") {
  const auto begin = Clock::now();
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(poller_->wait(events_, nanoseconds::zero()), 0U);
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(5));
}

RULE(PollerRule, P6_3, "timeouts beyond INT_MAX ms, and for ever, do not overflow") {
  const Descriptor timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  ASSERT_EQ(poller_->add(timer.get(), Interest::read, kFirst), 0);
  const nanoseconds timeouts[] = {milliseconds(INT_MAX) + std::chrono::hours(1),
                                  std::chrono::hours(24 * 365 * 100), kNever - nanoseconds(1),
                                  kNever};
  for (const nanoseconds timeout : timeouts) {
    const itimerspec in_20ms{{}, {0, 20'000'000}};
    const auto begin = Clock::now();
    ASSERT_EQ(::timerfd_settime(timer.get(), 0, &in_20ms, nullptr), 0);
    int waits = 0;
    for (pollfd fired{timer.get(), POLLIN, 0}; ::poll(&fired, 1, 0) == 0; ++waits) {
      wait_once(kFirst, timeout);
    }
    EXPECT_LE(waits, kTries) << "it took the timeout for a short one";
    EXPECT_GE(Clock::now() - begin, milliseconds(20));
    EXPECT_TRUE(wait_for(kFirst, Readiness::read));
  }
  poller_->remove(timer.get());
}

RULE(PollerRule, P6_4, "a timeout does expire") {
  const Pair pair = local_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::read, kFirst), 0);
  for (int i = 0; i < 5; ++i) {
    const auto begin = Clock::now();
    EXPECT_TRUE(lasts(milliseconds(2)));
    EXPECT_LT(Clock::now() - begin, std::chrono::seconds(5));
  }
  poller_->remove(pair.ours.get());
}

RULE(PollerRule, P6_5, "an event ends the wait() in progress, whatever its timeout") {
  const Pair pair = local_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::read, kFirst), 0);
  std::atomic<long> waiter{0};
  std::thread peer([&] {
    while (waiter == 0) std::this_thread::yield();
    wait_until_asleep(waiter);
    write_all(pair.theirs, "x");
  });
  waiter = own_thread_id();
  EXPECT_TRUE(wait_for(kFirst, Readiness::read));
  peer.join();
  poller_->remove(pair.ours.get());
}

// A signal comes all the time, one for which no system call is begun again.
RULE(PollerRule, P6_6, "signals end a wait() at most: no event, wake or timeout is lost") {
  const Pair pair = local_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::read, kFirst), 0);
  const Interruptions interruptions;
  for (int i = 0; i < 10; ++i) {
    std::thread peer([&, waiter = own_thread_id()] {
      wait_until_asleep(waiter);
      write_all(pair.theirs, "x");
    });
    EXPECT_TRUE(wait_for(kFirst, Readiness::read));
    peer.join();
    EXPECT_EQ(read_up_to(pair.ours, 1), "x");
  }
  EXPECT_EQ(poller_->remove(pair.ours.get()), 0);
  wake_from_threads(
      1, 1000, [this] { poller_->wake(); },
      [this] { EXPECT_EQ(poller_->wait(events_, kNever), 0U); });
  for (const milliseconds timeout : {milliseconds(0), milliseconds(5), milliseconds(50)}) {
    const auto begin = Clock::now();
    EXPECT_EQ(poller_->wait(events_, timeout), 0U);
    EXPECT_LT(Clock::now() - begin, std::chrono::seconds(5));
  }
}

// -- P8: what it costs ----------------------------------------------------------------------------

RULE(PollerRule, P8_2, "waiting uses no CPU and wakes no thread") {
  std::vector<Pair> pairs;
  for (std::uint64_t i = 0; i < 50; ++i) {
    pairs.push_back(local_pair());
    ASSERT_EQ(poller_->add(pairs.back().ours.get(), Interest::read, Token{i}), 0);
  }
  wait_once(kFirst);
  const auto cpu_before = process_cpu_time();
  const long sleeps_before = count_sleeps();
  EXPECT_TRUE(lasts(milliseconds(200)));
  EXPECT_LT(process_cpu_time() - cpu_before, milliseconds(20));
  EXPECT_LT(count_sleeps() - sleeps_before, kMostSleeps) << "something wakes now and then";
  for (const Pair& pair : pairs) poller_->remove(pair.ours.get());
}

RULE(PollerRule, P8_4, "with no descriptor left, what is watched is served and wakes arrive") {
  const Pair pair = local_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::none, kFirst), 0);
  wait_once(kFirst);
  const NoMoreDescriptors none;
  ASSERT_EQ(poller_->modify(pair.ours.get(), Interest::read, kFirst), 0);
  write_all(pair.theirs, "x");
  EXPECT_TRUE(wait_for(kFirst, Readiness::read));
  poller_->wake();
  EXPECT_EQ(poller_->remove(pair.ours.get()), 0);
  EXPECT_EQ(poller_->wait(events_, kNever), 0U);
}

RULE(PollerRule, P8_5, "one made on one thread may run and end on another") {
  const Pair pair = local_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::read, kFirst), 0);
  std::thread loop([&] {
    EXPECT_TRUE(wait_for(kFirst, Readiness::read));
    EXPECT_EQ(poller_->remove(pair.ours.get()), 0);
    poller_.reset();
  });
  write_all(pair.theirs, "x");
  loop.join();
}

RULE(PollerRule, P8_6, "a hundred made and destroyed leave no descriptor and no thread behind") {
  const Pair pair = local_pair();
  const std::size_t before = count_open_descriptors();
  const std::size_t threads_before = count_program_threads();
  for (int i = 0; i < 100; ++i) {
    const auto other = make_poller();
    ASSERT_EQ(other->add(pair.ours.get(), Interest::read, kFirst), 0);
    other->wake();
    if (i % 2 == 0) other->wait(events_, nanoseconds::zero());
  }
  EXPECT_EQ(count_open_descriptors(), before);
  EXPECT_LE(count_program_threads_left(threads_before), threads_before) << "of threads";
}

}  // namespace
}  // namespace collet::conformance

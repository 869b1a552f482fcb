// SPDX-License-Identifier: MIT
// poller_conformance_test.cc: the rules of <collet/poller.h>, for every backend that is a Poller.
#include <sys/timerfd.h>

#include <array>
#include <atomic>
#include <climits>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "tests/conformance/every_backend.h"
#include "tests/conformance/plain_socket.h"

namespace collet::conformance {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using Clock = std::chrono::steady_clock;

constexpr nanoseconds kNever = nanoseconds::max();
constexpr auto kPatience = std::chrono::seconds(kPatienceSeconds);
constexpr Readiness kAll =
    Readiness::read | Readiness::write | Readiness::error | Readiness::hang_up;

class PollerConformanceTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    descriptors_before_ = count_open_descriptors();
    poller_ = make_poller(GetParam());
  }
  void TearDown() override {
    poller_.reset();
    EXPECT_EQ(count_open_descriptors(), descriptors_before_);
  }

  // What one wait() says about `token`; nothing if it does not mention it.
  std::optional<Readiness> wait_once(Token token, nanoseconds timeout = nanoseconds::zero()) {
    const std::size_t count = poller_->wait(events_, timeout);
    EXPECT_LE(count, events_.size());
    for (std::size_t i = 0; i < count; ++i) {
      if (events_[i].token == token) return events_[i].ready;
    }
    return std::nullopt;
  }

  // Waits until `token` has been reported with any of `wanted`. False when patience ran out.
  bool wait_for(Token token, Readiness wanted) {
    const auto deadline = Clock::now() + kPatience;
    while (Clock::now() < deadline) {
      if (has(wait_once(token, kPatience).value_or(Readiness::none), wanted)) return true;
    }
    return false;
  }

  std::unique_ptr<Poller> poller_;
  std::array<Event, 64> events_{};

 private:
  std::size_t descriptors_before_ = 0;
};

INSTANTIATE_TEST_SUITE_P(EveryBackend, PollerConformanceTest, ::testing::ValuesIn(poller_names()),
                         name_of_parameter);

constexpr Token kFirst{1};
constexpr Token kSecond{2};

// -- Registration ---------------------------------------------------------------------------------

TEST_P(PollerConformanceTest, AddingTwiceFailsWithEexist) {
  const Pair pair = local_pair();
  EXPECT_EQ(poller_->add(pair.ours.get(), Interest::read, kFirst), 0);
  EXPECT_EQ(poller_->add(pair.ours.get(), Interest::read, kSecond), EEXIST);
  write_all(pair.theirs, "x");
  EXPECT_TRUE(wait_for(kFirst, Readiness::read));
  EXPECT_EQ(poller_->remove(pair.ours.get()), 0);
}

TEST_P(PollerConformanceTest, WhatIsNotWatchedCannotBeModifiedOrRemoved) {
  const Pair pair = local_pair();
  EXPECT_EQ(poller_->modify(pair.ours.get(), Interest::read, kFirst), ENOENT);
  EXPECT_EQ(poller_->remove(pair.ours.get()), ENOENT);
  EXPECT_EQ(poller_->add(pair.ours.get(), Interest::read, kFirst), 0);
  EXPECT_EQ(poller_->remove(pair.ours.get()), 0);
  EXPECT_EQ(poller_->modify(pair.ours.get(), Interest::read, kFirst), ENOENT);
  EXPECT_EQ(poller_->remove(pair.ours.get()), ENOENT);
}

TEST_P(PollerConformanceTest, AddingAClosedDescriptorFails) {
  Pair pair = local_pair();
  const int fd = pair.ours.get();
  pair.ours.close();
  EXPECT_EQ(poller_->add(fd, Interest::read, kFirst), EBADF);
  EXPECT_EQ(poller_->add(-1, Interest::read, kFirst), EBADF);
}

TEST_P(PollerConformanceTest, DescriptorsStayTheCallers) {
  Pair pair = local_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::read | Interest::write, kFirst), 0);
  poller_.reset();
  write_all(pair.ours, "still open");
  EXPECT_EQ(read_up_to(pair.theirs, 10), "still open");
}

// -- P1, P2: what persists is reported again and again --------------------------------------------

TEST_P(PollerConformanceTest, ReadinessIsReportedByEveryWaitWhileItLasts) {
  const Pair pair = local_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::read, kFirst), 0);
  write_all(pair.theirs, "x");
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(has(wait_once(kFirst).value_or(Readiness::none), kAll));
  poller_->remove(pair.ours.get());
}

TEST_P(PollerConformanceTest, WritabilityIsReportedByEveryWaitWhileItLasts) {
  const Pair pair = local_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::read | Interest::write, kFirst), 0);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(has(wait_once(kFirst).value_or(Readiness::none), Readiness::write));
  }
  write_all(pair.theirs, "x");
  const auto both = wait_once(kFirst).value_or(Readiness::none);
  EXPECT_TRUE(has(both, Readiness::read));
  EXPECT_TRUE(has(both, Readiness::write));
  poller_->remove(pair.ours.get());
}

TEST_P(PollerConformanceTest, ReadinessOlderThanTheInterestIsReported) {
  const Pair pair = local_pair();
  write_all(pair.theirs, "x");
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::none, kFirst), 0);
  for (int i = 0; i < 3; ++i) wait_once(kFirst);
  ASSERT_EQ(poller_->modify(pair.ours.get(), Interest::read, kSecond), 0);
  EXPECT_TRUE(wait_for(kSecond, Readiness::read));
  poller_->remove(pair.ours.get());
}

TEST_P(PollerConformanceTest, ModifyReplacesInterestAndToken) {
  const Pair pair = local_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::write, kFirst), 0);
  EXPECT_TRUE(wait_for(kFirst, Readiness::write));
  ASSERT_EQ(poller_->modify(pair.ours.get(), Interest::read, kSecond), 0);
  EXPECT_FALSE(wait_once(kFirst).has_value());
  write_all(pair.theirs, "x");
  EXPECT_TRUE(wait_for(kSecond, Readiness::read));
  ASSERT_EQ(poller_->modify(pair.ours.get(), Interest::write, kFirst), 0);
  EXPECT_TRUE(wait_for(kFirst, Readiness::write));
  poller_->remove(pair.ours.get());
}

TEST_P(PollerConformanceTest, AnInterestDroppedAndTakenUpAgainIsStillServed) {
  const Pair pair = local_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::read, kFirst), 0);
  for (int i = 0; i < 5; ++i) {
    wait_once(kFirst);
    ASSERT_EQ(poller_->modify(pair.ours.get(), Interest::none, kFirst), 0);
    write_all(pair.theirs, "x");
    wait_once(kFirst);
    ASSERT_EQ(poller_->modify(pair.ours.get(), Interest::read, kFirst), 0);
    ASSERT_TRUE(wait_for(kFirst, Readiness::read));
    EXPECT_EQ(read_up_to(pair.ours, 1), "x");
  }
  poller_->remove(pair.ours.get());
}

TEST_P(PollerConformanceTest, FewPlacesForEventsLoseNone) {
  std::vector<Pair> pairs;
  for (std::uint64_t i = 0; i < 20; ++i) {
    pairs.push_back(local_pair());
    write_all(pairs.back().theirs, "x");
    ASSERT_EQ(poller_->add(pairs.back().ours.get(), Interest::read, Token{i}), 0);
  }
  std::set<Token> seen;
  std::array<Event, 3> few{};
  for (int i = 0; i < 200 && seen.size() < pairs.size(); ++i) {
    const std::size_t count = poller_->wait(few, nanoseconds::zero());
    ASSERT_LE(count, few.size());
    for (std::size_t k = 0; k < count; ++k) seen.insert(few[k].token);
  }
  EXPECT_EQ(seen.size(), pairs.size());
  for (const Pair& pair : pairs) poller_->remove(pair.ours.get());
}

// -- P3: what is removed is silent ----------------------------------------------------------------

TEST_P(PollerConformanceTest, RemoveSilencesAnEventAlreadyReady) {
  const Pair pair = local_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::read, kFirst), 0);
  wait_once(kFirst);
  write_all(pair.theirs, "x");
  ASSERT_EQ(poller_->remove(pair.ours.get()), 0);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(wait_once(kFirst).has_value());
}

TEST_P(PollerConformanceTest, RemoveSilencesADescriptorThatHasADuplicate) {
  Pair pair = local_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::read, kFirst), 0);
  wait_once(kFirst);
  const Descriptor duplicate(::dup(pair.ours.get()));
  ASSERT_EQ(poller_->remove(pair.ours.get()), 0);
  pair.ours.close();
  write_all(pair.theirs, "x");
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(wait_once(kFirst).has_value());
}

TEST_P(PollerConformanceTest, AReusedNumberIsNotReportedForItsPredecessor) {
  for (int i = 0; i < 20; ++i) {
    Pair old_pair = local_pair();
    const int number = old_pair.ours.get();
    ASSERT_EQ(poller_->add(number, Interest::read | Interest::write, kFirst), 0);
    write_all(old_pair.theirs, "x");
    if (i % 2 == 0) wait_once(kFirst);
    ASSERT_EQ(poller_->remove(number), 0);
    old_pair.ours.close();

    const Pair pair = local_pair();
    ASSERT_EQ(pair.ours.get(), number);
    ASSERT_EQ(poller_->add(number, Interest::read, kSecond), 0);
    for (int k = 0; k < 3; ++k) EXPECT_FALSE(wait_once(kFirst).has_value());
    write_all(pair.theirs, "y");
    EXPECT_TRUE(wait_for(kSecond, Readiness::read));
    poller_->remove(number);
  }
}

TEST_P(PollerConformanceTest, OneMayBeRemovedWhileTheBatchThatReportsItIsHandled) {
  std::vector<Pair> pairs;
  for (std::uint64_t i = 0; i < 10; ++i) {
    pairs.push_back(local_pair());
    write_all(pairs.back().theirs, "x");
    ASSERT_EQ(poller_->add(pairs.back().ours.get(), Interest::read, Token{i}), 0);
  }
  ASSERT_GT(poller_->wait(events_, kPatience), 0U);
  for (std::size_t i = 1; i < pairs.size(); ++i) {
    EXPECT_EQ(poller_->remove(pairs[i].ours.get()), 0);
    pairs[i].ours.close();
  }
  for (int i = 0; i < 5; ++i) {
    const std::size_t count = poller_->wait(events_, nanoseconds::zero());
    for (std::size_t k = 0; k < count; ++k) EXPECT_EQ(events_[k].token, Token{0});
  }
  poller_->remove(pairs[0].ours.get());
}

// -- P4: failures are reported whatever the interest ----------------------------------------------

constexpr Interest kInterests[] = {Interest::none, Interest::read, Interest::write};

TEST_P(PollerConformanceTest, HangUpIsReportedWhateverTheInterest) {
  for (const Interest interest : kInterests) {
    Pair pair = local_pair();
    ASSERT_EQ(poller_->add(pair.ours.get(), interest, kFirst), 0);
    wait_once(kFirst);
    pair.theirs.close();
    EXPECT_TRUE(wait_for(kFirst, Readiness::hang_up));
    EXPECT_TRUE(has(wait_once(kFirst).value_or(Readiness::none), Readiness::hang_up)) << "again";
    poller_->remove(pair.ours.get());
  }
}

TEST_P(PollerConformanceTest, ErrorIsReportedWhateverTheInterest) {
  for (const Interest interest : kInterests) {
    Pair pair = tcp_pair();
    ASSERT_EQ(poller_->add(pair.ours.get(), interest, kFirst), 0);
    wait_once(kFirst);
    reset_connection(pair.theirs);
    EXPECT_TRUE(wait_for(kFirst, Readiness::error));
    poller_->remove(pair.ours.get());
  }
}

TEST_P(PollerConformanceTest, TheEndOfAStreamIsReadable) {
  const Pair pair = tcp_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::read, kFirst), 0);
  wait_once(kFirst);
  ::shutdown(pair.theirs.get(), SHUT_WR);
  EXPECT_TRUE(wait_for(kFirst, Readiness::read));
  poller_->remove(pair.ours.get());
}

TEST_P(PollerConformanceTest, UrgentDataKeepsNobodyBusy) {
  const Pair pair = tcp_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::none, kFirst), 0);
  wait_once(kFirst);
  ASSERT_EQ(::send(pair.theirs.get(), "!", 1, MSG_OOB), 1);
  const auto cpu_before = thread_cpu_time();
  const auto end = Clock::now() + milliseconds(200);
  while (Clock::now() < end) wait_once(kFirst, end - Clock::now());
  EXPECT_LT(thread_cpu_time() - cpu_before, milliseconds(50));
  poller_->remove(pair.ours.get());
}

// -- P5: wakes ------------------------------------------------------------------------------------

TEST_P(PollerConformanceTest, AWakeWhileNobodyWaitsEndsTheNextWait) {
  for (int i = 0; i < 1000; ++i) poller_->wake();
  const auto begin = Clock::now();
  EXPECT_EQ(poller_->wait(events_, kNever), 0U);
  EXPECT_LT(Clock::now() - begin, kPatience);
}

TEST_P(PollerConformanceTest, WakesMerge) {
  for (int i = 0; i < 1000; ++i) poller_->wake();
  const auto begin = Clock::now();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(poller_->wait(events_, milliseconds(10)), 0U);
  EXPECT_GE(Clock::now() - begin, milliseconds(50));
}

TEST_P(PollerConformanceTest, AWakeTakesNoEventsPlace) {
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

TEST_P(PollerConformanceTest, NoWakeIsLost) {
  constexpr int kThreads = 4;
  constexpr int kWakes = 25'000;  // of each thread
  std::atomic<std::uint64_t> posted{0};
  std::atomic<std::uint64_t> seen{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < kWakes; ++k) {
        const std::uint64_t mine = posted.fetch_add(1) + 1;
        poller_->wake();
        while (seen.load() < mine) std::this_thread::yield();  // so that the waiter sleeps again
      }
    });
  }
  const auto begin = Clock::now();
  while (seen.load() < std::uint64_t{kThreads} * kWakes) {
    poller_->wait(events_, kNever);
    seen.store(posted.load());
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LT(Clock::now() - begin, 4 * kPatience);
}

// -- P6: timeouts ---------------------------------------------------------------------------------

TEST_P(PollerConformanceTest, TimeoutsNeverExpireEarly) {
  for (const nanoseconds timeout :
       {nanoseconds(1), nanoseconds(999), nanoseconds(microseconds(50)),
        nanoseconds(microseconds(1001)), nanoseconds(milliseconds(7))}) {
    for (int i = 0; i < 3; ++i) {
      const auto begin = Clock::now();
      EXPECT_EQ(poller_->wait(events_, timeout), 0U);
      EXPECT_GE(Clock::now() - begin, timeout);
    }
  }
}

TEST_P(PollerConformanceTest, ATimeoutOfZeroDoesNotBlock) {
  const auto begin = Clock::now();
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(poller_->wait(events_, nanoseconds::zero()), 0U);
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(5));
}

TEST_P(PollerConformanceTest, LongTimeoutsDoNotOverflow) {
  const Descriptor timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  ASSERT_EQ(poller_->add(timer.get(), Interest::read, kFirst), 0);
  const nanoseconds timeouts[] = {milliseconds(INT_MAX) + std::chrono::hours(1),
                                  std::chrono::hours(24 * 365 * 100), kNever - nanoseconds(1),
                                  kNever};
  for (const nanoseconds timeout : timeouts) {
    const itimerspec in_20ms{{}, {0, 20'000'000}};
    const auto begin = Clock::now();
    ASSERT_EQ(::timerfd_settime(timer.get(), 0, &in_20ms, nullptr), 0);
    std::optional<Readiness> ready;
    while (!ready) ready = wait_once(kFirst, timeout);
    EXPECT_GE(Clock::now() - begin, milliseconds(20));
    EXPECT_TRUE(has(*ready, Readiness::read));
  }
  poller_->remove(timer.get());
}

TEST_P(PollerConformanceTest, WaitingUsesNoCpu) {
  std::vector<Pair> pairs;
  for (std::uint64_t i = 0; i < 50; ++i) {
    pairs.push_back(local_pair());
    ASSERT_EQ(poller_->add(pairs.back().ours.get(), Interest::read, Token{i}), 0);
  }
  wait_once(kFirst);
  const auto cpu_before = thread_cpu_time();
  EXPECT_EQ(poller_->wait(events_, milliseconds(200)), 0U);
  EXPECT_LT(thread_cpu_time() - cpu_before, milliseconds(20));
  for (const Pair& pair : pairs) poller_->remove(pair.ours.get());
}

}  // namespace
}  // namespace collet::conformance

// SPDX-License-Identifier: MIT
// event_loop_test.cc: posting, deferring, stopping and handing over completions.
#include <collet/event_loop.h>

#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/scripted_loop.h"

namespace collet {
namespace {

using std::chrono::nanoseconds;
using EventLoopTest = ScriptedLoopTest;

TEST_F(EventLoopTest, RunsPostedTasksInTheOrderOfPosting) {
  std::vector<int> run;
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(loop_.post([&run, i] { run.push_back(i); }));
  }
  loop_.stop();
  loop_.run();
  ASSERT_EQ(run.size(), 100U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(run[static_cast<std::size_t>(i)], i);
}

TEST_F(EventLoopTest, PostsToALoopThatIsAwakeCostNoWake) {
  loop_.post([this] {
    for (int i = 0; i < 100; ++i) loop_.post([] {});
    loop_.post([this] { loop_.stop(); });
  });
  loop_.run();
  EXPECT_EQ(loop_.stats().posts, 102U);
  EXPECT_EQ(loop_.stats().wakes, 0U);
  EXPECT_EQ(proactor_->wakes(), 1U) << "the one of stop()";
}

TEST_F(EventLoopTest, PostsToALoopThatSleepsMergeIntoOneWake) {
  int run = 0;
  for (int sleep = 0; sleep < 3; ++sleep) {
    proactor_->then([&](CompletionSink&) {
      for (int i = 0; i < 100; ++i) loop_.post([&run] { ++run; });
    });
  }
  proactor_->then([this](CompletionSink&) { loop_.stop(); });
  loop_.run();
  EXPECT_EQ(run, 300);
  EXPECT_EQ(loop_.stats().wakes, 3U);
}

TEST_F(EventLoopTest, AWakeThatEndedNoWaitIsSeenUntilTheNext) {
  EXPECT_FALSE(loop_.waits_for_wake());
  proactor_->then([this](CompletionSink&) {
    EXPECT_FALSE(loop_.waits_for_wake()) << "it sleeps, and nobody wants it to wake";
    loop_.post([this] { EXPECT_FALSE(loop_.waits_for_wake()); });
    EXPECT_TRUE(loop_.waits_for_wake()) << "this wait goes on";
  });
  proactor_->then([this](CompletionSink&) { loop_.stop(); });
  loop_.post([this] { EXPECT_FALSE(loop_.waits_for_wake()); });
  loop_.run();
  EXPECT_FALSE(loop_.waits_for_wake());
}

TEST_F(EventLoopTest, ATaskPostedWhileTheLoopFallsAsleepIsNotSleptOver) {
  bool ran = false;
  loop_.defer([&] { loop_.post([&] { ran = true; }); });
  proactor_->then([this](CompletionSink&) { loop_.stop(); });
  loop_.run();
  EXPECT_TRUE(ran);
  EXPECT_EQ(proactor_->deadlines().front(), nanoseconds::min());
}

TEST_F(EventLoopTest, PostsFromFourThreadsMergeWakesAndLoseNone) {
  constexpr int kThreads = 4;
  constexpr int kPosts = 20'000;
  std::vector<int> last(kThreads, -1);
  int run = 0;
  bool in_order = true;
  std::vector<std::thread> posters;
  for (std::size_t poster = 0; poster < kThreads; ++poster) {
    posters.emplace_back([&, poster] {
      for (int i = 0; i < kPosts; ++i) {
        loop_.post([&, poster, i] {
          in_order = in_order && last[poster] == i - 1;
          last[poster] = i;
          if (++run == kThreads * kPosts) loop_.stop();
        });
      }
    });
  }
  loop_.run();  // for ever, if one were lost
  for (std::thread& poster : posters) poster.join();
  EXPECT_EQ(run, kThreads * kPosts);
  EXPECT_TRUE(in_order) << "each thread's posts keep their order";
  const LoopStats stats = loop_.stats();
  EXPECT_EQ(stats.posts, std::uint64_t{kThreads} * kPosts);
  EXPECT_LE(stats.wakes, stats.passes);
  EXPECT_EQ(proactor_->wakes(), stats.wakes + 1) << "and the one of stop()";
}

TEST_F(EventLoopTest, APassRunsABoundedNumberOfPosts) {
  constexpr int kPosts = 20'000;
  int run = 0;
  for (int i = 0; i < kPosts; ++i) loop_.post([&run] { ++run; });
  std::vector<int> run_at_pass;
  while (run_at_pass.size() < 100) {
    run_at_pass.push_back(0);
    const std::size_t pass = run_at_pass.size() - 1;
    proactor_->then([&, pass](CompletionSink&) {
      run_at_pass[pass] = run;
      if (run == kPosts) loop_.stop();
    });
  }
  loop_.run();
  EXPECT_EQ(run, kPosts);
  EXPECT_EQ(loop_.stats().bounded_posts, 4U);
  int before = 0;
  for (std::size_t pass = 0; before < kPosts; ++pass) {
    EXPECT_GT(run_at_pass[pass], before);
    EXPECT_LE(run_at_pass[pass] - before, 4096);
    before = run_at_pass[pass];
    const bool more = before < kPosts;
    EXPECT_EQ(proactor_->deadlines()[pass] == nanoseconds::min(), more) << "in pass " << pass;
  }
}

// A backlog must not be moved about once a pass: the longer it is, the slower it would shrink.
TEST_F(EventLoopTest, ABacklogIsNotMovedAboutWhileItIsWorkedOff) {
  struct CountsItsMoves {
    explicit CountsItsMoves(std::size_t& moves) : moves_(&moves) {}
    CountsItsMoves(CountsItsMoves&& other) noexcept : moves_(other.moves_) { ++*moves_; }
    void operator()() {}
    std::size_t* moves_;
  };
  constexpr std::size_t kPosts = 200'000;
  std::size_t moves = 0;
  for (std::size_t i = 0; i < kPosts; ++i) loop_.post(CountsItsMoves(moves));
  loop_.stop();
  loop_.run();
  EXPECT_LT(moves, 8 * kPosts);
}

TEST_F(EventLoopTest, DeferredTasksRunBeforeTheNextWait) {
  std::vector<std::string> order;
  const auto note = [&order](const char* what) { order.emplace_back(what); };
  loop_.post([&] {
    loop_.defer([&] { note("deferred by a task"); });
    note("task");
  });
  proactor_->then([&](CompletionSink&) {
    note("wait");
    loop_.defer([&] { note("deferred by a completion"); });
  });
  proactor_->then([&](CompletionSink&) {
    note("wait");
    loop_.stop();
  });
  loop_.run();
  EXPECT_EQ(order, (std::vector<std::string>{"task", "deferred by a task", "wait",
                                             "deferred by a completion", "wait"}));
}

TEST_F(EventLoopTest, WhatDeferredTasksDeferRunsBeforeTheLoopBlocks) {
  int depth = 0;
  std::function<void()> deeper = [&] {
    if (++depth < 10) loop_.defer([&] { deeper(); });
    if (depth == 10) loop_.stop();
  };
  loop_.defer([&] { deeper(); });
  loop_.run();
  EXPECT_EQ(depth, 10);
  for (const nanoseconds deadline : proactor_->deadlines()) {
    EXPECT_EQ(deadline, nanoseconds::min()) << "it blocked with work to do";
  }
}

TEST_F(EventLoopTest, TasksThatThrowAreCountedAndHarmNobody) {
  const auto fail = [] { throw std::runtime_error("as tasks do"); };
  int after = 0;
  loop_.post(fail);
  loop_.post([&] { ++after; });
  loop_.defer(fail);
  loop_.defer([&] { ++after; });
  loop_.call_after(nanoseconds(1), fail);
  loop_.call_after(nanoseconds(2), [&] {
    ++after;
    loop_.stop();
  });
  loop_.run();
  EXPECT_EQ(loop_.stats().threw, 3U);
  EXPECT_EQ(after, 3);
}

TEST_F(EventLoopTest, CompletionsReachTheHandlerOfTheirToken) {
  struct Recorder final : CompletionHandler {
    void on_completion(Completion& completion) noexcept override {
      sent.push_back(completion.sent);
    }
    std::vector<std::size_t> sent;
  };
  Recorder one;
  Recorder other;
  proactor_->then([&](CompletionSink& sink) {
    for (const std::size_t sent : {1U, 2U, 3U}) {
      Completion completion;
      completion.token = CompletionHandler::token_of(sent == 2 ? other : one);
      completion.sent = sent;
      sink.complete(completion);
    }
    loop_.stop();
  });
  loop_.run();
  EXPECT_EQ(one.sent, (std::vector<std::size_t>{1, 3}));
  EXPECT_EQ(other.sent, (std::vector<std::size_t>{2}));
  EXPECT_EQ(loop_.stats().completions, 3U);
}

TEST_F(EventLoopTest, PassesThatStoppedAtABoundAreNotComplete) {
  proactor_->then([this](CompletionSink&) { proactor_->complete_passes(false); });
  proactor_->then([this](CompletionSink&) { EXPECT_EQ(loop_.complete_passes(), 0U); });
  proactor_->then([this](CompletionSink&) { proactor_->complete_passes(true); });
  proactor_->then([this](CompletionSink&) {
    EXPECT_EQ(loop_.complete_passes(), 1U);
    loop_.stop();
  });
  loop_.run();
  EXPECT_EQ(loop_.stats().passes, 5U) << "the last one found the loop stopped, and did not wait";
}

// -- Stopping ------------------------------------------------------------------------------------

TEST_F(EventLoopTest, APostAfterTheStopIsRefusedAndItsTaskDestroyed) {
  const auto owned = std::make_shared<int>(0);
  EXPECT_TRUE(loop_.post([owned] { ++*owned; }));
  loop_.stop();
  EXPECT_FALSE(loop_.post([owned] { ++*owned; }));
  EXPECT_EQ(owned.use_count(), 2);
  loop_.run();
  EXPECT_EQ(*owned, 1);
  EXPECT_FALSE(loop_.post([owned] { ++*owned; }));
  EXPECT_EQ(owned.use_count(), 1);
}

TEST_F(EventLoopTest, AStopFromAnotherThreadEndsALoopThatSleeps) {
  std::thread other([this] { loop_.stop(); });
  loop_.run();
  other.join();
}

TEST_F(EventLoopTest, AStoppedLoopDoesNotFireWhatIsNotDue) {
  bool fired = false;
  loop_.call_after(std::chrono::hours(1), [&] { fired = true; });
  loop_.post([this] { loop_.stop(); });
  loop_.run();
  EXPECT_FALSE(fired);
}

TEST_F(EventLoopTest, MemberFunctionsKnowTheLoopsThread) {
  EXPECT_TRUE(loop_.in_loop_thread()) << "while no thread runs it";
  bool inside = false;
  bool outside = true;
  loop_.post([&] {
    inside = loop_.in_loop_thread();
    std::thread([&] { outside = loop_.in_loop_thread(); }).join();
    loop_.stop();
  });
  loop_.run();
  EXPECT_TRUE(inside);
  EXPECT_FALSE(outside);
  EXPECT_TRUE(loop_.in_loop_thread());
}

TEST(EventLoopEndTest, TasksThatNeverRanAreDestroyedWithTheLoop) {
  const auto owned = std::make_shared<int>(0);
  {
    EventLoop loop(std::make_unique<ScriptedProactor>());
    loop.post([owned] { ++*owned; });
    loop.defer([owned] { ++*owned; });
    loop.call_after(nanoseconds(1), [owned] { ++*owned; });
    EXPECT_EQ(owned.use_count(), 4);
  }
  EXPECT_EQ(owned.use_count(), 1);
  EXPECT_EQ(*owned, 0);
}

// Every task is destroyed once; those that post() took have been run when run() returns.
TEST(EventLoopEndTest, PostsFromFourThreadsWhileTheLoopStopsAreRunOrRefused) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 30;
  for (int round = 0; round < kRounds; ++round) {
    EventLoop loop(std::make_unique<ScriptedProactor>());
    const auto owned = std::make_shared<int>(0);  // run counts on the loop's thread alone
    std::atomic<int> accepted{0};
    std::latch posting(kThreads);
    loop.post([&loop] { loop.stop(); });
    std::vector<std::thread> posters;
    for (int i = 0; i < kThreads; ++i) {
      posters.emplace_back([&, owned] {
        for (int posts = 0; loop.post([owned] { ++*owned; }); ++posts) {
          ++accepted;
          if (posts == 0) posting.count_down();
        }
      });
    }
    posting.wait();
    loop.run();
    for (std::thread& poster : posters) poster.join();
    ASSERT_EQ(*owned, accepted);
    posters.clear();
    ASSERT_EQ(owned.use_count(), 1);
  }
}

TEST(LoopStatsTest, MergeAdds) {
  LoopStats one;
  one.passes = 1;
  one.completions = 2;
  one.posts = 3;
  one.wakes = 4;
  one.timers = 5;
  one.threw = 6;
  one.proactor = {7, 8, 9};
  LoopStats sum = one;
  sum.merge(one);
  EXPECT_EQ(sum.passes, 2U);
  EXPECT_EQ(sum.completions, 4U);
  EXPECT_EQ(sum.posts, 6U);
  EXPECT_EQ(sum.wakes, 8U);
  EXPECT_EQ(sum.timers, 10U);
  EXPECT_EQ(sum.threw, 12U);
  EXPECT_EQ(sum.proactor.stale_events, 14U);
  EXPECT_EQ(sum.proactor.lease_waits, 16U);
  EXPECT_EQ(sum.proactor.bounded_passes, 18U);
}

}  // namespace
}  // namespace collet

// SPDX-License-Identifier: MIT
// pool_rules.cc: the rules of <collet/thread_pool.h> about tasks: run or destroyed, in what order,
// whatever they throw and however long they take.
#include <algorithm>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/conformance/pool_rule.h"

namespace collet::conformance {
namespace {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int kBurst = 2'000;
#else
constexpr int kBurst = 20'000;
#endif

RULE(PoolRule, T1_1, "each task submitted is run once, and destroyed once") {
  Fates fates;
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(submit(Tracked(fates)));
  pool_->stop(StopMode::drain);
  EXPECT_EQ(fates.run, 1000);
  EXPECT_EQ(fates.gone, 1000);
}

RULE(PoolRule, T1_2, "so is each of a batch of any size, which leaves the caller's empty") {
  Fates fates;
  int submitted = 0;
  for (const std::size_t size : {0U, 1U, 2U, 63U, 64U, 65U, 1000U, 3U}) {
    auto tasks = make_tracked(fates, size);
    ASSERT_EQ(pool_->submit_bulk(tasks), size);
    for (const Task& task : tasks) EXPECT_FALSE(task);
    submitted += static_cast<int>(size);
  }
  pool_->stop(StopMode::drain);
  EXPECT_EQ(fates.run, submitted);
  EXPECT_EQ(fates.gone, submitted);
}

RULE(PoolRule, T1_3, "a task refused is untouched") {
  pool_->stop(StopMode::drain);
  Fates fates;
  auto tasks = make_tracked(fates, 3);
  EXPECT_FALSE(pool_->submit(tasks[0]));
  EXPECT_FALSE(pool_->try_submit(tasks[0]));
  EXPECT_EQ(pool_->submit_bulk(tasks), 0U);
  for (const Task& task : tasks) EXPECT_TRUE(task);
  EXPECT_EQ(fates.gone, 0);
  EXPECT_EQ(pool_->stats().refused, 5U);
  EXPECT_EQ(pool_->stats().accepted, 0U);
}

RULE(PoolRule, T6_1, "one worker keeps the order of single tasks and batches") {
  if (workers() > 1) GTEST_SKIP() << "promised of one worker only";
  std::vector<int> order;
  int next = 0;
  for (int round = 0; round < 200; ++round) {
    ASSERT_TRUE(submit([&order, i = next++] { order.push_back(i); }));
    std::vector<Task> tasks;
    for (int i = 0; i < round; ++i)
      tasks.emplace_back([&order, n = next++] { order.push_back(n); });
    ASSERT_EQ(pool_->submit_bulk(tasks), tasks.size());
  }
  pool_->stop(StopMode::drain);
  ASSERT_EQ(order.size(), static_cast<std::size_t>(next));
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

RULE(PoolRule, T6_2, "submit(), submit_bulk() and try_submit() share one order") {
  if (workers() > 1) GTEST_SKIP() << "promised of one worker only";
  std::vector<int> order;
  int next = 0;
  const auto make = [&] { return Task([&order, i = next++] { order.push_back(i); }); };
  for (int round = 0; round < 500; ++round) {
    Task one = make();
    ASSERT_TRUE(pool_->submit(one));
    std::vector<Task> two;
    two.push_back(make());
    two.push_back(make());
    ASSERT_EQ(pool_->submit_bulk(two), 2U);
    Task last = make();
    ASSERT_TRUE(pool_->try_submit(last));
  }
  pool_->stop(StopMode::drain);
  ASSERT_EQ(order.size(), static_cast<std::size_t>(next));
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

RULE(PoolRule, T6_3, "one worker keeps the order of each of several who submit") {
  if (workers() != 1) GTEST_SKIP() << "promised of one worker only";
  std::vector<int> orders[3];
  std::vector<std::thread> submitters;
  for (std::vector<int>& order : orders) {
    submitters.emplace_back([this, &order] {
      for (int i = 0; i < 2000; ++i) EXPECT_TRUE(submit([&order, i] { order.push_back(i); }));
    });
  }
  for (std::thread& submitter : submitters) submitter.join();
  pool_->stop(StopMode::drain);
  for (const std::vector<int>& order : orders) {
    EXPECT_EQ(order.size(), 2000U);
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  }
}

// Throws from its destructor, unless moved from.
struct ThrowsAtTheEnd {
  bool armed = true;
  ThrowsAtTheEnd() = default;
  ThrowsAtTheEnd(ThrowsAtTheEnd&& other) noexcept : armed(std::exchange(other.armed, false)) {}
  ~ThrowsAtTheEnd() noexcept(false) {
    if (armed) throw std::bad_alloc();
  }
};

RULE(PoolRule, T2_1, "a task that throws, as it runs or as it goes, is counted") {
  Fates fates;
  for (int i = 0; i < 100; ++i) {
    std::vector<Task> tasks;
    tasks.emplace_back([] { throw 5; });
    tasks.emplace_back(Tracked(fates));
    tasks.emplace_back([] { throw std::bad_alloc(); });
    tasks.emplace_back([capture = ThrowsAtTheEnd()] {});
    tasks.emplace_back(Tracked(fates));
    ASSERT_EQ(pool_->submit_bulk(tasks), tasks.size());
  }
  pool_->stop(StopMode::drain);
  EXPECT_EQ(fates.run, 200);
  const PoolStats stats = pool_->stats();
  EXPECT_EQ(stats.threw, 300U);
  EXPECT_EQ(stats.run, 500U);
  EXPECT_EQ(stats.accepted, 500U);
}

RULE(PoolRule, T2_2, "whatever is thrown: errors, numbers, pointers, types of its own") {
  struct Own {};
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(submit([] { throw std::runtime_error("an error"); }));
    ASSERT_TRUE(submit([] { throw "text"; }));
    ASSERT_TRUE(submit([] { throw Own{}; }));
    ASSERT_TRUE(submit([] { throw nullptr; }));
    ASSERT_TRUE(submit([] { throw std::string("words"); }));
  }
  pool_->stop(StopMode::drain);
  EXPECT_EQ(pool_->stats().threw, 250U);
  EXPECT_EQ(pool_->stats().run, 250U);
}

RULE(PoolRule, T2_3, "after a thousand tasks that threw every worker still works") {
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(submit([] { throw 5; }));
  occupy_workers();  // which takes all of them at once
  release_workers();
  pool_->stop(StopMode::drain);
  EXPECT_EQ(pool_->stats().threw, 1000U);
}

RULE(PoolRule, T3_1, "submitting goes on while every worker is busy") {
  if (!has_workers()) GTEST_SKIP() << "runs tasks on the caller's thread";
  Fates fates;
  occupy_workers();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(submit(Tracked(fates)));
  auto tasks = make_tracked(fates, 10'000);
  ASSERT_EQ(pool_->submit_bulk(tasks), tasks.size());
  EXPECT_EQ(fates.run, 0);
  EXPECT_EQ(pool_->stats().queued, 10'100U);
  release_workers();
  pool_->stop(StopMode::drain);
  EXPECT_EQ(fates.run, 10'100);
  EXPECT_EQ(pool_->stats().queued, 0U);
}

RULE(PoolRule, T8_1, "no task of a batch waits behind a slow one while a worker is idle") {
  if (workers() < 2) GTEST_SKIP() << "promised of several workers only";
  for (int round = 0; round < 20; ++round) {
    constexpr std::ptrdiff_t kOthers = 99;
    Semaphore others_done{0};
    Semaphore slow_done{0};
    std::vector<Task> tasks;
    tasks.emplace_back([&] {
      for (std::ptrdiff_t i = 0; i < kOthers; ++i) {
        EXPECT_TRUE(others_done.try_acquire_for(kPatience));
      }
      slow_done.release();
    });
    for (std::ptrdiff_t i = 0; i < kOthers; ++i) {
      tasks.emplace_back([&others_done] { others_done.release(); });
    }
    ASSERT_EQ(pool_->submit_bulk(tasks), tasks.size());
    ASSERT_TRUE(slow_done.try_acquire_for(kPatience));
  }
}

RULE(PoolRule, T8_2, "with all workers but one held up, the last does all the work") {
  if (workers() < 2) GTEST_SKIP() << "promised of several workers only";
  Semaphore held{0};
  Semaphore go_on{0};
  Semaphore done{0};
  const auto others = static_cast<std::ptrdiff_t>(workers()) - 1;
  for (std::ptrdiff_t i = 0; i < others; ++i) {
    ASSERT_TRUE(submit([&] {
      held.release();
      EXPECT_TRUE(go_on.try_acquire_for(kPatience));
    }));
  }
  for (std::ptrdiff_t i = 0; i < others; ++i) ASSERT_TRUE(held.try_acquire_for(kPatience));
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(submit([&done] { done.release(); }));
    ASSERT_TRUE(done.try_acquire_for(kPatience)) << "after " << i << " tasks";
  }
  go_on.release(others);
  pool_->stop(StopMode::drain);
}

RULE(PoolRule, T3_2, "a task may submit more") {
  constexpr int kLinks = 1000;
  Semaphore done{0};
  std::atomic<int> links{0};
  struct Link {
    ThreadPool* pool;
    std::atomic<int>* links;
    Semaphore* done;
    void operator()() const {
      if (links->fetch_add(1) + 1 == kLinks) return done->release();
      Task next(*this);
      EXPECT_TRUE(pool->submit(next));
    }
  };
  ASSERT_TRUE(submit(Link{pool_.get(), &links, &done}));
  ASSERT_TRUE(done.try_acquire_for(kPatience));
  EXPECT_EQ(links, kLinks);
}

RULE(PoolRule, T1_4, "try_submit() refuses when a bounded pool is full, submit() does not") {
  auto bounded = make_pool_with("capacity", "16");
  if (!bounded.ok()) GTEST_SKIP() << std::string(bounded.status().message());
  pool_ = *std::move(bounded);
  Fates fates;
  occupy_workers();
  auto tasks = make_tracked(fates, 18);
  for (std::size_t i = 0; i < 16; ++i) ASSERT_TRUE(pool_->try_submit(tasks[i]));
  EXPECT_FALSE(pool_->try_submit(tasks[16]));
  EXPECT_TRUE(tasks[16]);
  EXPECT_TRUE(pool_->submit(tasks[17])) << "the bound is for try_submit() only";
  EXPECT_EQ(pool_->stats().refused, 1U);
  release_workers();
  pool_->stop(StopMode::drain);
  EXPECT_EQ(fates.run, 17);
}

RULE(PoolRule, T1_6, "try_submit() takes a task as submit() does, and leaves it empty") {
  Fates fates;
  for (int i = 0; i < 1000; ++i) {
    Task task{Tracked(fates)};
    ASSERT_TRUE(pool_->try_submit(task));
    EXPECT_FALSE(task);
  }
  pool_->stop(StopMode::drain);
  EXPECT_EQ(fates.run, 1000);
  EXPECT_EQ(fates.gone, 1000);
}

RULE(PoolRule, T1_7, "tasks too large for their inline place are run and destroyed once, too") {
  struct Large {
    Tracked tracked;
    char ballast[500] = {};
    explicit Large(Fates& fates) : tracked(fates) {}
    void operator()() { tracked(); }
  };
  Fates fates;
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(submit(Large(fates)));
  pool_->stop(StopMode::drain);
  EXPECT_EQ(fates.run, 1000);
  EXPECT_EQ(fates.gone, 1000);
}

RULE(PoolRule, T1_5, "four threads that submit at once lose nothing") {
  Fates fates;
  std::vector<std::thread> producers;
  for (int producer = 0; producer < 4; ++producer) {
    producers.emplace_back([&] {
      for (int i = 0; i < kBurst / 100; ++i) {
        auto tasks = make_tracked(fates, 50);
        EXPECT_EQ(pool_->submit_bulk(tasks), tasks.size());
        for (int j = 0; j < 50; ++j) EXPECT_TRUE(submit(Tracked(fates)));
      }
    });
  }
  for (std::thread& producer : producers) producer.join();
  pool_->stop(StopMode::drain);
  EXPECT_EQ(fates.run, 4 * kBurst);
  EXPECT_EQ(fates.gone, 4 * kBurst);
  const PoolStats stats = pool_->stats();
  EXPECT_EQ(stats.run, stats.accepted);
  EXPECT_EQ(stats.accepted, static_cast<std::uint64_t>(4 * kBurst));
}

}  // namespace
}  // namespace collet::conformance

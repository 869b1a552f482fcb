// SPDX-License-Identifier: MIT
// pool_conformance_test.cc: the rules of <collet/thread_pool.h>, for every pool and several numbers
// of workers.
#include <pthread.h>
#include <sys/resource.h>

#include <mutex>
#include <new>
#include <set>
#include <thread>

#include "tests/conformance/every_pool.h"

namespace collet::conformance {
namespace {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int kWakeEdges = 20'000;
constexpr int kBurst = 2'000;
#else
constexpr int kWakeEdges = 100'000;
constexpr int kBurst = 20'000;
#endif

INSTANTIATE_TEST_SUITE_P(EveryPool, PoolConformanceTest, ::testing::ValuesIn(all_pool_cases()),
                         pool_case_name);

TEST_P(PoolConformanceTest, HasTheWorkersAskedFor) {
  EXPECT_EQ(pool_->workers(), GetParam().workers);
}

TEST_P(PoolConformanceTest, RunsEachTaskOnce) {
  Fates fates;
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(submit(Tracked(fates)));
  pool_->stop(StopMode::drain);
  EXPECT_EQ(fates.run, 1000);
  EXPECT_EQ(fates.gone, 1000);
}

TEST_P(PoolConformanceTest, RunsEachTaskOfABatchOnce) {
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

TEST_P(PoolConformanceTest, ATaskRefusedStaysWithTheCaller) {
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

TEST_P(PoolConformanceTest, OneWorkerRunsInTheOrderOfAcceptance) {
  if (GetParam().workers > 1) GTEST_SKIP() << "promised of one worker only";
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

// Throws from its destructor, unless moved from.
struct ThrowsAtTheEnd {
  bool armed = true;
  ThrowsAtTheEnd() = default;
  ThrowsAtTheEnd(ThrowsAtTheEnd&& other) noexcept : armed(std::exchange(other.armed, false)) {}
  ~ThrowsAtTheEnd() noexcept(false) {
    if (armed) throw std::bad_alloc();
  }
};

TEST_P(PoolConformanceTest, ATaskThatThrowsIsCountedAndHarmsNobody) {
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

TEST_P(PoolConformanceTest, SubmittingWaitsForNoTask) {
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

TEST_P(PoolConformanceTest, NoTaskWaitsBehindASlowOneWhileAnotherWorkerIsIdle) {
  if (GetParam().workers < 2) GTEST_SKIP() << "promised of several workers only";
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

TEST_P(PoolConformanceTest, ATaskMaySubmitMore) {
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

TEST_P(PoolConformanceTest, DrainRunsAllThatWasAccepted) {
  Fates fates;
  occupy_workers();
  auto tasks = make_tracked(fates, 500);
  ASSERT_EQ(pool_->submit_bulk(tasks), tasks.size());
  std::thread stopper([this] { pool_->stop(StopMode::drain); });
  release_workers();
  stopper.join();
  EXPECT_EQ(fates.run, 500);
  EXPECT_EQ(fates.gone, 500);
  EXPECT_EQ(pool_->stats().discarded, 0U);
}

TEST_P(PoolConformanceTest, DiscardDestroysWhatHasNotBegun) {
  if (!has_workers()) GTEST_SKIP() << "begins every task at once";
  Fates fates;
  // In one submission, so that a worker may have taken tasks along with the one that occupies it.
  std::vector<Task> tasks = make_occupying();
  for (int i = 0; i < 500; ++i) tasks.emplace_back(Tracked(fates));
  ASSERT_EQ(pool_->submit_bulk(tasks), tasks.size());
  wait_until_occupied();
  const int run_before = fates.run;
  std::thread stopper([this] { pool_->stop(StopMode::discard); });
  int accepted = 500;
  while (submit(Tracked(fates))) ++accepted;  // until the stop has begun
  release_workers();
  stopper.join();
  EXPECT_EQ(fates.run, run_before);
  EXPECT_EQ(fates.gone, accepted + 1);
  EXPECT_EQ(pool_->stats().discarded, static_cast<std::uint64_t>(accepted - run_before));
  EXPECT_EQ(pool_->stats().queued, 0U);
}

TEST_P(PoolConformanceTest, TheDestructorDiscards) {
  Fates fates;
  auto tasks = make_tracked(fates, 5000);
  ASSERT_EQ(pool_->submit_bulk(tasks), tasks.size());
  pool_.reset();
  EXPECT_EQ(fates.gone, 5000);
}

TEST_P(PoolConformanceTest, ADiscardedTaskMayCallThePoolAsItGoes) {
  if (!has_workers()) GTEST_SKIP() << "begins every task at once";
  struct AsksAgain {
    ThreadPool* pool;
    std::atomic<int>* refused;
    AsksAgain(ThreadPool* to_ask, std::atomic<int>* count) : pool(to_ask), refused(count) {}
    AsksAgain(AsksAgain&& other) noexcept
        : pool(std::exchange(other.pool, nullptr)), refused(other.refused) {}
    ~AsksAgain() {
      Task task([] {});
      if (pool != nullptr && !pool->submit(task)) refused->fetch_add(1);
    }
    void operator()() const {}
  };
  std::atomic<int> refused{0};
  occupy_workers();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(submit(AsksAgain(pool_.get(), &refused)));
  std::thread stopper([this] { pool_->stop(StopMode::discard); });
  while (submit([] {})) continue;  // until the stop has begun
  release_workers();
  stopper.join();
  EXPECT_EQ(refused, 10);
}

TEST_P(PoolConformanceTest, ATaskSubmittedWhileStoppingIsRunOrDestroyedOrRefused) {
  for (const StopMode mode : {StopMode::drain, StopMode::discard}) {
    for (int round = 0; round < 20; ++round) {
      const auto pool = make(GetParam().spec);
      Fates fates;
      std::atomic<int> accepted{0};
      Semaphore submitting{0};
      const auto submit_until_refused = [&] {
        for (bool more = true; more;) {
          auto tasks = make_tracked(fates, 4);
          const bool one = pool->submit(tasks[0]);
          const auto bulk = pool->submit_bulk(std::span(tasks).subspan(1, 2));
          const bool last = pool->try_submit(tasks[3]);
          accepted += static_cast<int>(bulk) + one + last;
          more = last;
          submitting.release();
        }
      };
      std::vector<std::thread> submitters;
      for (int i = 0; i < 4; ++i) submitters.emplace_back(submit_until_refused);
      for (int i = 0; i < 8; ++i) EXPECT_TRUE(submitting.try_acquire_for(kPatience));
      pool->stop(mode);
      const int run_at_stop = fates.run;
      for (std::thread& submitter : submitters) submitter.join();
      EXPECT_EQ(fates.run, run_at_stop) << "a task ran after stop()";
      const PoolStats stats = pool->stats();
      EXPECT_EQ(stats.accepted, static_cast<std::uint64_t>(accepted));
      EXPECT_EQ(stats.run, static_cast<std::uint64_t>(fates.run));
      EXPECT_EQ(stats.run + stats.discarded, stats.accepted);
      if (mode == StopMode::drain) {
        EXPECT_EQ(stats.discarded, 0U);
      }
    }
  }
}

TEST_P(PoolConformanceTest, ABoundedPoolRefusesWhenFull) {
  const std::string name(pool_registry().pool(GetParam().spec)->name());
  if (!pool_registry().pool(name + ":capacity=16").ok()) GTEST_SKIP() << "has no bound";
  pool_ = make(name + ":capacity=16");
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

TEST_P(PoolConformanceTest, NoWakeIsLost) {
  Semaphore done{0};
  std::atomic<int> turns{0};
  for (int edge = 0; edge < kWakeEdges; ++edge) {
    // Another number of turns each time, so as to meet the workers at every step to sleep.
    for (int turn = 0; turn < edge % 97; ++turn) turns.fetch_add(1);
    ASSERT_TRUE(submit([&done] { done.release(); }));
    ASSERT_TRUE(done.try_acquire_for(kPatience)) << "after " << edge << " wakes";
  }
}

TEST_P(PoolConformanceTest, NoWakeIsLostBetweenBatches) {
  Semaphore done{0};
  for (int edge = 0; edge < kWakeEdges / 10; ++edge) {
    const int size = 1 + edge % 9;
    std::vector<Task> tasks;
    for (int i = 0; i < size; ++i) tasks.emplace_back([&done] { done.release(); });
    ASSERT_EQ(pool_->submit_bulk(tasks), tasks.size());
    for (int i = 0; i < size; ++i) {
      ASSERT_TRUE(done.try_acquire_for(kPatience)) << "after " << edge << " wakes";
    }
  }
}

std::chrono::microseconds cpu_time() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return std::chrono::seconds(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         std::chrono::microseconds(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

TEST_P(PoolConformanceTest, IdleWorkersUseNoCpu) {
  occupy_workers();
  release_workers();
  const auto before = cpu_time();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));  // what is measured
  EXPECT_LT(cpu_time() - before, std::chrono::milliseconds(20));
}

TEST_P(PoolConformanceTest, EachWorkerIsANamedThread) {
  if (!has_workers()) GTEST_SKIP() << "has no threads";
  std::mutex mutex;
  std::set<std::string> names;
  Semaphore named{0};
  Semaphore all_named{0};
  const auto workers = static_cast<std::ptrdiff_t>(GetParam().workers);
  for (std::ptrdiff_t i = 0; i < workers; ++i) {
    ASSERT_TRUE(submit([&] {
      char name[16] = {};
      ::pthread_getname_np(::pthread_self(), name, sizeof name);
      {
        const std::lock_guard lock(mutex);
        names.insert(name);
      }
      named.release();
      EXPECT_TRUE(all_named.try_acquire_for(kPatience));
    }));
  }
  for (std::ptrdiff_t i = 0; i < workers; ++i) ASSERT_TRUE(named.try_acquire_for(kPatience));
  all_named.release(workers);
  pool_->stop(StopMode::drain);
  std::set<std::string> expected;
  const std::string prefix = "collet-" + std::string(pool_registry().pool(GetParam().spec)->name());
  for (std::size_t i = 0; i < GetParam().workers; ++i) {
    expected.insert(prefix + "-" + std::to_string(i));
  }
  EXPECT_EQ(names, expected);
}

TEST_P(PoolConformanceTest, FourProducersAtOnceLoseNothing) {
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

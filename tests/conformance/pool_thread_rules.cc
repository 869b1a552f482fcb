// SPDX-License-Identifier: MIT
// pool_thread_rules.cc: the rules of <collet/thread_pool.h> about workers: waking them, counting
// them, stopping them.
#include <pthread.h>

#include <chrono>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>

#include <absl/strings/str_format.h>

#include "tests/conformance/own_process.h"
#include "tests/conformance/pool_rule.h"

namespace collet::conformance {
namespace {

bool is(Length length) { return subject().length == length; }

// -- T4: wakes ------------------------------------------------------------------------------------

// As many submissions to idle workers as fit into that time, `most` or fewer. Returns how many.
template <typename Edge>
int repeat_edges(int most, std::chrono::seconds time, const Edge& edge) {
  const auto end = std::chrono::steady_clock::now() + time / (is(Length::brief) ? 10.0 : 1.0);
  int done = 0;
  while (done < most && !::testing::Test::HasFatalFailure()) {
    if (done % 256 == 0 && !is(Length::full) && std::chrono::steady_clock::now() > end) break;
    edge(done);
    EXPECT_FALSE(::testing::Test::HasFatalFailure()) << "after " << done << " wakes";
    ++done;
  }
  return done;
}

RULE(PoolRule, T4_1, "a million tasks, each given to sleepers (or 5 s of them): all run") {
  if (!has_workers()) GTEST_SKIP() << "it has nobody to wake";
  Semaphore done{0};
  std::atomic<int> turns{0};
  const std::uint64_t sleeps_before = sleeps_of_others();
  const int wakes = repeat_edges(1'000'000, std::chrono::seconds(5), [&](int edge) {
    // Another number of turns each time, so as to meet the workers at every step to sleep.
    for (int turn = 0; turn < edge % 97; ++turn) turns.fetch_add(1);
    ASSERT_TRUE(submit([&done] { done.release(); }));
    ASSERT_TRUE(done.try_acquire_for(kPatience));
  });
  const std::uint64_t sleeps = sleeps_of_others() - sleeps_before;
  const std::string seen =
      absl::StrFormat("%d tasks, before which workers had gone to sleep %d times", wakes, sleeps);
  RecordProperty("note", seen);
  if (sleeps < static_cast<std::uint64_t>(wakes) / 10) {
    GTEST_SKIP() << "its workers look on for a while before they sleep: " << seen;
  }
}

RULE(PoolRule, T4_2, "the same with batches of one to nine") {
  Semaphore done{0};
  repeat_edges(100'000, std::chrono::seconds(2), [&](int edge) {
    const int size = 1 + edge % 9;
    std::vector<Task> tasks;
    for (int i = 0; i < size; ++i) tasks.emplace_back([&done] { done.release(); });
    ASSERT_EQ(pool_->submit_bulk(tasks), tasks.size());
    for (int i = 0; i < size; ++i) ASSERT_TRUE(done.try_acquire_for(kPatience));
  });
}

RULE(PoolRule, T4_3, "the same from two threads that meet the workers by turns") {
  std::vector<std::thread> submitters;
  for (int i = 0; i < 2; ++i) {
    submitters.emplace_back([this] {
      Semaphore done{0};
      repeat_edges(50'000, std::chrono::seconds(2), [&](int) {
        ASSERT_TRUE(submit([&done] { done.release(); }));
        ASSERT_TRUE(done.try_acquire_for(kPatience));
      });
    });
  }
  for (std::thread& submitter : submitters) submitter.join();
}

// -- T5, T9: threads ------------------------------------------------------------------------------

// Whether in some fifth of a second, among the next ones, nothing runs or would like to: on a
// crowded machine who spins gets little, and who looks around before sleeping takes long to do so.
bool comes_to_rest() {
  constexpr std::chrono::milliseconds kNothing(20);
  for (int i = 0; i < 8; ++i) {
    const auto used = process_cpu_time();
    const auto wanted = cpu_demand_of_others();
    std::this_thread::sleep_for(std::chrono::milliseconds(200));  // what is measured
    if (process_cpu_time() - used < kNothing && cpu_demand_of_others() - wanted < kNothing) {
      return true;
    }
  }
  return false;
}

RULE(PoolRule, T5_1, "idle workers use no CPU, before their first task and after a burst") {
  for (const int burst : {0, 1000}) {
    for (int i = 0; i < burst; ++i) ASSERT_TRUE(submit([] {}));
    occupy_workers();
    release_workers();
    ASSERT_TRUE(comes_to_rest());
  }
}

RULE(PoolRule, T9_1, "workers() is the number asked for; 0 of a pool that has none") {
  EXPECT_EQ(pool_->workers(), workers());
}

RULE(PoolRule, T9_2, "each worker is a thread of its own, whose name begins with collet-") {
  if (!has_workers()) GTEST_SKIP() << "it has no threads";
  char own_name[16] = {};  // which threads have that nobody names
  ::pthread_getname_np(::pthread_self(), own_name, sizeof own_name);
  std::mutex mutex;
  std::set<std::thread::id> threads;
  Semaphore named{0};
  Semaphore all_named{0};
  const auto all = static_cast<std::ptrdiff_t>(workers());
  for (std::ptrdiff_t i = 0; i < all; ++i) {
    ASSERT_TRUE(submit([&] {
      char name[16] = {};
      ::pthread_getname_np(::pthread_self(), name, sizeof name);
      EXPECT_TRUE(std::string_view(name).starts_with("collet-")) << name;
      EXPECT_NE(std::string_view(name), own_name);
      {
        const std::lock_guard lock(mutex);
        threads.insert(std::this_thread::get_id());
      }
      named.release();
      EXPECT_TRUE(all_named.try_acquire_for(kPatience));
    }));
  }
  for (std::ptrdiff_t i = 0; i < all; ++i) ASSERT_TRUE(named.try_acquire_for(kPatience));
  all_named.release(all);
  pool_->stop(StopMode::drain);
  EXPECT_EQ(threads.size(), workers());
  EXPECT_FALSE(threads.contains(std::this_thread::get_id()));
}

RULE(PoolRule, T9_3, "a pool without workers runs the task on the caller's thread, at once") {
  if (has_workers()) GTEST_SKIP() << "it has workers";
  std::vector<std::thread::id> ran_on;
  const auto note = [&] { ran_on.push_back(std::this_thread::get_id()); };
  ASSERT_TRUE(submit(note));
  EXPECT_EQ(ran_on.size(), 1U);
  std::vector<Task> tasks;
  tasks.emplace_back(note);
  tasks.emplace_back(note);
  ASSERT_EQ(pool_->submit_bulk(tasks), 2U);
  EXPECT_EQ(ran_on, std::vector<std::thread::id>(3, std::this_thread::get_id()));
}

// A library may keep its threads for the next pool, but not new ones for each.
RULE(PoolRule, T9_4, "pools made and stopped one after another leave no crowd of threads") {
  const std::size_t before = count_threads();
  const std::size_t bound = before + workers() + std::thread::hardware_concurrency();
  for (std::size_t i = 0; i < 2 * bound; ++i) {
    const auto pool = make_pool();
    Task task([] {});
    ASSERT_TRUE(pool->submit(task));
    pool->stop(StopMode::drain);
  }
  EXPECT_LE(count_threads(), bound);
}

// -- T7: the end ----------------------------------------------------------------------------------

RULE(PoolRule, T7_1, "stop(drain) runs all that was accepted") {
  Fates fates;
  occupy_workers();
  auto tasks = make_tracked(fates, 500);
  ASSERT_EQ(pool_->submit_bulk(tasks), tasks.size());
  std::thread stopper([this] { pool_->stop(StopMode::drain); });
  // Only when it has begun to stop may a worker go on: else all might be done before.
  const auto refuses = [this] {
    Task probe([] {});
    return !pool_->submit(probe);
  };
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::seconds(1);
  while (!refuses() && Clock::now() < end) std::this_thread::yield();
  release_workers();
  stopper.join();
  EXPECT_EQ(fates.run, 500);
  EXPECT_EQ(fates.gone, 500);
  EXPECT_EQ(pool_->stats().discarded, 0U);
}

RULE(PoolRule, T7_2, "stop(discard) destroys what has not begun, and runs none of it") {
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

RULE(PoolRule, T7_3, "the destructor discards") {
  Fates fates;
  auto tasks = make_tracked(fates, 5000);
  ASSERT_EQ(pool_->submit_bulk(tasks), tasks.size());
  pool_.reset();
  EXPECT_EQ(fates.gone, 5000);
}

RULE(PoolRule, T7_4, "a task that is discarded may call the pool as it goes") {
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

RULE(PoolRule, T7_5, "a task submitted while it stops is run, destroyed or refused") {
  for (const StopMode mode : {StopMode::drain, StopMode::discard}) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    for (int round = 0; round < 20 && std::chrono::steady_clock::now() < end; ++round) {
      const auto pool = make_pool();
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

RULE(PoolRule, T7_6, "a task that submits while the pool drains is refused, and the drain ends") {
  if (!has_workers()) GTEST_SKIP() << "its stop() waits for the task that runs";
  Fates fates;  // of tasks that are accepted, and so run when the one that submitted them is over
  std::atomic<int> accepted{0};
  std::atomic<bool> refused{false};
  ASSERT_TRUE(submit([&] {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!refused && std::chrono::steady_clock::now() < end) {
      Task more{Tracked(fates)};
      refused = !pool_->submit(more);
      EXPECT_EQ(static_cast<bool>(more), refused);
      if (!refused) ++accepted;
    }
  }));
  pool_->stop(StopMode::drain);
  EXPECT_TRUE(refused);
  EXPECT_EQ(fates.run, accepted);
}

RULE(PoolRule, T7_7,
     "stop() is possible on any other thread, with nothing to do, and then the end") {
  for (const StopMode mode : {StopMode::drain, StopMode::discard}) {
    auto pool = make_pool();
    std::thread stopper([&] { pool->stop(mode); });
    stopper.join();
    EXPECT_EQ(pool->stats().accepted, 0U);
    std::thread([&] { pool.reset(); }).join();
  }
}

RULE(PoolRule, T7_8, "after stop() the last task is done, and none runs") {
  struct Seen {
    std::atomic<bool> over{false};
    std::atomic<int> running{0};
  };
  const auto seen = std::make_shared<Seen>();  // which tasks that nobody waited for outlive
  Semaphore begun{0};
  ASSERT_TRUE(submit([&begun, seen] {
    begun.release();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // to be waited for
    seen->over = true;
  }));
  ASSERT_TRUE(begun.try_acquire_for(kPatience));
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(submit([seen] {
      seen->running.fetch_add(1);
      std::this_thread::yield();
      seen->running.fetch_sub(1);
    }));
  }
  pool_->stop(StopMode::discard);
  EXPECT_TRUE(seen->over);
  EXPECT_EQ(seen->running, 0);
  const PoolStats stats = pool_->stats();
  EXPECT_EQ(stats.run + stats.discarded, 1001U);
}

// Whichever thread comes later calls with another mode: the first one counts.
RULE(PoolRule, T7_9,
     "inside a task stop() begins the end and returns; another stop() waits for it") {
  for (const StopMode mode : {StopMode::drain, StopMode::discard}) {
    const auto pool = make_pool();
    Fates fates;
    Semaphore returned{0};
    std::atomic<bool> over{false};
    std::vector<Task> tasks;
    tasks.emplace_back([&] {
      pool->stop(mode);
      Task late([] {});
      EXPECT_FALSE(pool->submit(late));
      returned.release();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));  // to be waited for
      over = true;
    });
    const std::size_t others = has_workers() ? 100 : 0;  // what runs in place cannot be pending
    for (std::size_t i = 0; i < others; ++i) tasks.emplace_back(Tracked(fates));
    ASSERT_EQ(pool->submit_bulk(tasks), tasks.size());
    ASSERT_TRUE(returned.try_acquire_for(kPatience));
    pool->stop(mode == StopMode::drain ? StopMode::discard : StopMode::drain);
    EXPECT_TRUE(over);
    EXPECT_EQ(fates.gone, static_cast<int>(others));
    const PoolStats stats = pool->stats();
    EXPECT_EQ(stats.run + stats.discarded, tasks.size());
    if (mode == StopMode::drain) {
      EXPECT_EQ(fates.run, static_cast<int>(others));
    }
  }
}

RULE(PoolRule, T7_10, "the destructor waits for the end that a task began") {
  std::atomic<bool> over{false};
  Semaphore returned{0};
  ASSERT_TRUE(submit([&] {
    pool_->stop(StopMode::drain);
    returned.release();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // to be waited for
    over = true;
  }));
  ASSERT_TRUE(returned.try_acquire_for(kPatience));
  pool_.reset();
  EXPECT_TRUE(over);
}

// -- T10: the numbers -----------------------------------------------------------------------------

RULE(PoolRule, T10_1, "when nobody submits, accepted = run + discarded + queued + those that run") {
  Fates fates;
  occupy_workers();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(submit(Tracked(fates)));
  PoolStats stats = pool_->stats();
  EXPECT_EQ(stats.accepted, workers() + 10);
  EXPECT_EQ(stats.queued, has_workers() ? 10U : 0U);
  EXPECT_EQ(stats.run, has_workers() ? 0U : 10U);
  release_workers();
  pool_->stop(StopMode::drain);
  stats = pool_->stats();
  EXPECT_EQ(stats.run, workers() + 10);
  EXPECT_EQ(stats.queued + stats.discarded + stats.threw + stats.refused, 0U);
}

RULE(PoolRule, T10_2, "every task refused is counted, one by one and in batches") {
  pool_->stop(StopMode::discard);
  Fates fates;
  auto tasks = make_tracked(fates, 7);
  EXPECT_EQ(pool_->submit_bulk(tasks), 0U);
  EXPECT_FALSE(pool_->submit(tasks[0]));
  EXPECT_FALSE(pool_->try_submit(tasks[1]));
  EXPECT_EQ(pool_->stats().refused, 9U);
  EXPECT_EQ(pool_->stats().discarded, 0U);
}

}  // namespace
}  // namespace collet::conformance

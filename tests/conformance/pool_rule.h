// SPDX-License-Identifier: MIT
// pool_rule.h: a pool under judgement, and tasks that tell what became of them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <semaphore>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <collet/thread_pool.h>

#include "tests/conformance/rule.h"
#include "tests/conformance/subject.h"

namespace collet::conformance {

using Semaphore = std::counting_semaphore<>;

// Long enough for a slow machine; only a rule that is broken ever waits for it.
constexpr auto kPatience = std::chrono::seconds(30);

// What became of a set of tasks.
struct Fates {
  std::atomic<int> run{0};
  std::atomic<int> gone{0};  // destroyed, whether run before or not
};

// A closure that tells its fate: move-only, and one however often it is moved.
class Tracked {
 public:
  explicit Tracked(Fates& fates) : fates_(&fates) {}
  Tracked(Tracked&& other) noexcept : fates_(std::exchange(other.fates_, nullptr)) {}
  Tracked& operator=(Tracked&&) = delete;
  ~Tracked() {
    if (fates_ != nullptr) fates_->gone.fetch_add(1);
  }
  void operator()() { fates_->run.fetch_add(1); }

 private:
  Fates* fates_;
};

class PoolRule : public ::testing::Test {
 protected:
  void SetUp() override { pool_ = make_pool(); }

  static std::size_t workers() { return subject().workers; }
  static bool has_workers() { return workers() > 0; }

  bool submit(Task task) { return pool_->submit(task); }

  std::vector<Task> make_tracked(Fates& fates, std::size_t count) {
    std::vector<Task> tasks;
    for (std::size_t i = 0; i < count; ++i) tasks.emplace_back(Tracked(fates));
    return tasks;
  }

  // A task for each worker that occupies it until release_workers().
  std::vector<Task> make_occupying() {
    std::vector<Task> tasks;
    for (std::size_t i = 0; i < workers(); ++i) {
      tasks.emplace_back([this] {
        occupied_.release();
        EXPECT_TRUE(released_.try_acquire_for(kPatience));
      });
    }
    return tasks;
  }
  void wait_until_occupied() {
    for (std::size_t i = 0; i < workers(); ++i) {
      ASSERT_TRUE(occupied_.try_acquire_for(kPatience)) << "only " << i << " workers run";
    }
  }
  void occupy_workers() {
    auto tasks = make_occupying();
    ASSERT_EQ(pool_->submit_bulk(tasks), tasks.size());
    wait_until_occupied();
  }
  void release_workers() { released_.release(static_cast<std::ptrdiff_t>(workers())); }

  std::unique_ptr<ThreadPool> pool_;
  Semaphore occupied_{0};
  Semaphore released_{0};
};

}  // namespace collet::conformance

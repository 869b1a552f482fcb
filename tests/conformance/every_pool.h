// SPDX-License-Identifier: MIT
// every_pool.h: the registered pools, with several numbers of workers, as parameters of the
// conformance tests; and tasks that tell what became of them.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <ostream>
#include <semaphore>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <collet/builtin.h>
#include <collet/registry.h>

namespace collet::conformance {

using Semaphore = std::counting_semaphore<>;

// Long enough for a slow machine; only a test that fails ever waits for it.
constexpr auto kPatience = std::chrono::seconds(60);

inline const Registry& pool_registry() {
  static const Registry* filled = [] {
    auto* registry = new Registry();
    add_builtin_pools(*registry);
    return registry;
  }();
  return *filled;
}

struct PoolCase {
  std::string spec;
  std::size_t workers;

  friend std::ostream& operator<<(std::ostream& out, const PoolCase& one) {
    return out << one.spec << " with " << one.workers << " workers";
  }
};

// Every pool, and once more with each option that changes how its workers come and go.
inline std::vector<PoolCase> all_pool_cases() {
  std::vector<PoolCase> cases;
  for (const PoolDescription* pool : pool_registry().pools()) {
    std::vector<std::string> specs{pool->name};
    if (specs.front() == "tbb") specs.emplace_back("tbb:linger=0");
    for (const std::string& spec : specs) {
      if (!pool->has_workers) cases.push_back({spec, 0});
      for (const std::size_t workers : {1U, 2U, 4U}) {
        if (pool->has_workers) cases.push_back({spec, workers});
      }
    }
  }
  return cases;
}

inline std::string pool_case_name(const ::testing::TestParamInfo<PoolCase>& info) {
  std::string name = info.param.spec + "_" + std::to_string(info.param.workers);
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == ':' || c == '='; }, '_');
  return name;
}

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

class PoolConformanceTest : public ::testing::TestWithParam<PoolCase> {
 protected:
  void SetUp() override { pool_ = make(GetParam().spec); }

  static std::unique_ptr<ThreadPool> make(const std::string& spec) {
    auto pool = pool_registry().pool(spec)->make(GetParam().workers);
    if (!pool.ok()) ADD_FAILURE() << pool.status();
    return *std::move(pool);
  }

  bool has_workers() const { return GetParam().workers > 0; }

  bool submit(Task task) { return pool_->submit(task); }

  std::vector<Task> make_tracked(Fates& fates, std::size_t count) {
    std::vector<Task> tasks;
    for (std::size_t i = 0; i < count; ++i) tasks.emplace_back(Tracked(fates));
    return tasks;
  }

  // A task for each worker that occupies it until release_workers().
  std::vector<Task> make_occupying() {
    std::vector<Task> tasks;
    for (std::size_t i = 0; i < GetParam().workers; ++i) {
      tasks.emplace_back([this] {
        occupied_.release();
        EXPECT_TRUE(released_.try_acquire_for(kPatience));
      });
    }
    return tasks;
  }
  void wait_until_occupied() {
    for (std::size_t i = 0; i < GetParam().workers; ++i) {
      ASSERT_TRUE(occupied_.try_acquire_for(kPatience)) << "only " << i << " workers run";
    }
  }
  void occupy_workers() {
    auto tasks = make_occupying();
    ASSERT_EQ(pool_->submit_bulk(tasks), tasks.size());
    wait_until_occupied();
  }
  void release_workers() { released_.release(static_cast<std::ptrdiff_t>(GetParam().workers)); }

  std::unique_ptr<ThreadPool> pool_;
  Semaphore occupied_{0};
  Semaphore released_{0};
};

}  // namespace collet::conformance

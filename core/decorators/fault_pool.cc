// SPDX-License-Identifier: MIT
// fault_pool.cc: a pool that refuses, is late, forgets the order, and whose tasks throw.
#include <atomic>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "core/decorators/decorators.h"
#include "core/decorators/dice.h"
#include "core/decorators/wrapped_task.h"

namespace collet {
namespace {

constexpr std::int64_t kAlways = 1'000'000;

constexpr OptionDescription kOptions[] = {
    {"seed", OptionType::integer, 1, 0, INT64_MAX, "what happens is the same for the same seed"},
    {"delay", OptionType::ratio, 0, 0, kAlways, "a task takes up to a millisecond longer"},
    {"reorder", OptionType::ratio, 0, 0, kAlways,
     "tasks submitted together begin in another order, if there are workers to share them"},
    {"refuse", OptionType::ratio, 0, 0, kAlways, "a submission is refused"},
    {"throw", OptionType::ratio, 0, 0, kAlways, "a task throws when it has done its work"},
};

struct Burdened {
  std::chrono::microseconds delay{0};
  bool throws = false;
  Task task{};

  // The work is done first and once, whatever follows.
  void run() {
    if (delay.count() != 0) std::this_thread::sleep_for(delay);
    const bool completed = task.run();
    if (throws || !completed) throw 0;
  }
};

class FaultPool final : public ThreadPool {
 public:
  FaultPool(std::unique_ptr<ThreadPool> pool, const Wrapping& how)
      : pool_(std::move(pool)),
        delay_(how.options["delay"]),
        reorder_(how.options["reorder"]),
        refuse_(how.options["refuse"]),
        throw_(how.options["throw"]),
        dice_(how.options["seed"], how.instance) {}

  bool submit(Task& task) noexcept override {
    return pass_on({&task, 1}, [&] { return pool_->submit(task) ? 1U : 0U; }) == 1;
  }
  bool try_submit(Task& task) noexcept override {
    return pass_on({&task, 1}, [&] { return pool_->try_submit(task) ? 1U : 0U; }) == 1;
  }
  std::size_t submit_bulk(std::span<Task> tasks) noexcept override {
    return pass_on(tasks, [&] { return pool_->submit_bulk(tasks); });
  }

  void stop(StopMode mode) noexcept override { pool_->stop(mode); }
  std::size_t workers() const noexcept override { return pool_->workers(); }

  PoolStats stats() const noexcept override {
    PoolStats stats = pool_->stats();
    stats.refused += refused_.load(std::memory_order_relaxed);
    return stats;
  }

 private:
  // What is done to tasks before they are submitted, so that it can be undone.
  struct Changes {
    std::vector<Burdened*> burdens;  // of each task; null: none
    std::vector<std::pair<std::size_t, std::size_t>> swaps;
  };

  template <typename Submit>
  std::size_t pass_on(std::span<Task> tasks, Submit&& submit) noexcept {
    if (dice_.chance(refuse_)) {
      refused_.fetch_add(tasks.size(), std::memory_order_relaxed);
      return 0;
    }
    const Changes changes = change(tasks);
    const std::size_t accepted = submit();
    if (accepted == 0) undo(tasks, changes);
    return accepted;
  }

  Changes change(std::span<Task> tasks) {
    Changes changes;
    for (Task& task : tasks) changes.burdens.push_back(burden(task));
    if (pool_->workers() <= 1 || !dice_.chance(reorder_)) return changes;
    for (std::size_t left = tasks.size(); left > 1; --left) {
      changes.swaps.emplace_back(left - 1, dice_.below(left));
      std::swap(tasks[left - 1], tasks[changes.swaps.back().second]);
    }
    return changes;
  }

  // A task refused is the caller's as it was (T1).
  static void undo(std::span<Task> tasks, const Changes& changes) noexcept {
    for (auto swap = changes.swaps.rbegin(); swap != changes.swaps.rend(); ++swap) {
      std::swap(tasks[swap->first], tasks[swap->second]);
    }
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      if (changes.burdens[i] != nullptr) unwrap(tasks[i], *changes.burdens[i]);
    }
  }

  Burdened* burden(Task& task) {
    const bool is_late = dice_.chance(delay_);
    const bool throws = dice_.chance(throw_);
    if (!is_late && !throws) return nullptr;
    const std::chrono::microseconds delay(is_late ? 1 + dice_.below(1000) : 0);
    return wrap(task, Burdened{.delay = delay, .throws = throws});
  }

  const std::unique_ptr<ThreadPool> pool_;
  const std::int64_t delay_;
  const std::int64_t reorder_;
  const std::int64_t refuse_;
  const std::int64_t throw_;
  Dice dice_;
  std::atomic<std::uint64_t> refused_{0};
};

}  // namespace

constinit const PoolDecorator kFaultPool{
    .name = "fault",
    .summary = "refuses, delays and reorders tasks, and has them throw, reproducibly",
    .options = kOptions,
    .wrap = [](std::unique_ptr<ThreadPool> pool,
               const Wrapping& how) -> std::unique_ptr<ThreadPool> {
      return std::make_unique<FaultPool>(std::move(pool), how);
    },
};

}  // namespace collet

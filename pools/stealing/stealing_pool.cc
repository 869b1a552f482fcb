// SPDX-License-Identifier: MIT
// stealing_pool.cc: a thread for each worker of a scheduler that lets them steal.
#include <exception>
#include <memory>
#include <thread>
#include <vector>

#include "pools/pools.h"
#include "pools/stealing/scheduler.h"
#include "pools/stealing/system.h"
#include "pools/this_thread.h"
#include "pools/within.h"

namespace collet {
namespace {

class StealingPool final : public ThreadPool {
 public:
  StealingPool(std::size_t workers, const OptionValues& options)
      : capacity_(static_cast<std::size_t>(options["capacity"])),
        pins_(options["affinity"] != 0),
        scheduler_(workers, std::chrono::nanoseconds(options["spin"])),
        results_(workers) {}
  ~StealingPool() override { stop(StopMode::discard); }

  // Throws std::system_error when the system has no thread left.
  void start() {
    threads_.reserve(workers());
    while (threads_.size() < workers()) {
      threads_.emplace_back([this, index = threads_.size()] { work(index); });
    }
  }

  bool submit(Task& task) noexcept override { return accept({&task, 1}, kUnbounded); }

  std::size_t submit_bulk(std::span<Task> tasks) noexcept override {
    return accept(tasks, kUnbounded) ? tasks.size() : 0;
  }

  bool try_submit(Task& task) noexcept override { return accept({&task, 1}, capacity_); }

  void stop(StopMode mode) noexcept override {
    TaskQueue unqueued;
    const bool first = scheduler_.close(mode, unqueued);
    if (first && mode == StopMode::discard) scheduler_.discard(unqueued);
    if (Within::is(this)) return;
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

  std::size_t workers() const noexcept override { return scheduler_.size(); }

  PoolStats stats() const noexcept override {
    PoolStats stats;
    for (const Results& results : results_) {
      stats.run += results.run.get();
      stats.threw += results.threw.get();
    }
    const auto counts = scheduler_.counts();
    stats.accepted = counts.accepted;
    stats.discarded = counts.discarded;
    stats.queued = counts.queued;
    stats.refused = refused_.load(std::memory_order_relaxed);
    return stats;
  }

 private:
  using Scheduler = stealing::Scheduler<stealing::System>;

  struct alignas(64) Results {
    Tally run;
    Tally threw;
  };

  // Whose worker the calling thread is.
  struct Own {
    const StealingPool* pool = nullptr;
    Scheduler::Worker* worker = nullptr;
  };

  static constexpr std::size_t kUnbounded = 0;
  static constinit thread_local Own own;

  bool accept(std::span<Task> tasks, std::size_t capacity) noexcept {
    auto* me = own.pool == this ? own.worker : nullptr;
    if (scheduler_.submit(tasks, capacity, me)) return true;
    refused_.fetch_add(tasks.size(), std::memory_order_relaxed);
    return false;
  }

  void work(std::size_t index) noexcept {
    name_this_thread("steal", index);
    if (pins_) pin_this_thread(index);
    auto& me = scheduler_.worker(index);
    own = {this, &me};
    const Within within(this);
    Results& results = results_[index];
    Task task;
    while (scheduler_.next(me, task)) {
      if (!task.run()) results.threw.add(1);
      results.run.add(1);
    }
    scheduler_.discard_own(me);
  }

  const std::size_t capacity_;
  const bool pins_;
  Scheduler scheduler_;
  std::vector<Results> results_;
  std::atomic<std::uint64_t> refused_{0};
  std::vector<std::thread> threads_;
};

constinit thread_local StealingPool::Own StealingPool::own;

constexpr OptionDescription kOptions[] = {
    {"capacity", OptionType::integer, 0, 0, 1 << 30,
     "tasks that may wait before more are refused, where the caller can bear it; 0: no bound"},
    {"spin", OptionType::duration, 0, 0, 1'000'000,
     "how long a worker goes on searching before it sleeps"},
    {"affinity", OptionType::boolean, 0, 0, 1, "keep each worker on one CPU, in turn"},
};

ThreadPool* make(const OptionValues& options, std::size_t workers, Refusal& why_not) noexcept {
  try {
    auto pool = std::make_unique<StealingPool>(workers, options);
    pool->start();
    return pool.release();
  } catch (const std::exception& error) {
    why_not.say("%zu threads cannot be had: %s", workers, error.what());
    return nullptr;
  }
}

}  // namespace

constinit const PoolDescription kStealingPool{
    .name = "stealing",
    .summary = "a queue for each worker, idle ones steal; what a task submits takes no lock",
    .options = kOptions,
    .has_workers = true,
    .make = make,
};

}  // namespace collet

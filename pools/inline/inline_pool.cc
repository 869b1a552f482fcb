// SPDX-License-Identifier: MIT
// inline_pool.cc: no threads: submit() runs the task at once, on the caller's.
#include <atomic>
#include <new>

#include "pools/gate.h"
#include "pools/pools.h"
#include "pools/within.h"

namespace collet {
namespace {

class InlinePool final : public ThreadPool {
 public:
  ~InlinePool() override { stop(StopMode::discard); }

  bool submit(Task& task) noexcept override {
    if (!gate_.enter()) {
      refused_.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
    run(task);
    gate_.leave();
    return true;
  }

  std::size_t submit_bulk(std::span<Task> tasks) noexcept override {
    if (!gate_.enter()) {
      refused_.fetch_add(tasks.size(), std::memory_order_relaxed);
      return 0;
    }
    for (Task& task : tasks) run(task);
    gate_.leave();
    return tasks.size();
  }

  bool try_submit(Task& task) noexcept override { return submit(task); }

  // Both modes are one: nothing is ever accepted and not begun.
  void stop(StopMode) noexcept override {
    gate_.shut();
    if (!Within::is(this)) gate_.wait_until_empty();
  }

  std::size_t workers() const noexcept override { return 0; }

  PoolStats stats() const noexcept override {
    PoolStats stats;
    stats.run = run_.load(std::memory_order_relaxed);
    stats.accepted = stats.run;
    stats.threw = threw_.load(std::memory_order_relaxed);
    stats.refused = refused_.load(std::memory_order_relaxed);
    return stats;
  }

 private:
  void run(Task& task) noexcept {
    const Within within(this);
    if (!task.run()) threw_.fetch_add(1, std::memory_order_relaxed);
    run_.fetch_add(1, std::memory_order_relaxed);
  }

  Gate gate_;  // tasks run inside
  std::atomic<std::uint64_t> run_{0};
  std::atomic<std::uint64_t> threw_{0};
  std::atomic<std::uint64_t> refused_{0};
};

}  // namespace

constinit const PoolDescription kInlinePool{
    .name = "inline",
    .summary = "no threads: handlers run on the loop itself; the cheapest while they are short",
    .options = {},
    .has_workers = false,
    .make = [](const OptionValues&, std::size_t, Refusal& why_not) noexcept -> ThreadPool* {
      auto* pool = new (std::nothrow) InlinePool;
      if (pool == nullptr) why_not.say("out of memory");
      return pool;
    },
};

}  // namespace collet

// SPDX-License-Identifier: MIT
// count_pool.cc: times the tasks of a pool: how long each waited, and how long it ran.
#include <chrono>
#include <utility>
#include <vector>

#include "core/decorators/decorators.h"
#include "core/decorators/wrapped_task.h"

namespace collet {
namespace {

using Clock = std::chrono::steady_clock;

struct TimedTask {
  PoolTimes* times;
  Clock::time_point submitted;
  Task task{};

  void run() {
    const Clock::time_point begun = Clock::now();
    const bool completed = task.run();
    times->record(begun - submitted, Clock::now() - begun);
    if (!completed) throw 0;
  }
};

class CountPool final : public ThreadPool {
 public:
  CountPool(std::unique_ptr<ThreadPool> pool, const Wrapping& how)
      : times_(how.times), pool_(std::move(pool)) {}

  bool submit(Task& task) noexcept override {
    const bool accepted = pass_on({&task, 1}, [&] { return pool_->submit(task) ? 1U : 0U; }) == 1;
    if (accepted) times_->accept(1);
    return accepted;
  }
  std::size_t submit_bulk(std::span<Task> tasks) noexcept override {
    const std::size_t accepted = pass_on(tasks, [&] { return pool_->submit_bulk(tasks); });
    if (accepted > 0) times_->accept_batch(accepted);
    return accepted;
  }
  bool try_submit(Task& task) noexcept override {
    const bool accepted =
        pass_on({&task, 1}, [&] { return pool_->try_submit(task) ? 1U : 0U; }) == 1;
    if (accepted) times_->accept(1);
    return accepted;
  }
  void stop(StopMode mode) noexcept override { pool_->stop(mode); }
  std::size_t workers() const noexcept override { return pool_->workers(); }
  PoolStats stats() const noexcept override { return pool_->stats(); }

 private:
  template <typename Submit>
  std::size_t pass_on(std::span<Task> tasks, Submit&& submit) noexcept {
    std::vector<TimedTask*> timed;
    timed.reserve(tasks.size());
    const Clock::time_point now = Clock::now();
    for (Task& task : tasks) {
      timed.push_back(wrap(task, TimedTask{.times = times_.get(), .submitted = now}));
    }
    const std::size_t accepted = submit();
    for (std::size_t i = accepted; i < tasks.size(); ++i) unwrap(tasks[i], *timed[i]);
    return accepted;
  }

  const std::shared_ptr<PoolTimes> times_;
  const std::unique_ptr<ThreadPool> pool_;  // goes first: its tasks write to times_
};

}  // namespace

constinit const PoolDecorator kCountPool{
    .name = "count",
    .summary = "times tasks, from submission to begin to end; collet-server tells it at its end",
    .options = {},
    .wrap = [](std::unique_ptr<ThreadPool> pool,
               const Wrapping& how) -> std::unique_ptr<ThreadPool> {
      return std::make_unique<CountPool>(std::move(pool), how);
    },
};

}  // namespace collet

// SPDX-License-Identifier: MIT
// mutex_pool.cc: one queue, one mutex, one condition variable, and threads that sleep on it.
#include <exception>
#include <memory>
#include <thread>
#include <vector>

#include "pools/batch_pool.h"
#include "pools/pools.h"

namespace collet {
namespace {

class MutexPool final : public BatchPool {
 public:
  MutexPool(std::size_t workers, std::size_t capacity)
      : BatchPool(workers, capacity, std::chrono::nanoseconds::max()) {}
  ~MutexPool() override { stop(StopMode::discard); }

  // Throws std::system_error when the system has no thread left.
  void start() {
    while (threads_.size() < workers()) {
      Worker& me = enter(false);
      threads_.emplace_back([this, &me] {
        name_this_thread("mutex", index_of(me));
        work(me);
      });
    }
  }

  void stop(StopMode mode) noexcept override {
    if (!close(mode)) return;
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  // Never called once started: no worker is absent before the end.
  void summon() noexcept override {}

  std::vector<std::thread> threads_;
};

constexpr OptionDescription kOptions[] = {
    {"capacity", OptionType::integer, 0, 0, 1 << 30,
     "tasks that may wait before more are refused, where the caller can bear it; 0: no bound"},
};

ThreadPool* make(const OptionValues& options, std::size_t workers, Refusal& why_not) noexcept {
  try {
    auto pool = std::make_unique<MutexPool>(workers, static_cast<std::size_t>(options["capacity"]));
    pool->start();
    return pool.release();
  } catch (const std::exception& error) {
    why_not.say("%zu threads cannot be had: %s", workers, error.what());
    return nullptr;
  }
}

}  // namespace

constinit const PoolDescription kMutexPool{
    .name = "mutex",
    .summary = "one queue, one lock, whole batches in and out; idle workers sleep",
    .options = kOptions,
    .has_workers = true,
    .make = make,
};

}  // namespace collet

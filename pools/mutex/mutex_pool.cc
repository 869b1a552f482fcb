// SPDX-License-Identifier: MIT
// mutex_pool.cc: one queue, one mutex, one condition variable, and threads that sleep on it.
#include <exception>
#include <memory>
#include <thread>
#include <vector>

#include "pools/batch_pool.h"
#include "pools/pools.h"
#include "pools/this_thread.h"
#include "pools/within.h"

namespace collet {
namespace {

class MutexPool final : public BatchPool {
 public:
  MutexPool(std::size_t workers, const OptionValues& options)
      : BatchPool(workers, static_cast<std::size_t>(options["capacity"]),
                  std::chrono::nanoseconds::max(), std::chrono::nanoseconds(options["spin"])),
        pins_(options["affinity"] != 0) {}
  ~MutexPool() override { stop(StopMode::discard); }

  // Throws std::system_error when the system has no thread left.
  void start() {
    while (threads_.size() < workers()) {
      Worker& me = enter(false);
      threads_.emplace_back([this, &me] {
        name_this_thread("mutex", index_of(me));
        if (pins_) pin_this_thread(index_of(me));
        work(me);
      });
    }
  }

  void stop(StopMode mode) noexcept override {
    close(mode);
    if (Within::is(this)) return;
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

 private:
  // Never called once started: no worker is absent before the end.
  void summon() noexcept override {}

  const bool pins_;
  std::vector<std::thread> threads_;
};

constexpr OptionDescription kOptions[] = {
    {"capacity", OptionType::integer, 0, 0, 1 << 30,
     "tasks that may wait before more are refused, where the caller can bear it; 0: no bound"},
    {"spin", OptionType::duration, 0, 0, 1'000'000,
     "how long a worker goes on looking before it sleeps"},
    {"affinity", OptionType::boolean, 0, 0, 1, "keep each worker on one CPU, in turn"},
};

ThreadPool* make(const OptionValues& options, std::size_t workers, Refusal& why_not) noexcept {
  try {
    auto pool = std::make_unique<MutexPool>(workers, options);
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

// SPDX-License-Identifier: MIT
// tbb_pool.cc: tasks run on oneTBB's threads, in a task_arena of the pool's own.
//
// Which task runs next is decided by BatchPool, as oneTBB keeps no order among enqueued tasks and
// takes a wake for each. oneTBB gives the threads: an absent worker is enqueued in the arena, works
// until there is nothing to do, and returns its thread.
//
// A thread that has returned looks for work for about 75 us, with a hundred sched_yield(2), before
// it sleeps. On a core that it shares with an event loop that doubles the cost of a request. So a
// worker that runs out of tasks first sleeps for up to `linger`. While it does, it is of no help to
// oneTBB algorithms that a handler may run: those want linger=0.
#include <atomic>
#include <exception>
#include <memory>

#include "pools/batch_pool.h"
#include "pools/pools.h"
#include "pools/tbb/arena.h"
#include "pools/this_thread.h"
#include "pools/within.h"

namespace collet {
namespace {

// Orders what summon() saw before what the thread it brings does. oneTBB does so too, but out of
// ThreadSanitizer's sight; and one that lay in the pool could not order its own creation.
std::atomic<std::uint64_t> summons{0};  // release in summon(), acquire in serve()

class TbbPool final : public BatchPool {
 public:
  TbbPool(std::size_t workers, std::chrono::nanoseconds linger)
      : BatchPool(workers, 0, linger, std::chrono::nanoseconds::zero()), arena_(workers) {}
  ~TbbPool() override { stop(StopMode::discard); }

  void stop(StopMode mode) noexcept override {
    close(mode);
    if (!Within::is(this)) wait_until_deserted();
  }

 private:
  void summon() noexcept override {
    summons.fetch_add(1, std::memory_order_release);
    arena_.enqueue(&TbbPool::serve, this);
  }

  static void serve(void* pool) noexcept {
    static_cast<void>(summons.load(std::memory_order_acquire));
    auto* self = static_cast<TbbPool*>(pool);
    Worker& me = self->enter(true);
    name_this_thread("tbb", self->index_of(me));
    self->work(me);
  }

  Arena arena_;
};

constexpr OptionDescription kOptions[] = {
    {"linger", OptionType::duration, 10'000'000, 0, 1'000'000'000,
     "how long an idle worker sleeps before its thread returns to oneTBB, which spins"},
};

ThreadPool* make(const OptionValues& options, std::size_t workers, Refusal& why_not) noexcept {
  try {
    return new TbbPool(workers, std::chrono::nanoseconds(options["linger"]));
  } catch (const std::exception& error) {
    why_not.say("%zu threads cannot be had: %s", workers, error.what());
    return nullptr;
  }
}

}  // namespace

constinit const PoolDescription kTbbPool{
    .name = "tbb",
    .summary = "threads of oneTBB, in an arena of their own; the batches of mutex",
    .options = kOptions,
    .has_workers = true,
    .make = make,
};

}  // namespace collet

// SPDX-License-Identifier: MIT
// asio_pool.cc: boost::asio::thread_pool as people use it: a post() for each task.
//
// Asio wakes a thread for each post(), and has no other way to hand over many tasks; and it gets
// memory for each, from the heap unless one of its own threads posts. That is what is compared.
//
// The threads are the pool's own and attach themselves: so they have names from the beginning, and
// so one worker keeps the order. (Of a thread_pool(1), what a task posts passes by what others have
// posted before.)
#define BOOST_ASIO_DISABLE_FENCED_BLOCK  // the sanitizer does not understand bare fences
#include <boost/asio/post.hpp>
#include <boost/asio/recycling_allocator.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include "pools/gate.h"
#include "pools/pools.h"
#include "pools/tally.h"
#include "pools/this_thread.h"
#include "pools/within.h"

namespace collet {
namespace {

namespace asio = boost::asio;

// Memory for one posted task, had before the task is moved: one that is refused must stay whole. It
// comes from where Asio itself would take it.
union Block {
  Block* next;
  alignas(std::max_align_t) std::byte bytes[128];

  // Throws std::bad_alloc.
  static Block* make() { return asio::recycling_allocator<Block>().allocate(1); }
  static void destroy(Block* block) noexcept {
    asio::recycling_allocator<Block>().deallocate(block, 1);
  }
};

// A chain of blocks: for all tasks of a submission, or for none.
class Reserve {
 public:
  ~Reserve() {
    while (first_ != nullptr) Block::destroy(take());
  }
  Reserve() = default;
  Reserve(const Reserve&) = delete;
  Reserve& operator=(const Reserve&) = delete;

  bool fill(std::size_t count) noexcept {
    try {
      for (std::size_t i = 0; i < count; ++i) {
        Block* block = Block::make();
        block->next = std::exchange(first_, block);
      }
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }
  Block* take() noexcept { return std::exchange(first_, first_->next); }

 private:
  Block* first_ = nullptr;
};

// Gives Asio that one block: of a handler, it allocates one object, which holds it.
template <typename Value>
struct BlockAllocator {
  using value_type = Value;
  Block* block;

  explicit BlockAllocator(Block* its_block) noexcept : block(its_block) {}
  template <typename Other>
  BlockAllocator(
      const BlockAllocator<Other>& other) noexcept  // NOLINT(google-explicit-constructor)
      : block(other.block) {}

  Value* allocate(std::size_t) const noexcept {
    static_assert(sizeof(Value) <= sizeof(Block) && alignof(Value) <= alignof(Block));
    return static_cast<Value*>(static_cast<void*>(block));
  }
  void deallocate(Value*, std::size_t) const noexcept { Block::destroy(block); }

  friend bool operator==(const BlockAllocator&, const BlockAllocator&) = default;
};

class AsioPool final : public ThreadPool {
 public:
  explicit AsioPool(std::size_t workers) : pool_(0), workers_(workers) {}
  ~AsioPool() override { stop(StopMode::discard); }

  // Throws std::system_error when the system has no thread left.
  void start() {
    threads_.reserve(workers());
    while (threads_.size() < workers()) {
      threads_.emplace_back([this, index = threads_.size()] {
        name_this_thread("asio", index);
        me = &workers_[index];
        const Within within(this);
        pool_.attach();
      });
    }
  }

  bool submit(Task& task) noexcept override { return submit_bulk({&task, 1}) == 1; }

  std::size_t submit_bulk(std::span<Task> tasks) noexcept override {
    if (gate_.enter()) {
      const bool posted = post(tasks);
      gate_.leave();
      if (posted) return tasks.size();
    }
    refused_.fetch_add(tasks.size(), std::memory_order_relaxed);
    return 0;
  }

  bool try_submit(Task& task) noexcept override { return submit(task); }

  // What is discarded goes when a thread comes to it: Asio lets nobody else take it out again.
  void stop(StopMode mode) noexcept override {
    if (!stopping_.exchange(true)) {
      discards_.store(mode == StopMode::discard, std::memory_order_relaxed);
      gate_.shut();
      gate_.wait_until_empty();
      pool_.wait();
    }
    if (Within::is(this)) return;
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

  std::size_t workers() const noexcept override { return workers_.size(); }

  PoolStats stats() const noexcept override {
    PoolStats stats;
    std::uint64_t begun = 0;
    for (const Worker& worker : workers_) {
      stats.run += worker.run.get();
      stats.threw += worker.threw.get();
      stats.discarded += worker.discarded.get();
      begun += worker.begun.get();
    }
    stats.accepted = accepted_.load(std::memory_order_relaxed);
    stats.refused = refused_.load(std::memory_order_relaxed);
    stats.queued = static_cast<std::size_t>(stats.accepted - stats.discarded - begun);
    return stats;
  }

 private:
  struct alignas(64) Worker {
    Tally begun;
    Tally run;
    Tally threw;
    Tally discarded;
  };

  struct Posted {
    using allocator_type = BlockAllocator<void>;

    AsioPool* pool;
    allocator_type memory;
    Task task;

    allocator_type get_allocator() const noexcept { return memory; }
    void operator()() noexcept { pool->run(task); }
  };

  // Accepted before it is posted, or it might be seen to have begun before.
  bool post(std::span<Task> tasks) noexcept {
    Reserve reserve;
    if (!reserve.fill(tasks.size())) return false;
    accepted_.fetch_add(tasks.size(), std::memory_order_relaxed);
    for (Task& task : tasks) {
      asio::post(pool_, Posted{this, BlockAllocator<void>(reserve.take()), std::move(task)});
    }
    return true;
  }

  void run(Task& task) noexcept {
    if (discards_.load(std::memory_order_relaxed)) {
      task = Task();
      me->discarded.add(1);
      return;
    }
    me->begun.add(1);
    if (!task.run()) me->threw.add(1);
    me->run.add(1);
  }

  static constinit thread_local Worker* me;

  asio::thread_pool pool_;
  Gate gate_;  // callers of post()
  std::atomic<bool> stopping_{false};
  std::atomic<bool> discards_{false};  // read after gate_ or Asio's lock has ordered it
  std::atomic<std::uint64_t> accepted_{0};
  std::atomic<std::uint64_t> refused_{0};
  std::vector<Worker> workers_;
  std::vector<std::thread> threads_;
};

constinit thread_local AsioPool::Worker* AsioPool::me = nullptr;

ThreadPool* make(const OptionValues&, std::size_t workers, Refusal& why_not) noexcept {
  try {
    auto pool = std::make_unique<AsioPool>(workers);
    pool->start();
    return pool.release();
  } catch (const std::exception& error) {
    why_not.say("%zu threads cannot be had: %s", workers, error.what());
    return nullptr;
  }
}

}  // namespace

constinit const PoolDescription kAsioPool{
    .name = "asio_pool",
    .summary = "boost::asio::thread_pool; a post, a wake and memory for each task, one lock",
    .options = {},
    .has_workers = true,
    .make = make,
};

}  // namespace collet

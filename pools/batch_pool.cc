// SPDX-License-Identifier: MIT
// batch_pool.cc: who runs what, and who is woken for it.
#include "pools/batch_pool.h"

#include <algorithm>
#include <utility>

#include "pools/spin.h"
#include "pools/within.h"

namespace collet {
namespace {

constexpr std::size_t kUnbounded = 0;

}  // namespace

BatchPool::BatchPool(std::size_t workers, std::size_t capacity,
                     std::chrono::nanoseconds longest_rest, std::chrono::nanoseconds spin)
    : capacity_(capacity),
      longest_rest_(longest_rest),
      spin_(spin),
      absent_(workers),
      workers_(workers) {}

bool BatchPool::submit(Task& task) noexcept { return accept({&task, 1}, kUnbounded); }

std::size_t BatchPool::submit_bulk(std::span<Task> tasks) noexcept {
  return accept(tasks, kUnbounded) ? tasks.size() : 0;
}

bool BatchPool::try_submit(Task& task) noexcept { return accept({&task, 1}, capacity_); }

bool BatchPool::accept(std::span<Task> tasks, std::size_t capacity) noexcept {
  Wake wake = Wake::none;
  {
    const std::lock_guard lock(mutex_);
    const bool full = capacity != kUnbounded && queued() >= capacity;
    if (stopped_ || full || !queue_.push(tasks)) {
      refused_ += tasks.size();
      return false;
    }
    accepted_ += tasks.size();
    something_queued_.store(true, std::memory_order_relaxed);
    wake = assign_wake(1);
  }
  deliver(wake);
  return true;
}

BatchPool::Worker& BatchPool::enter(bool summoned) noexcept {
  const std::lock_guard lock(mutex_);
  if (summoned) {
    under_way_ = Wake::none;
  } else {
    --absent_;
  }
  Worker& me = *std::find_if(workers_.begin(), workers_.end(),
                             [](const Worker& worker) { return !worker.present; });
  me.present = true;
  return me;
}

void BatchPool::work(Worker& me) noexcept {
  const Within within(this);
  while (take(me)) {
    while (Task* task = me.batch.next()) {
      if (!task->run()) me.threw.add(1);
      me.run.add(1);
    }
  }
}

// Waits until `me` has a batch. False when it has left instead.
bool BatchPool::take(Worker& me) noexcept {
  std::unique_lock lock(mutex_);
  while (!fill(me)) {
    if (spin(lock) && fill(me)) break;
    if (stopped_ || !sleep(lock)) {
      leave(me);
      return false;
    }
  }
  // Whoever leaves something for others to do passes the wake on. So a burst costs its submitter
  // one wake, and brings as many workers as are of use.
  const Wake wake = assign_wake(2);
  lock.unlock();
  deliver(wake);
  return true;
}

bool BatchPool::fill(Worker& me) noexcept {
  if (!queue_.empty()) {
    const std::size_t share = (queue_.size() + workers_.size() - 1) / workers_.size();
    me.batch.fill(queue_, std::min(share, Batch::kCapacity));
    something_queued_.store(!queue_.empty(), std::memory_order_relaxed);
    return true;
  }
  for (Worker& other : workers_) {
    if (&other != &me && me.batch.steal(other.batch) > 0) return true;
  }
  return false;
}

// Those who spin, sleepers, absentees and the wake under way are counted under the mutex: no wake
// is lost, none is sent to a worker that is awake or while one spins, and none is sent before the
// one before it has been answered.
BatchPool::Wake BatchPool::assign_wake(std::size_t least_queued) noexcept {
  if (under_way_ != Wake::none || spinning_ > 0 || sleepers_ + absent_ == 0 ||
      queued() < least_queued) {
    return Wake::none;
  }
  if (sleepers_ > 0) {
    --sleepers_;
    under_way_ = Wake::sleeper;
  } else {
    --absent_;
    under_way_ = Wake::absentee;
  }
  return under_way_;
}

// Without the mutex, which the woken thread wants at once.
void BatchPool::deliver(Wake wake) noexcept {
  if (wake == Wake::sleeper) wake_.notify_one();
  if (wake == Wake::absentee) summon();
}

// False: it does not spin. True: whoever submitted meanwhile counts on this worker to look again,
// with the mutex, before it sleeps.
bool BatchPool::spin(std::unique_lock<std::mutex>& lock) noexcept {
  if (spin_ <= spin_.zero()) return false;
  ++spinning_;
  lock.unlock();
  spin_until(spin_, [this] {
    return something_queued_.load(std::memory_order_relaxed) ||
           std::any_of(workers_.begin(), workers_.end(),
                       [](const Worker& worker) { return worker.batch.size() > 0; });
  });
  lock.lock();
  --spinning_;
  return true;
}

// False when the worker shall leave.
bool BatchPool::sleep(std::unique_lock<std::mutex>& lock) noexcept {
  if (longest_rest_ <= longest_rest_.zero()) return false;
  ++sleepers_;
  const auto is_meant = [this] { return under_way_ == Wake::sleeper || stopped_; };
  if (longest_rest_ == std::chrono::nanoseconds::max()) {
    wake_.wait(lock, is_meant);
  } else {
    wake_.wait_for(lock, longest_rest_, is_meant);
  }
  if (under_way_ == Wake::sleeper) {
    under_way_ = Wake::none;
    return true;
  }
  --sleepers_;
  return stopped_;
}

// The last to leave may be followed at once by the destructor, hence the notice under the mutex.
void BatchPool::leave(Worker& me) noexcept {
  me.present = false;
  ++absent_;
  if (absent_ == workers_.size()) deserted_.notify_all();
}

bool BatchPool::close(StopMode mode) noexcept {
  TaskQueue unqueued;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopped_, true)) return false;
    if (mode == StopMode::discard) {
      std::swap(unqueued, queue_);
      for (Worker& worker : workers_) worker.discarded = worker.batch.seize();
    }
  }
  wake_.notify_all();
  discard(unqueued);
  return true;
}

// Without the mutex: a task's destructor may call anything, submit() included.
void BatchPool::discard(TaskQueue& unqueued) noexcept {
  std::uint64_t count = unqueued.size();
  while (!unqueued.empty()) unqueued.pop();
  for (Worker& worker : workers_) {
    count += worker.discarded.size();
    for (TaskSlot& slot : worker.discarded) slot.task = Task();
  }
  const std::lock_guard lock(mutex_);
  discarded_ += count;
}

void BatchPool::wait_until_deserted() noexcept {
  std::unique_lock lock(mutex_);
  deserted_.wait(lock, [this] { return absent_ == workers_.size(); });
}

PoolStats BatchPool::stats() const noexcept {
  PoolStats stats;
  const std::lock_guard lock(mutex_);
  for (const Worker& worker : workers_) {
    stats.run += worker.run.get();
    stats.threw += worker.threw.get();
  }
  stats.accepted = accepted_;
  stats.refused = refused_;
  stats.discarded = discarded_;
  stats.queued = queued();
  return stats;
}

std::size_t BatchPool::queued() const noexcept {
  std::size_t queued = queue_.size();
  for (const Worker& worker : workers_) queued += worker.batch.size();
  return queued;
}

}  // namespace collet

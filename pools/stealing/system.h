// SPDX-License-Identifier: MIT
// system.h: what the scheduler of the pool `stealing` runs on. The other implementation is that of
// the test which explores its interleavings (tests/unit/stealing_exploration_test.cc).
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <utility>

#include "pools/task_queue.h"

namespace collet::stealing {

// Where one thread sleeps until another wakes it. A wake that comes first is kept, and several are
// one.
class Parker {
 public:
  // What the waker did before unpark() (release) is seen after park() (acquire).
  void park() noexcept {
    if (state_.fetch_sub(1, std::memory_order_acquire) == kWoken) return;
    std::int32_t woken = kWoken;
    while (!state_.compare_exchange_strong(woken, kIdle, std::memory_order_acquire)) {
      futex(FUTEX_WAIT_PRIVATE, kParked);
      woken = kWoken;
    }
  }

  // Costs a system call only if the thread sleeps, or is about to.
  void unpark() noexcept {
    if (state_.exchange(kWoken, std::memory_order_release) == kParked) futex(FUTEX_WAKE_PRIVATE, 1);
  }

 private:
  static constexpr std::int32_t kParked = -1;
  static constexpr std::int32_t kIdle = 0;
  static constexpr std::int32_t kWoken = 1;

  // Why it returned does not matter: park() looks at the state again.
  void futex(int operation, std::int32_t value) noexcept {
    static_assert(sizeof state_ == sizeof(std::int32_t));
    ::syscall(SYS_futex, &state_, operation, value, nullptr, nullptr, 0);
  }

  std::atomic<std::int32_t> state_{kIdle};
};

struct System {
  template <typename Value>
  using Atomic = std::atomic<Value>;
  using Mutex = std::mutex;
  using Parker = stealing::Parker;

  class Slot {
   public:
    template <typename Fill>
    void fill(Fill&& with) noexcept {
      with(slot_.task);
    }
    void take(Task& into) noexcept { into = std::move(slot_.task); }

   private:
    TaskSlot slot_;
  };
};

}  // namespace collet::stealing

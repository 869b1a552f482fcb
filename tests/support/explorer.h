// SPDX-License-Identifier: MIT
// explorer.h: runs a few logical threads in every order that could matter, one order after the
// other, on one real thread.
//
// A logical thread is a fiber. Each atomic operation, each lock and each half of moving a task is a
// step, before which another thread may go on instead. All orders with at most so many such
// preemptions are tried, by depth first; switches at which a thread has to wait are free. Bugs of
// this kind need one or two.
//
// A store that is not sequentially consistent may also be delayed, at the price of a preemption: it
// is seen by others only when its thread makes a sequentially consistent one, or waits, or ends. So
// what x86 does to stores is in it. Weaker memory is not: there, the comments at each order are the
// proof.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <collet/task.h>

namespace collet::exploration {

// One execution: made anew for each.
class Scenario {
 public:
  virtual ~Scenario() = default;

  virtual void run(std::size_t thread) = 0;

  // Asked when no thread can go on. What is wrong; empty if nothing is.
  virtual std::string verdict() = 0;

  // Then, lets those go on that wait. All must end.
  virtual void release() {}
};

struct Explored {
  std::uint64_t executions = 0;
  std::string failure;  // the first, with the turns that led to it; it ends the exploration
};

Explored explore(std::size_t threads, int preemptions,
                 const std::function<std::unique_ptr<Scenario>()>& make);

// -- For what the threads run. Outside of them, nothing is a step.

void step();
void wait_until(const std::function<bool()>& ready);
void fail(const char* what);

// Delayed stores of the running thread, seen by itself.
using Commit = void (*)(void* where, std::uint64_t value);
bool delay(void* where, std::uint64_t value, Commit commit);  // false: not this time
bool find_delayed(const void* where, std::uint64_t& value);
void flush();

// `kWeakest`: takes sequentially consistent stores for mere releases, which is a bug to be found.
template <typename Value, bool kWeakest>
class Atomic {
 public:
  Atomic(Value value) : value_(value) {}  // NOLINT(google-explicit-constructor): as std::atomic

  Value load(std::memory_order) const {
    step();
    std::uint64_t delayed = 0;
    return find_delayed(this, delayed) ? static_cast<Value>(delayed) : value_;
  }
  void store(Value value, std::memory_order order) {
    step();
    const bool may_wait = order != std::memory_order_seq_cst || kWeakest;
    const Commit commit = [](void* where, std::uint64_t late) {
      static_cast<Atomic*>(where)->value_ = static_cast<Value>(late);
    };
    if (may_wait && delay(this, static_cast<std::uint64_t>(value), commit)) return;
    flush();
    value_ = value;
  }
  Value exchange(Value value, std::memory_order) {
    return change([value](Value) { return value; });
  }
  Value fetch_add(Value more, std::memory_order) {
    return change([more](Value old) { return static_cast<Value>(old + more); });
  }
  Value fetch_sub(Value less, std::memory_order) {
    return change([less](Value old) { return static_cast<Value>(old - less); });
  }
  bool compare_exchange_weak(Value& expected, Value desired, std::memory_order,
                             std::memory_order = std::memory_order_relaxed) {
    const Value wanted = expected;
    expected = change([wanted, desired](Value old) { return old == wanted ? desired : old; });
    return expected == wanted;
  }

 private:
  template <typename Change>
  Value change(const Change& to) {
    step();
    flush();
    return std::exchange(value_, to(value_));
  }

  Value value_;
};

class Mutex {
 public:
  void lock() {
    step();
    flush();
    wait_until([this] { return !locked_; });
    locked_ = true;
  }
  void unlock() {
    flush();
    locked_ = false;
  }

 private:
  bool locked_ = false;
};

class Parker {
 public:
  void park() {
    step();
    flush();
    wait_until([this] { return woken_; });
    woken_ = false;
  }
  void unpark() {
    step();
    flush();
    woken_ = true;
  }

 private:
  bool woken_ = false;
};

// Moving a task takes a while, in which nobody else may touch its slot.
class Slot {
 public:
  template <typename Fill>
  void fill(Fill&& with) {
    touch();
    if (task_) fail("a task is put on top of another");
    with(task_);
    being_moved_ = false;
  }
  void take(Task& into) {
    touch();
    if (!task_) fail("a task is taken from where none is");
    into = std::move(task_);
    being_moved_ = false;
  }

 private:
  void touch() {
    step();
    if (std::exchange(being_moved_, true)) fail("two touch a slot at once");
    step();
  }

  bool being_moved_ = false;
  Task task_;
};

// Instead of pools/stealing/system.h.
template <bool kWeakest = false>
struct Platform {
  template <typename Value>
  using Atomic = exploration::Atomic<Value, kWeakest>;
  using Mutex = exploration::Mutex;
  using Parker = exploration::Parker;
  using Slot = exploration::Slot;
};

}  // namespace collet::exploration

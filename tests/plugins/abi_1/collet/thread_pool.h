// SPDX-License-Identifier: MIT
// thread_pool.h: the pool seam. Where handlers run when they do not run on the loop.
//
// Rules, each with a conformance test:
//   T1  A task accepted is run or destroyed exactly once; a task refused stays with the caller.
//   T2  A task that throws is caught (Task::run), counted, and harms nobody else.
//   T3  submit() and submit_bulk() never block for long: no caller waits for a task to run.
//   T4  No lost wake: a task accepted while every worker is about to sleep still runs.
//   T5  Idle workers use no CPU, after at most a short bounded spin.
//   T6  A pool of one worker runs tasks in the order they were accepted.
//   T7  stop() may be called from any thread that is not a worker, once; the destructor stops
//       with `discard` if nobody did.
//   T8  A task that takes long occupies one worker, and delays no task that another could run.
//
// Every call but the destructor may be made from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <collet/task.h>

namespace collet {

enum class StopMode : std::uint8_t {
  drain,    // run what has been accepted, then end
  discard,  // destroy what has not begun
};

struct PoolStats {
  std::uint64_t accepted = 0;
  std::uint64_t run = 0;  // finished, those that threw included
  std::uint64_t threw = 0;
  std::uint64_t discarded = 0;  // destroyed unrun by stop(discard)
  std::uint64_t refused = 0;
  std::size_t queued = 0;  // accepted, not begun
};

class ThreadPool {
 public:
  virtual ~ThreadPool() = default;

  // Takes the task; false if the pool has stopped or memory has run out, and then `task` is
  // untouched. Waits for no room: a bounded pool's bound does not apply.
  virtual bool submit(Task& task) noexcept = 0;

  // Takes tasks from the front with one lock and one wake, and returns how many: all, or none if
  // the pool has stopped or memory has run out.
  virtual std::size_t submit_bulk(std::span<Task> tasks) noexcept = 0;

  // As submit(), but also refuses when a bounded pool is full.
  virtual bool try_submit(Task& task) noexcept = 0;

  // Refuses from now on, deals with what was accepted, and returns when the last worker is done.
  virtual void stop(StopMode mode) noexcept = 0;

  // The number of threads that run tasks. 0: submit() itself runs the task, on the caller's thread.
  virtual std::size_t workers() const noexcept = 0;

  // A snapshot; its fields are exact only when nobody submits.
  virtual PoolStats stats() const noexcept = 0;
};

}  // namespace collet

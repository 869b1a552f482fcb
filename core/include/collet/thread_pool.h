// SPDX-License-Identifier: MIT
// thread_pool.h: the pool seam. Where handlers run when they do not run on the loop.
//
// Rules. collet-conform judges every pool by those with two numbers, one test each:
//   T1  A task accepted is run or destroyed exactly once; a task refused stays with the caller.
//         T1.1   each task submitted is run once, and destroyed once
//         T1.2   so is each of a batch of any size, which leaves the caller's empty
//         T1.3   a task refused is untouched
//         T1.4   try_submit() refuses when a bounded pool is full, submit() does not
//         T1.5   four threads that submit at once lose nothing
//         T1.6   try_submit() takes a task as submit() does, and leaves it empty
//         T1.7   tasks too large for their inline place are run and destroyed once, too
//   T2  A task that throws is caught (Task::run), counted, and harms nobody else.
//         T2.1   a task that throws, as it runs or as it goes, is counted
//         T2.2   whatever is thrown: errors, numbers, pointers, types of its own
//         T2.3   after a thousand tasks that threw every worker still works
//   T3  submit() and submit_bulk() never block for long: no caller waits for a task to run.
//         T3.1   submitting goes on while every worker is busy
//         T3.2   a task may submit more
//   T4  No lost wake: a task accepted while every worker is about to sleep still runs.
//         T4.1   a million tasks, each given to sleepers (or 5 s of them): all run
//         T4.2   the same with batches of one to nine
//         T4.3   the same from two threads that meet the workers by turns
//   T5  Idle workers use no CPU, after at most a short bounded spin.
//         T5.1   idle workers use no CPU, before their first task and after a burst
//   T6  A pool of one worker runs tasks in the order they were accepted.
//         T6.1   one worker keeps the order of single tasks and batches
//         T6.2   submit(), submit_bulk() and try_submit() share one order
//         T6.3   one worker keeps the order of each of several who submit
//   T7  stop() may be called again, by one thread at a time; the first call says how. Inside of a
//       task it only begins the end; a later call from elsewhere waits for it. The destructor,
//       which is not for tasks, does so too, and stops with `discard` if nobody did.
//         T7.1   stop(drain) runs all that was accepted
//         T7.2   stop(discard) destroys what has not begun, and runs none of it
//         T7.3   the destructor discards
//         T7.4   a task that is discarded may call the pool as it goes
//         T7.5   a task submitted while it stops is run, destroyed or refused
//         T7.6   a task that submits while the pool drains is refused, and the drain ends
//         T7.7   stop() is possible on any other thread, with nothing to do, and then the end
//         T7.8   after stop() the last task is done, and none runs
//         T7.9   inside a task stop() begins the end and returns; another stop() waits for it
//         T7.10  the destructor waits for the end that a task began
//   T8  A task that takes long occupies one worker, and delays no task that another could run.
//         T8.1   no task of a batch waits behind a slow one while a worker is idle
//         T8.2   with all workers but one held up, the last does all the work
//   T9  Tasks run on workers() threads that the pool named, on no other; 0: on the caller's.
//         T9.1   workers() is the number asked for; 0 of a pool that has none
//         T9.2   each worker is a thread of its own, whose name begins with collet-
//         T9.3   a pool without workers runs the task on the caller's thread, at once
//         T9.4   pools made and stopped one after another leave no crowd of threads
//   T10 The numbers of stats() add up.
//         T10.1  when nobody submits, accepted = run + discarded + queued + those that run
//         T10.2  every task refused is counted, one by one and in batches
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

  // Refuses from now on, deals with what was accepted, and returns when the last worker is done;
  // inside of a task of this pool, which would wait for itself, before that.
  virtual void stop(StopMode mode) noexcept = 0;

  // The number of threads that run tasks. 0: submit() itself runs the task, on the caller's thread.
  virtual std::size_t workers() const noexcept = 0;

  // A snapshot; its fields are exact only when nobody submits.
  virtual PoolStats stats() const noexcept = 0;
};

}  // namespace collet

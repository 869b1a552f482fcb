// SPDX-License-Identifier: MIT
// dispatch.h: loop → pool → loop, a pass at a time.
//
// Handing over each request alone costs more than the request: a lock, a wake and a context switch
// each way. So a pass's work goes to the pool in one submission with one wake, and replies come
// back in one post: the first one finished wakes the loop, those that follow join it.
#pragma once

#include <atomic>
#include <vector>

#include <collet/event_loop.h>
#include <collet/thread_pool.h>

#include "core/net/job.h"

namespace collet {

class Dispatch {
 public:
  Dispatch(EventLoop& loop, ThreadPool& pool) : loop_(loop), pool_(pool) {}

  // Has the chain of jobs of one connection run on the pool, in order, and then handed to that
  // connection's jobs_done() on the loop. One chain at a time for a connection: its strand.
  void submit(Job* chain);

 private:
  void flush();
  void run_chain(Job* chain) noexcept;
  void harvest();

  EventLoop& loop_;
  ThreadPool& pool_;
  std::vector<Task> batch_;
  std::atomic<Job*> done_{nullptr};  // chains that have run, linked by next_done
};

}  // namespace collet

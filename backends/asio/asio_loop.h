// SPDX-License-Identifier: MIT
// asio_loop.h: what both Asio backends stand on: one io_context, run in bounded passes, and a wake.
#pragma once

#ifdef __SANITIZE_THREAD__
#define BOOST_ASIO_DISABLE_FENCED_BLOCK  // the sanitizer does not understand bare fences
#endif

#include <atomic>
#include <chrono>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "backends/asio/operation_memory.h"

namespace collet {

class AsioLoop {
 public:
  using Executor = boost::asio::io_context::executor_type;
  using Nanoseconds = std::chrono::nanoseconds;
  using Clock = std::chrono::steady_clock;

  boost::asio::io_context& context() noexcept { return context_; }
  OperationMemory& memory() noexcept { return memory_; }

  static Nanoseconds now() noexcept { return Clock::now().time_since_epoch(); }

  // Runs handlers until one of them has made progress or `deadline` has passed (max(): never), and
  // then all that are ready, unless one of them ends the pass.
  void run(Nanoseconds deadline) {
    progress_ = ended_ = false;
    while (!progress_) {
      if (deadline == Nanoseconds::max()) {
        context_.run_one();
      } else if (context_.run_one_until(Clock::time_point(deadline)) == 0) {
        break;
      }
    }
    if (!ended_) context_.poll();
    if (ended_) context_.restart();
  }

  // Called by handlers, inside run(): something has happened that run() waits for; nothing more
  // should happen in this pass.
  void progress() noexcept { progress_ = true; }
  [[gnu::noinline]] void end_pass() {
    progress_ = ended_ = true;
    context_.stop();
  }

  // Makes progress, from any thread. At most one wake is in Asio's queue at a time.
  void wake() {
    if (!wake_posted_.exchange(true)) boost::asio::post(context_, Woken{this});
  }

 private:
  // Asio frees the operation before it calls this, so whoever finds wake_posted_ false may use
  // wake_memory_; the exchanges order that, and what a waker wrote before it woke.
  struct Woken {
    AsioLoop* loop;

    using allocator_type = OperationAllocator<Woken>;
    allocator_type get_allocator() const noexcept { return allocator_type(loop->wake_memory_); }
    void operator()() const noexcept {
      loop->wake_posted_.exchange(false);
      loop->progress_ = true;
    }
  };

  OperationMemory memory_;
  OperationMemory wake_memory_;
  std::atomic<bool> wake_posted_{false};
  bool progress_ = false;
  bool ended_ = false;
  // One thread runs it and uses its sockets; others only post.
  boost::asio::io_context context_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  boost::asio::executor_work_guard<Executor> always_busy_{context_.get_executor()};
};

}  // namespace collet

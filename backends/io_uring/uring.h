// SPDX-License-Identifier: MIT
// uring.h: one io_uring, set up as well as this kernel can, and entered once a pass.
//
// Nothing is submitted before enter(), so that what a pass asks for costs one system call. Of one
// thread, which is the one that enters first; it may be made on another.
#pragma once

#include <liburing.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <thread>

namespace collet {

// How the kernel finishes requests, the best first. Only `deferred` never interrupts the loop.
enum class TaskRun : std::uint8_t {
  deferred,     // on the loop's own thread when it enters: DEFER_TASKRUN, Linux 6.1
  cooperative,  // when it enters the kernel for whatever reason: COOP_TASKRUN
  plain,        // by interrupting it
};

// The best that this kernel knows; found out once.
TaskRun best_task_run() noexcept;

class Uring {
 public:
  // What comes of a request; a multishot one has several, all but the last marked as such.
  struct Outcome {
    std::uint64_t user_data;
    std::int32_t result;  // or -errno
    std::uint32_t flags;  // IORING_CQE_F_

    bool is_last() const noexcept { return (flags & IORING_CQE_F_MORE) == 0; }
    // Of a send that copied nothing, after its result: its memory is not read any more.
    bool is_notice() const noexcept { return (flags & IORING_CQE_F_NOTIF) != 0; }
  };

  // IORING_RECVSEND_BUNDLE to newer headers: a receive fills as many buffers as there are bytes
  // for, in the order in which the kernel was given them, and names the first.
  static constexpr std::uint16_t kBundle = 1U << 4;

  Uring() noexcept = default;
  ~Uring();
  Uring(const Uring&) = delete;
  Uring& operator=(const Uring&) = delete;

  // Room for so many requests a pass (more cost another entry), and for so many outcomes (more are
  // kept by the kernel). Returns 0 or an errno: EINVAL if the kernel lacks something.
  int open(unsigned requests, unsigned outcomes, TaskRun mode) noexcept;

  // Whether the kernel knows kBundle, and such requests.
  bool can_bundle() const noexcept { return (ring_.features & kFeatureOfBundles) != 0; }
  bool knows(io_uring_op operation) noexcept;

  // A cleared request, to be filled in before anything else is called. Never null.
  io_uring_sqe* request() noexcept;

  // Submits all requests and, if `timeout` is not zero, waits until there is an outcome or that
  // time has passed; max(): never. Without anything to do, no system call. Returns 0 or an errno,
  // ETIME and EINTR included. Of what is ready the kernel may have handed over a part only
  // (Linux 6.13: twenty at least, one after a sleep): see kernel_has_more().
  int enter(std::chrono::nanoseconds timeout) noexcept;

  // Whether this is the thread that has entered, and nobody else may.
  bool is_entered_here() const noexcept { return enterer_ == std::this_thread::get_id(); }

  // Whether outcomes are at hand, or may be after enter(). The kernel can leave its sign up when
  // there is nothing any more, so it is believed only while entries bring something: all but a few,
  // since what an entry has done, such as sending a part of what is to be sent, may have no
  // outcome.
  bool has_outcomes() const noexcept { return io_uring_cq_ready(&ring_) != 0; }
  bool kernel_has_more() const noexcept { return vain_entries_ < kMostInVain && has_sign(); }

  // Calls `visit` with each outcome that is at hand, at most `limit`, and returns how many there
  // were. `visit` may ask for requests.
  template <typename Visit>
  std::size_t reap(std::size_t limit, Visit visit) noexcept {
    const unsigned mask = *ring_.cq.kring_mask;
    const unsigned tail = io_uring_smp_load_acquire(ring_.cq.ktail);
    unsigned head = *ring_.cq.khead;
    std::size_t count = 0;
    for (; head != tail && count < limit; ++head, ++count) {
      const io_uring_cqe& entry = ring_.cq.cqes[head & mask];
      visit(Outcome{entry.user_data, entry.res, entry.flags});
    }
    io_uring_smp_store_release(ring_.cq.khead, head);
    return count;
  }

  // For what is registered with it.
  io_uring& raw() noexcept { return ring_; }

 private:
  static constexpr unsigned kMostInVain = 4;
  static constexpr unsigned kFeatureOfBundles = 1U << 14;

  bool has_sign() const noexcept {
    return (IO_URING_READ_ONCE(*ring_.sq.kflags) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) !=
           0;
  }
  int set_up(unsigned requests, unsigned outcomes, TaskRun mode) noexcept;
  int call(unsigned wait_for, std::chrono::nanoseconds timeout) noexcept;
  void move_late() noexcept;

  io_uring ring_{};
  bool open_ = false;
  unsigned vain_entries_ = 0;  // in a row that brought nothing
  std::thread::id enterer_;
  std::deque<io_uring_sqe> late_;  // for which there was no room
};

}  // namespace collet

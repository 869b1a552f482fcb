// SPDX-License-Identifier: MIT
// uring.cc: setting up and entering.
#include "backends/io_uring/uring.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

namespace collet {
namespace {

using std::chrono::nanoseconds;

// The submitting thread is the first that enters, not the one that made the ring.
constexpr unsigned kAlways = IORING_SETUP_CLAMP | IORING_SETUP_CQSIZE | IORING_SETUP_R_DISABLED;

unsigned flags_of(TaskRun mode) noexcept {
  switch (mode) {
    case TaskRun::deferred:
      return IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG;
    case TaskRun::cooperative:
      return IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG;
    case TaskRun::plain:
      break;
  }
  return 0;
}

}  // namespace

Uring::~Uring() {
  if (open_) io_uring_queue_exit(&ring_);
}

// When a ring goes, the kernel interrupts whatever the thread that made it is waiting for, long
// after the close: recv() with a timeout, poll() or epoll_wait() end with EINTR. So a thread makes
// it that has no other business, and is gone by then.
int Uring::open(unsigned requests, unsigned outcomes, TaskRun mode) noexcept {
  int error = 0;
  try {
    std::thread([&] { error = set_up(requests, outcomes, mode); }).join();
  } catch (const std::system_error& thrown) {
    error = thrown.code().value();
  }
  return error;
}

int Uring::set_up(unsigned requests, unsigned outcomes, TaskRun mode) noexcept {
  io_uring_params params{};
  params.flags = kAlways | flags_of(mode);
  params.cq_entries = std::max(requests, outcomes);
  if (const int error = -io_uring_queue_init_params(requests, &ring_, &params); error != 0) {
    return error;
  }
  open_ = true;
  if ((params.features & IORING_FEAT_EXT_ARG) == 0) return EINVAL;
  // Requests are numbered as they stand, which liburing sees to at each submission of its own.
  for (unsigned i = 0; i < *ring_.sq.kring_entries; ++i) ring_.sq.array[i] = i;
  return -io_uring_ring_dontfork(&ring_);
}

TaskRun best_task_run() noexcept {
  static const TaskRun best = [] {
    for (const TaskRun mode : {TaskRun::deferred, TaskRun::cooperative}) {
      if (Uring().open(1, 2, mode) != EINVAL) return mode;
    }
    return TaskRun::plain;
  }();
  return best;
}

bool Uring::knows(io_uring_op operation) noexcept {
  io_uring_probe* probe = io_uring_get_probe_ring(&ring_);
  if (probe == nullptr) return false;
  const bool is_known = io_uring_opcode_supported(probe, operation) != 0;
  io_uring_free_probe(probe);
  return is_known;
}

io_uring_sqe* Uring::request() noexcept {
  io_uring_sqe* request = late_.empty() ? io_uring_get_sqe(&ring_) : nullptr;
  if (request == nullptr) request = &late_.emplace_back();
  std::memset(request, 0, sizeof *request);
  return request;
}

void Uring::move_late() noexcept {
  while (!late_.empty()) {
    io_uring_sqe* request = io_uring_get_sqe(&ring_);
    if (request == nullptr) return;
    *request = late_.front();
    late_.pop_front();
  }
}

int Uring::call(unsigned wait_for, nanoseconds timeout) noexcept {
  const unsigned unsubmitted = ring_.sq.sqe_tail - io_uring_smp_load_acquire(ring_.sq.khead);
  if (unsubmitted == 0 && wait_for == 0 && !has_sign()) return 0;
  const unsigned tail = io_uring_smp_load_acquire(ring_.cq.ktail);
  io_uring_smp_store_release(ring_.sq.ktail, ring_.sq.sqe_tail);
  const std::int64_t ns = timeout.count();
  __kernel_timespec until{ns / 1'000'000'000, ns % 1'000'000'000};
  io_uring_getevents_arg how{};
  how.sigmask_sz = _NSIG / 8;
  if (timeout != nanoseconds::max()) how.ts = reinterpret_cast<std::uint64_t>(&until);
  const int submitted = io_uring_enter2(static_cast<unsigned>(ring_.ring_fd), unsubmitted, wait_for,
                                        IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG,
                                        reinterpret_cast<sigset_t*>(&how), sizeof how);
  const bool is_vain = io_uring_smp_load_acquire(ring_.cq.ktail) == tail;
  vain_entries_ = is_vain ? vain_entries_ + 1 : 0;
  return submitted < 0 ? -submitted : 0;
}

int Uring::enter(nanoseconds timeout) noexcept {
  if (enterer_ == std::thread::id()) {
    const int error = -io_uring_register(static_cast<unsigned>(ring_.ring_fd),
                                         IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
    if (error != 0) return error;
    enterer_ = std::this_thread::get_id();
  }
  while (!late_.empty()) {
    if (const int error = call(0, nanoseconds::zero()); error != 0) return error;
    move_late();
  }
  const bool waits = timeout > nanoseconds::zero();
  return call(waits ? 1 : 0, waits ? timeout : nanoseconds::zero());
}

}  // namespace collet

// SPDX-License-Identifier: MIT
// io_uring_proactor.h: completions by io_uring: multishot accept, multishot receive into buffers
// that the kernel chooses, sends that travel with the one system call of a pass.
//
// Calls fill in requests and change a slot's state; settle() does what follows from it. Sockets are
// blocking ones, for of others io_uring reports EAGAIN instead of waiting for them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <unordered_map>
#include <vector>

#include <collet/proactor.h>

#include "backends/io_uring/io_uring_slot.h"
#include "backends/io_uring/lent_buffers.h"
#include "backends/io_uring/uring.h"
#include "backends/io_uring/uring_wake.h"
#include "core/slab.h"

namespace collet {

struct IoUringOptions {
  unsigned requests = 0;  // that one system call submits
  unsigned outcomes = 0;  // that the kernel has room for
  std::size_t buffer_bytes = 0;
  std::size_t buffers = 0;
  bool bundles = false;      // one outcome may tell of several buffers
  std::size_t uncopied = 0;  // bytes from which on a send is not copied; 0: none is
  TaskRun task_run = TaskRun::deferred;
};

class IoUringProactor final : public Proactor {
 public:
  IoUringProactor() noexcept = default;
  ~IoUringProactor() override;
  IoUringProactor(const IoUringProactor&) = delete;
  IoUringProactor& operator=(const IoUringProactor&) = delete;

  // Before anything else. Returns 0 or an errno.
  int open(const IoUringOptions& options) noexcept;

  // Whether this kernel can do what `bundles` and `uncopied` ask for.
  bool can_bundle() const noexcept { return ring_.can_bundle(); }
  bool can_send_uncopied() noexcept { return ring_.knows(IORING_OP_SEND_ZC); }

  Opened listen(const Endpoint& at, const ListenOptions& options, Token token) noexcept override;
  Opened connect(const Endpoint& to, const Endpoint* from, Token token) noexcept override;
  Opened adopt(int socket, Token token) noexcept override;
  Opened watch(int fd, Interest interest, Token token) noexcept override;
  int bind(Handle handle, Token token) noexcept override;
  int start(Handle handle) noexcept override;
  int stop(Handle handle) noexcept override;
  std::size_t send_now(Handle, std::span<const std::byte>) noexcept override { return 0; }
  int send(Handle handle, std::span<const std::byte> bytes) noexcept override;
  int shutdown(Handle handle) noexcept override;
  int close(Handle handle, bool reset) noexcept override;
  int release(Handle handle) noexcept override;
  Endpoint endpoint(Handle handle, Side side) noexcept override;
  Counters counters() const noexcept override { return counters_; }
  std::chrono::nanoseconds now() noexcept override;
  bool run(std::chrono::nanoseconds deadline, CompletionSink& sink) noexcept override;
  void wake() noexcept override { wake_.wake(); }

 private:
  static constexpr std::size_t kPassBound = 1024;  // outcomes of one pass

  // What a request is for; in its user_data, below the index of its slot.
  enum class Role : std::uint64_t { input, output, cancel, wake };
  static constexpr unsigned kRoleBits = 2;

  // Slots and requests: io_uring_proactor.cc.
  IoUringSlot& open_slot(IoUringSlot::Kind kind, int fd, Token token);
  void retire(IoUringSlot& slot) noexcept;
  IoUringSlot* named(Handle handle) noexcept;
  IoUringSlot* usable(Handle handle) noexcept;
  io_uring_sqe& request(Role role, std::uint32_t index) noexcept;
  void begin_input(IoUringSlot& slot) noexcept;
  void begin_send(IoUringSlot& slot, bool must_copy = false) noexcept;
  void wait_for_room(IoUringSlot& slot) noexcept;
  void watch_wake() noexcept;
  void cancel(IoUringSlot& slot, Role role) noexcept;
  void end_connection(IoUringSlot& slot) noexcept;
  void abandon_all() noexcept;

  // What comes of them, and what follows: io_uring_completions.cc.
  void take(const Uring::Outcome& outcome) noexcept;
  void on_accept(IoUringSlot& slot, const Uring::Outcome& outcome) noexcept;
  void deliver_accepted(IoUringSlot& slot, int socket) noexcept;
  void deliver_held(IoUringSlot& slot) noexcept;
  void on_receive(IoUringSlot& slot, const Uring::Outcome& outcome) noexcept;
  void on_ready(IoUringSlot& slot, const Uring::Outcome& outcome) noexcept;
  void on_connect(IoUringSlot& slot, int result) noexcept;
  void on_output(IoUringSlot& slot, const Uring::Outcome& outcome) noexcept;
  void on_send(IoUringSlot& slot, int result) noexcept;
  void end_send(IoUringSlot& slot) noexcept;
  void on_room(IoUringSlot& slot, const Uring::Outcome& outcome) noexcept;
  void lend_all(IoUringSlot& slot, const Uring::Outcome& outcome) noexcept;
  void lend(IoUringSlot& slot, LentBuffers::Id id, std::size_t size, bool emptied) noexcept;
  void park(IoUringSlot& slot) noexcept;
  void restart_parked() noexcept;
  void settle(IoUringSlot& slot) noexcept;
  void settle_later(IoUringSlot& slot) noexcept;
  void settle_all_due() noexcept;
  void end_input(IoUringSlot& slot, int error) noexcept;
  void finish_close(IoUringSlot& slot) noexcept;
  bool wait(std::chrono::nanoseconds deadline) noexcept;

  UringWake wake_;
  Uring ring_;
  LentBuffers* buffers_ = nullptr;
  Slab<IoUringSlot> slots_;
  std::vector<Handle> due_;                                  // to be settled in this pass
  std::deque<Handle> parked_;                                // wait for a buffer to come home
  std::unordered_map<std::uint32_t, std::deque<int>> held_;  // by listeners that are stopped
  CompletionSink* sink_ = nullptr;
  std::size_t uncopied_ = ~std::size_t{0};  // bytes from which on a send is not copied
  std::size_t handled_ = 0;    // completions of this pass, and outcomes that led to none
  std::size_t in_flight_ = 0;  // requests whose last outcome has not come
  bool bundles_ = false;
  bool limits_receives_ = true;  // until the kernel turns out not to know that
  bool more_to_come_ = false;    // bytes were left in a socket, or a request is to be made again
  Counters counters_;
};

}  // namespace collet

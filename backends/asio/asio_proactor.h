// SPDX-License-Identifier: MIT
// asio_proactor.h: Boost.Asio as people write it, as a Proactor: async_accept, async_connect,
// async_read_some, async_write_some.
//
// Calls and Asio's handlers only change a slot's state. settle() then does what follows from it:
// lends what was read, begins the next operation, delivers a last completion, closes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include <collet/proactor.h>

#include "backends/asio/asio_slot.h"
#include "core/slab.h"

namespace collet {

class AsioProactor final : public Proactor {
 public:
  AsioProactor(std::size_t buffer_bytes, std::size_t buffers)
      : buffers_(ReadBuffers::make(buffer_bytes, buffers, *this)) {}
  ~AsioProactor() override;
  AsioProactor(const AsioProactor&) = delete;
  AsioProactor& operator=(const AsioProactor&) = delete;

  // Makes Asio open its descriptors now, where failure can be reported.
  void prepare() { AsioDescriptor any(loop_.context()); }

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
  std::chrono::nanoseconds now() noexcept override { return AsioLoop::now(); }
  bool run(std::chrono::nanoseconds deadline, CompletionSink& sink) noexcept override;
  void wake() noexcept override { loop_.wake(); }

 private:
  static constexpr std::size_t kPassBound = 1024;  // handlers run in one pass

  // Passes an operation's outcome to `done`.
  template <auto done>
  struct Handler {
    AsioProactor* proactor;
    AsioSlot* slot;

    using allocator_type = OperationAllocator<Handler>;
    allocator_type get_allocator() const noexcept {
      return allocator_type(proactor->loop_.memory());
    }
    void operator()(const boost::system::error_code& error, std::size_t bytes = 0) const noexcept {
      proactor->count_handler();
      (proactor->*done)(*slot, asio_errno(error), bytes);
    }
  };
  template <auto done>
  Handler<done> handler(AsioSlot& slot) noexcept {
    return {this, &slot};
  }

  // Slots: asio_proactor.cc.
  template <typename Io>
  AsioSlot& open(Io&& io, Token token);
  void retire(AsioSlot& slot) noexcept;
  AsioSlot* named(Handle handle) noexcept;
  AsioSlot* usable(Handle handle) noexcept;

  // What Asio reports, and what follows from it: asio_completions.cc.
  void on_accept(AsioSlot& slot, int error, std::size_t) noexcept;
  void on_connect(AsioSlot& slot, int error, std::size_t) noexcept;
  void on_read(AsioSlot& slot, int error, std::size_t bytes) noexcept;
  void on_write(AsioSlot& slot, int error, std::size_t bytes) noexcept;
  void on_readable(AsioSlot& slot, int error, std::size_t) noexcept;
  void on_writable(AsioSlot& slot, int error, std::size_t) noexcept;
  void on_ready(AsioSlot& slot, int error) noexcept;

  void report_readiness(AsioSlot& slot) noexcept;
  void settle(AsioSlot& slot) noexcept;
  void settle_later(AsioSlot& slot) noexcept;
  void settle_all_due() noexcept;
  void begin_input(AsioSlot& slot) noexcept;
  void begin_inputs() noexcept;
  void begin_read(AsioSlot& slot) noexcept;
  void begin_write(AsioSlot& slot) noexcept;
  void arm(AsioSlot& slot) noexcept;
  bool lend(AsioSlot& slot) noexcept;
  void end_input(AsioSlot& slot, int error) noexcept;
  void finish_close(AsioSlot& slot) noexcept;
  void cancel_all(AsioSlot& slot) noexcept;
  void drop_buffer(AsioStream& stream) noexcept;
  void count_handler() noexcept {
    loop_.progress();
    if (++handled_ >= kPassBound) loop_.end_pass();
  }

  ReadBuffers* buffers_;
  AsioLoop loop_;
  Slab<AsioSlot> slots_;
  std::vector<Handle> due_;          // to be settled in this pass
  std::deque<Handle> parked_;        // have bytes, and wait for a loan to come home
  std::vector<AsioSlot*> to_begin_;  // streams and watches for which the next run() begins an input
  CompletionSink* sink_ = nullptr;
  std::size_t handled_ = 0;    // handlers run in this pass
  bool bounded_ = false;       // the last run() left reads that it had made to this one
  bool more_to_read_ = false;  // a read of this pass filled its buffer
  Counters counters_;
};

}  // namespace collet

// SPDX-License-Identifier: MIT
// libuv_poller.cc: libuv saying when, as a plugin: a uv_poll for each descriptor, a uv_async for
// wakes, and a uv_timer, which counts milliseconds.
#include <uv.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <utility>

#include <collet/guarded.h>
#include <collet/plugin.h>

#include "backends/watches.h"

namespace {

using collet::Event;
using collet::Interest;
using collet::OptionValues;
using collet::Readiness;
using collet::Token;
using std::chrono::nanoseconds;

struct Socket : collet::Watched {
  uv_poll_t poll{};
};

class LibuvPoller {
 public:
  explicit LibuvPoller(const OptionValues&) : LibuvPoller() {
    check(uv_timer_init(&loop_, &timer_));
    check(uv_async_init(&loop_, &wake_, on_wake));
    check(uv_poll_init(&loop_, &failures_, sockets_.failures()));
    check(uv_poll_start(&failures_, UV_READABLE, on_failures));
  }
  LibuvPoller(const LibuvPoller&) = delete;
  LibuvPoller& operator=(const LibuvPoller&) = delete;
  ~LibuvPoller() {
    const auto close = [](uv_handle_t* handle, void*) {
      if (!uv_is_closing(handle)) uv_close(handle, nullptr);
    };
    uv_walk(&loop_, close, nullptr);
    uv_run(&loop_, UV_RUN_DEFAULT);  // until they are closed
    uv_loop_close(&loop_);
  }

  int add(int fd, Interest interest, Token token) {
    auto made = std::make_unique<Socket>();
    Socket& socket = *made;
    socket.fd = fd;
    socket.token = token;
    if (const int refused = sockets_.add(std::move(made)); refused != 0) return refused;
    if (const int refused = uv_poll_init(&loop_, &socket.poll, fd); refused != 0) {
      sockets_.remove(socket);
      return -refused;
    }
    socket.poll.data = &socket;
    const int error = watch(socket, interest);
    if (error != 0) remove(fd);
    return error;
  }

  int modify(int fd, Interest interest, Token token) {
    Socket* socket = sockets_.find(fd);
    if (socket == nullptr) return ENOENT;
    sockets_.forget(*socket);
    socket->token = token;
    return interest == socket->interest ? 0 : watch(*socket, interest);
  }

  // libuv lets go of the descriptor at once, and of its handle in its next turn.
  int remove(int fd) {
    Socket* socket = sockets_.find(fd);
    if (socket == nullptr) return ENOENT;
    sockets_.remove(*socket).release();
    uv_close(reinterpret_cast<uv_handle_t*>(&socket->poll),
             [](uv_handle_t* handle) { delete static_cast<Socket*>(handle->data); });
    return 0;
  }

  std::size_t wait(std::span<Event> ready, nanoseconds timeout) {
    return sockets_.wait(ready, timeout, [this](nanoseconds left) { turn(left); });
  }

  void wake() { uv_async_send(&wake_); }

 private:
  LibuvPoller() {
    check(uv_loop_init(&loop_));
    loop_.data = this;
  }

  static void check(int error) {
    if (error != 0) throw std::runtime_error(uv_strerror(error));
  }

  // An errno: libuv's are the kernel's, negated.
  int watch(Socket& socket, Interest interest) {
    const int events = (has(interest, Interest::read) ? UV_READABLE : 0) |
                       (has(interest, Interest::write) ? UV_WRITABLE : 0);
    const bool was_watched = socket.interest != Interest::none;
    socket.interest = interest;
    if (events != 0) return -uv_poll_start(&socket.poll, events, on_ready);
    return was_watched ? -uv_poll_stop(&socket.poll) : 0;
  }

  void turn(nanoseconds left) {
    if (left == nanoseconds::zero()) {
      uv_run(&loop_, UV_RUN_NOWAIT);
      return;
    }
    if (left != nanoseconds::max()) {
      const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(left).count();
      uv_update_time(&loop_);  // its clock stands still between turns
      // If it expires before the turn waits for events, the turn must not wait for them any more.
      const auto end_turn = [](uv_timer_t* timer) { uv_stop(timer->loop); };
      uv_timer_start(&timer_, end_turn, static_cast<std::uint64_t>(milliseconds), 0);
    }
    uv_run(&loop_, UV_RUN_ONCE);
    uv_timer_stop(&timer_);
  }

  template <typename Handle>
  static LibuvPoller& owner_of(const Handle* handle) {
    return *static_cast<LibuvPoller*>(handle->loop->data);
  }

  static void on_ready(uv_poll_t* handle, int error, int events) {
    auto& socket = *static_cast<Socket*>(handle->data);
    Readiness ready = Readiness::none;
    if ((events & UV_READABLE) != 0) ready = ready | Readiness::read;
    if ((events & UV_WRITABLE) != 0) ready = ready | Readiness::write;
    if (error != 0) {
      // An error on the descriptor is the end of watching to libuv. What persists must be reported
      // again, so watching begins anew; reading or writing will tell the error.
      ready = socket.interest;
      owner_of(handle).watch(socket, socket.interest);
    }
    owner_of(handle).sockets_.report(socket, ready);
  }

  static void on_failures(uv_poll_t* handle, int, int) {
    owner_of(handle).sockets_.report_failures();
  }

  static void on_wake(uv_async_t* handle) { owner_of(handle).sockets_.report_wake(); }

  uv_loop_t loop_{};
  uv_timer_t timer_{};
  uv_async_t wake_{};
  uv_poll_t failures_{};
  collet::Watches<Socket> sockets_;
};

constexpr collet::BackendDescription kLibuv{
    .name = "libuv",
    .summary =
        "libuv saying when: uv_poll, timers in milliseconds; makes what it watches "
        "non-blocking",
    .options = {},
    .probe = nullptr,
    .make_poller = collet::guarded_poller<LibuvPoller>,
    .make_proactor = nullptr};

}  // namespace

COLLET_PLUGIN(kLibuv, "1.0")

// SPDX-License-Identifier: MIT
// libevent_poller.cc: libevent saying when, as a plugin: two persistent events for each descriptor,
// one to read and one to write, an eventfd for wakes, and a timer.
#include <event2/event.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <collet/guarded.h>
#include <collet/plugin.h>

#include "backends/watches.h"

namespace {

using collet::Interest;
using collet::OptionValues;
using collet::Readiness;
using collet::Token;
using std::chrono::nanoseconds;

struct Free {
  void operator()(event_config* config) const { event_config_free(config); }
  void operator()(event_base* base) const { event_base_free(base); }
  void operator()(event* one) const { event_free(one); }
};
using Config = std::unique_ptr<event_config, Free>;
using Base = std::unique_ptr<event_base, Free>;
using OneEvent = std::unique_ptr<event, Free>;

class LibeventPoller;

struct Socket : collet::Watched {
  LibeventPoller* poller = nullptr;
  OneEvent read;
  OneEvent write;
};

class WakeDescriptor {
 public:
  WakeDescriptor() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "no eventfd");
  }
  WakeDescriptor(const WakeDescriptor&) = delete;
  WakeDescriptor& operator=(const WakeDescriptor&) = delete;
  ~WakeDescriptor() { ::close(fd_); }
  int get() const { return fd_; }

 private:
  const int fd_;
};

class LibeventPoller {
 public:
  explicit LibeventPoller(const OptionValues&) : base_(make_base()) {
    timer_ = make_event(-1, 0, on_timer, this);
    // Edge-triggered: every write is an edge, so nobody needs to read the counter back.
    wake_ = make_event(wake_descriptor_.get(), EV_READ | EV_PERSIST | EV_ET, on_wake, this);
    failures_ = make_event(sockets_.failures(), EV_READ | EV_PERSIST, on_failures, this);
    if (event_add(wake_.get(), nullptr) != 0 || event_add(failures_.get(), nullptr) != 0) {
      throw std::runtime_error("libevent cannot watch what wakes it");
    }
  }

  int add(int fd, Interest interest, Token token) {
    auto made = std::make_unique<Socket>();
    Socket& socket = *made;
    socket.fd = fd;
    socket.token = token;
    socket.poller = this;
    socket.read = make_event(fd, EV_READ | EV_PERSIST, on_ready, &socket);
    socket.write = make_event(fd, EV_WRITE | EV_PERSIST, on_ready, &socket);
    if (const int refused = sockets_.add(std::move(made)); refused != 0) return refused;
    const int error = watch(socket, interest);
    if (error != 0) remove(fd);
    return error;
  }

  int modify(int fd, Interest interest, Token token) {
    Socket* socket = sockets_.find(fd);
    if (socket == nullptr) return ENOENT;
    sockets_.forget(*socket);
    socket->token = token;
    return watch(*socket, interest);
  }

  int remove(int fd) {
    Socket* socket = sockets_.find(fd);
    if (socket == nullptr) return ENOENT;
    sockets_.remove(*socket);
    return 0;
  }

  std::size_t wait(std::span<collet::Event> ready, nanoseconds timeout) {
    return sockets_.wait(ready, timeout, [this](nanoseconds left) { turn(left); });
  }

  void wake() { ::eventfd_write(wake_descriptor_.get(), 1); }

 private:
  // Of one thread, so without locks; and what wakes it is a descriptor.
  static Base make_base() {
    const Config config(event_config_new());
    constexpr int kFlags = EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV;
    if (config == nullptr || event_config_set_flag(config.get(), kFlags) != 0) {
      throw std::bad_alloc();
    }
    Base base(event_base_new_with_config(config.get()));
    if (base == nullptr) throw std::runtime_error("libevent finds no way to wait for events");
    return base;
  }

  OneEvent make_event(int fd, short what, event_callback_fn callback, void* argument) {
    OneEvent made(event_new(base_.get(), fd, what, callback, argument));
    if (made == nullptr) throw std::bad_alloc();
    return made;
  }

  // An errno. What is as it was costs no system call.
  int watch(Socket& socket, Interest interest) {
    const auto set = [interest](const OneEvent& one, Interest kind) {
      return has(interest, kind) ? event_add(one.get(), nullptr) : event_del(one.get());
    };
    socket.interest = interest;
    const bool is_set = set(socket.read, Interest::read) == 0;
    return set(socket.write, Interest::write) == 0 && is_set ? 0 : ENOMEM;
  }

  void turn(nanoseconds left) {
    const bool blocks = left > nanoseconds::zero();
    if (blocks && left != nanoseconds::max()) {
      const auto microseconds = std::chrono::ceil<std::chrono::microseconds>(left).count();
      const timeval limit{microseconds / 1'000'000, microseconds % 1'000'000};
      event_add(timer_.get(), &limit);
    }
    run(blocks ? EVLOOP_ONCE : kWithoutBlocking);
    event_del(timer_.get());
    // A turn that took as many descriptors as it had room for may have left some.
    while (taken_ >= room_) {
      room_ = std::min(std::bit_ceil(taken_ + 1), kMostRoom);
      const std::size_t before = sockets_.reported();
      run(kWithoutBlocking);
      if (sockets_.reported() == before) break;
    }
  }

  void run(int flags) {
    taken_ = 0;
    last_taken_ = -1;
    event_base_loop(base_.get(), flags);
  }

  // The events of one descriptor come one after the other.
  void count(int fd) {
    if (std::exchange(last_taken_, fd) != fd) ++taken_;
  }

  // An error or a hang-up looks to libevent like something to read and to write.
  static void on_ready(int fd, short what, void* argument) {
    auto& socket = *static_cast<Socket*>(argument);
    socket.poller->count(fd);
    socket.poller->sockets_.report(socket,
                                   (what & EV_READ) != 0 ? Readiness::read : Readiness::write);
  }

  static void on_failures(int fd, short, void* argument) {
    auto& poller = *static_cast<LibeventPoller*>(argument);
    poller.count(fd);
    poller.sockets_.report_failures();
  }

  static void on_wake(int fd, short, void* argument) {
    auto& poller = *static_cast<LibeventPoller*>(argument);
    poller.count(fd);
    poller.sockets_.report_wake();
  }

  static void on_timer(int, short, void*) {}  // that it ended the turn is all

  // By itself, EVLOOP_NONBLOCK goes on for as long as there are events.
  static constexpr int kWithoutBlocking = EVLOOP_ONCE | EVLOOP_NONBLOCK;

  // libevent gives epoll room for 32 descriptors, and doubles it, up to a bound, when that was
  // full.
  static constexpr std::size_t kMostRoom = 4096;

  WakeDescriptor wake_descriptor_;
  Base base_;
  collet::Watches<Socket> sockets_;
  OneEvent timer_;
  OneEvent wake_;
  OneEvent failures_;
  std::size_t room_ = 32;  // at least
  std::size_t taken_ = 0;  // descriptors in this run
  int last_taken_ = -1;
};

constexpr collet::BackendDescription kLibevent{
    .name = "libevent",
    .summary = "libevent saying when: persistent events, timers by a clock of a few milliseconds",
    .options = {},
    .probe = nullptr,
    .make_poller = collet::guarded_poller<LibeventPoller>,
    .make_proactor = nullptr};

}  // namespace

COLLET_PLUGIN(kLibevent, "1.0")

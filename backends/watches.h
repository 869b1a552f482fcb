// SPDX-License-Identifier: MIT
// watches.h: what Pollers on libraries that call back, as libuv and libevent do, have in common.
//
// Such a library reports as many descriptors as it likes, reading and writing apart. What does not
// fit into one wait() is kept here, and comes first in the next.
//
// It does not tell errors and hang-ups from something to read or write, and watches nothing where
// neither is wanted. So each descriptor is in an epoll set of our own too, which waits for these
// two alone, and the library watches that set as one descriptor more. A request pays nothing for
// it, a connection two system calls.
//
// It needs the headers of collet::sdk alone, and is no part of the interface: whoever writes a
// plugin may take a copy, which later versions leave as it is.
#pragma once

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include <collet/poller.h>

namespace collet {

// One descriptor; what a library keeps of it derives from this.
struct Watched {
  int fd = -1;
  Interest interest = Interest::none;
  Token token{};
  Readiness happened = Readiness::none;  // reported and not yet handed over, hence in the queue
};

template <typename Watch>
class Watches {
 public:
  Watches() : failures_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (failures_ < 0) throw std::system_error(errno, std::generic_category(), "no epoll set");
  }
  Watches(const Watches&) = delete;
  Watches& operator=(const Watches&) = delete;
  ~Watches() { ::close(failures_); }

  // Null if it is not watched.
  Watch* find(int fd) const noexcept {
    return fd >= 0 && place(fd) < by_fd_.size() ? by_fd_[place(fd)].get() : nullptr;
  }

  // 0 or an errno: what may be watched at all, and is not yet, is for the kernel to say.
  int add(std::unique_ptr<Watch> watch) {
    make_room_for(watch->fd);
    epoll_event event{0, {.ptr = watch.get()}};
    if (::epoll_ctl(failures_, EPOLL_CTL_ADD, watch->fd, &event) != 0) return errno;
    ++count_;
    by_fd_[place(watch->fd)] = std::move(watch);
    return 0;
  }

  std::unique_ptr<Watch> remove(Watch& watch) noexcept {
    forget(watch);
    ::epoll_ctl(failures_, EPOLL_CTL_DEL, watch.fd, nullptr);
    --count_;
    return std::move(by_fd_[place(watch.fd)]);
  }

  // Takes back what was reported of it: what persists will be reported again.
  void forget(Watch& watch) noexcept {
    if (std::exchange(watch.happened, Readiness::none) == Readiness::none) return;
    queue_.erase(std::find(queue_.begin(), queue_.end(), &watch));
  }

  // -- For the library's callbacks, which must not throw ------------------------------------------

  void report(Watch& watch, Readiness ready) noexcept {
    if (watch.happened == Readiness::none) queue_.push_back(&watch);
    watch.happened = watch.happened | ready;
  }

  // Readable while any descriptor has an error or a hang-up; report_failures() says which.
  int failures() const noexcept { return failures_; }
  void report_failures() noexcept {
    const int count = ::epoll_wait(failures_, failed_.data(), static_cast<int>(failed_.size()), 0);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = failed_[static_cast<std::size_t>(i)];
      report(*static_cast<Watch*>(event.data.ptr), static_cast<Readiness>(event.events));
    }
  }

  void report_wake() noexcept { woken_ = true; }

  std::size_t reported() const noexcept { return queue_.size(); }

  // -- wait() -------------------------------------------------------------------------------------

  // `turn(left)` lets the library call back: it waits for as long as it likes if `left` is
  // nanoseconds::max(), not at all if it is zero, and about so long otherwise. P6 is kept here.
  template <typename Turn>
  std::size_t wait(std::span<Event> ready, std::chrono::nanoseconds timeout, Turn turn) {
    using std::chrono::nanoseconds;
    woken_ = false;
    if (!queue_.empty() || timeout <= nanoseconds::zero()) {
      if (queue_.size() < ready.size()) turn(nanoseconds::zero());
      return hand_over(ready);
    }
    const nanoseconds begin = now();
    const bool for_ever = timeout > nanoseconds::max() - begin;
    for (nanoseconds left = timeout; left > nanoseconds::zero() && queue_.empty() && !woken_;) {
      turn(for_ever ? nanoseconds::max() : left);
      if (!for_ever) left = begin + timeout - now();
    }
    return hand_over(ready);
  }

 private:
  static std::size_t place(int fd) noexcept { return static_cast<std::size_t>(fd); }

  static std::chrono::nanoseconds now() noexcept {
    return std::chrono::steady_clock::now().time_since_epoch();
  }

  // So that nothing has to be allocated while the library calls back.
  void make_room_for(int fd) {
    if (::fcntl(fd, F_GETFD) >= 0 && place(fd) >= by_fd_.size()) by_fd_.resize(place(fd) + 1);
    if (count_ < failed_.size()) return;
    queue_.reserve(2 * count_ + 64);
    failed_.resize(2 * count_ + 64);
  }

  std::size_t hand_over(std::span<Event> ready) noexcept {
    const std::size_t count = std::min(queue_.size(), ready.size());
    for (std::size_t i = 0; i < count; ++i) {
      Watch& watch = *queue_[i];
      ready[i] = {watch.token, std::exchange(watch.happened, Readiness::none)};
    }
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count));
    return count;
  }

  const int failures_;
  std::vector<std::unique_ptr<Watch>> by_fd_;
  std::size_t count_ = 0;
  std::vector<Watch*> queue_;
  std::vector<epoll_event> failed_;
  bool woken_ = false;
};

}  // namespace collet

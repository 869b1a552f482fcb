// SPDX-License-Identifier: MIT
// asio_wait_poller.cc: Boost.Asio as a Poller, through async_wait.
//
// async_wait reports once; the contract is level-triggered. So what a wait() saw is armed again by
// the next wait(), which makes Asio ask the kernel anew (one epoll_ctl).
//
// A read or write waiter of Asio also completes on an error or a hang-up, without saying so, and
// one for wait_error on those two and on urgent data. So an error waiter is kept armed throughout,
// and poll(2) tells what it saw. Only where urgent data lies unread would it complete for ever:
// there an epoll set of our own, which asks for nothing but errors and hang-ups, stands in for it
// (P4.7, P8.3), and Asio waits for that set as for one descriptor more.
#include "backends/asio/asio_loop.h"  // first, for it configures Asio

#include <poll.h>
#include <sys/epoll.h>

#include <cerrno>
#include <cstdint>
#include <deque>
#include <exception>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "backends/backends.h"

namespace collet {
namespace {

using boost::system::error_code;
using Descriptor = boost::asio::posix::basic_stream_descriptor<AsioLoop::Executor>;

constexpr Readiness without(Readiness set, Readiness gone) noexcept {
  return static_cast<Readiness>(static_cast<std::uint32_t>(set) &
                                ~static_cast<std::uint32_t>(gone));
}

class AsioWaitPoller final : public Poller {
 public:
  AsioWaitPoller() {
    const int set = ::epoll_create1(EPOLL_CLOEXEC);
    if (set < 0) throw std::system_error(errno, std::generic_category(), "no epoll set");
    failures_.assign(set);
    watch_failures();
  }
  ~AsioWaitPoller() override {
    for (Watch& watch : watches_) {
      if (watch.descriptor) watch.descriptor->release();
    }
  }

  int add(int fd, Interest interest, Token token) noexcept override;
  int modify(int fd, Interest interest, Token token) noexcept override;
  int remove(int fd) noexcept override;
  std::size_t wait(std::span<Event> ready, std::chrono::nanoseconds timeout) noexcept override;
  void wake() noexcept override { loop_.wake(); }

 private:
  // What is known about one descriptor number.
  struct Watch {
    std::optional<Descriptor> descriptor;
    Token token{};
    Interest interest = Interest::none;
    Readiness armed = Readiness::none;  // waiters Asio has
    std::uint32_t generation = 0;  // of what has this number: a waiter of an older one is stale
    std::uint32_t event = 0;       // its place in events_, if event_serial is this wait()'s
    std::uint64_t event_serial = 0;
    bool to_arm = false;     // is in to_arm_
    bool is_urgent = false;  // is in failures_, for want of an error waiter
  };

  struct Waiter {
    AsioWaitPoller* poller;
    int fd;
    std::uint32_t generation;
    Readiness kind;

    using allocator_type = OperationAllocator<Waiter>;
    allocator_type get_allocator() const noexcept { return allocator_type(poller->loop_.memory()); }
    void operator()(const error_code& error) const noexcept { poller->on_ready(*this, error); }
  };

  Watch* find(int fd) noexcept;
  void arm_later(int fd, Watch& watch);
  void arm(int fd, Watch& watch);
  void arm(int fd, Watch& watch, Readiness kind, Descriptor::wait_type type);
  void on_ready(const Waiter& waiter, const error_code& error) noexcept;
  void watch_failures();
  void on_failure() noexcept;
  void keep_urgent(int fd, Watch& watch) noexcept;
  void end_urgent(int fd, Watch& watch) noexcept;
  void report(Watch& watch, Readiness ready);

  AsioLoop loop_;
  Descriptor failures_{loop_.context()};  // the epoll set of those with urgent data
  std::deque<Watch> watches_;  // by descriptor number; a deque does not move them when it grows
  std::vector<int> to_arm_;
  std::span<Event> events_;
  std::uint32_t event_count_ = 0;
  std::uint64_t wait_serial_ = 0;
};

AsioWaitPoller::Watch* AsioWaitPoller::find(int fd) noexcept {
  if (fd < 0 || static_cast<std::size_t>(fd) >= watches_.size()) return nullptr;
  Watch& watch = watches_[static_cast<std::size_t>(fd)];
  return watch.descriptor ? &watch : nullptr;
}

int AsioWaitPoller::add(int fd, Interest interest, Token token) noexcept {
  if (fd < 0) return EBADF;
  if (find(fd) != nullptr) return EEXIST;
  const auto number = static_cast<std::size_t>(fd);
  if (number >= watches_.size()) watches_.resize(number + 1);
  Watch& watch = watches_[number];
  error_code error;
  watch.descriptor.emplace(loop_.context());
  watch.descriptor->assign(fd, error);
  if (error) {
    watch.descriptor.reset();
    return error.value();
  }
  watch.token = token;
  watch.interest = interest;
  watch.armed = Readiness::none;
  ++watch.generation;
  arm_later(fd, watch);
  return 0;
}

int AsioWaitPoller::modify(int fd, Interest interest, Token token) noexcept {
  Watch* watch = find(fd);
  if (watch == nullptr) return ENOENT;
  watch->token = token;
  watch->interest = interest;
  arm_later(fd, *watch);
  return 0;
}

int AsioWaitPoller::remove(int fd) noexcept {
  Watch* watch = find(fd);
  if (watch == nullptr) return ENOENT;
  end_urgent(fd, *watch);
  watch->descriptor->release();  // its waiters complete later, and find another generation
  watch->descriptor.reset();
  ++watch->generation;
  return 0;
}

void AsioWaitPoller::arm_later(int fd, Watch& watch) {
  if (watch.to_arm) return;
  watch.to_arm = true;
  to_arm_.push_back(fd);
}

void AsioWaitPoller::arm(int fd, Watch& watch) {
  watch.to_arm = false;
  if (!watch.descriptor) return;
  arm(fd, watch, Readiness::read, Descriptor::wait_read);
  arm(fd, watch, Readiness::write, Descriptor::wait_write);
  arm(fd, watch, Readiness::error, Descriptor::wait_error);
}

void AsioWaitPoller::arm(int fd, Watch& watch, Readiness kind, Descriptor::wait_type type) {
  const bool wanted = kind == Readiness::error ? !watch.is_urgent : has(watch.interest, kind);
  if (!wanted || has(watch.armed, kind)) return;
  watch.armed = watch.armed | kind;
  watch.descriptor->async_wait(type, Waiter{this, fd, watch.generation, kind});
}

std::size_t AsioWaitPoller::wait(std::span<Event> ready,
                                 std::chrono::nanoseconds timeout) noexcept {
  using Nanoseconds = std::chrono::nanoseconds;
  for (const int fd : to_arm_) arm(fd, watches_[static_cast<std::size_t>(fd)]);
  to_arm_.clear();
  events_ = ready;
  event_count_ = 0;
  ++wait_serial_;

  Nanoseconds deadline = Nanoseconds::min();
  if (timeout > Nanoseconds::zero()) {
    const Nanoseconds now = AsioLoop::now();
    deadline = timeout < Nanoseconds::max() - now ? now + timeout : Nanoseconds::max();
  }
  loop_.run(deadline);
  return event_count_;
}

void AsioWaitPoller::on_ready(const Waiter& waiter, const error_code& error) noexcept {
  Watch& watch = watches_[static_cast<std::size_t>(waiter.fd)];
  if (watch.generation != waiter.generation) return;
  watch.armed = without(watch.armed, waiter.kind);
  if (error) {  // Asio cannot wait for this kind of descriptor
    arm_later(waiter.fd, watch);
    return report(watch, Readiness::error);
  }
  if (waiter.kind != Readiness::error) {
    if (!has(watch.interest, waiter.kind)) return;  // modify() no longer wants it
    arm_later(waiter.fd, watch);
    return report(watch, waiter.kind);
  }
  pollfd asked{waiter.fd, POLLPRI, 0};
  ::poll(&asked, 1, 0);
  const Readiness errors =
      static_cast<Readiness>(asked.revents) & (Readiness::error | Readiness::hang_up);
  // With neither, Asio meant a descriptor that is gone, whose place this one has now.
  if (errors == Readiness::none && (asked.revents & POLLPRI) != 0) keep_urgent(waiter.fd, watch);
  arm_later(waiter.fd, watch);
  if (errors != Readiness::none) report(watch, errors);
}

void AsioWaitPoller::watch_failures() {
  failures_.async_wait(Descriptor::wait_read, [this](const error_code& error) {
    if (!error) on_failure();
  });
}

// One at a time, since there may be room for no more; Asio comes back for the others.
void AsioWaitPoller::on_failure() noexcept {
  epoll_event event{};
  if (::epoll_wait(failures_.native_handle(), &event, 1, 0) == 1) {
    const int fd = event.data.fd;
    Watch& watch = *find(fd);
    end_urgent(fd, watch);
    arm_later(fd, watch);
    report(watch, static_cast<Readiness>(event.events));
  }
  watch_failures();
}

void AsioWaitPoller::keep_urgent(int fd, Watch& watch) noexcept {
  epoll_event event{0, {.fd = fd}};
  watch.is_urgent = ::epoll_ctl(failures_.native_handle(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void AsioWaitPoller::end_urgent(int fd, Watch& watch) noexcept {
  if (!std::exchange(watch.is_urgent, false)) return;
  ::epoll_ctl(failures_.native_handle(), EPOLL_CTL_DEL, fd, nullptr);
}

// Several waiters of one descriptor make one event.
void AsioWaitPoller::report(Watch& watch, Readiness ready) {
  loop_.progress();
  if (watch.event_serial == wait_serial_) {
    Event& event = events_[watch.event];
    event.ready = event.ready | ready;
    return;
  }
  watch.event_serial = wait_serial_;
  watch.event = event_count_;
  events_[event_count_++] = {watch.token, ready};
  if (event_count_ == events_.size()) loop_.end_pass();
}

Poller* make(const OptionValues&, Refusal& why_not) noexcept {
  try {
    return new AsioWaitPoller();
  } catch (const std::exception& error) {
    why_not.say("Asio cannot start: %s", error.what());
    return nullptr;
  }
}

}  // namespace

constinit const BackendDescription kAsioWait = {
    .name = "asio_wait",
    .summary =
        "Boost.Asio saying when: async_wait, one epoll_ctl per event; "
        "makes what it watches non-blocking",
    .options = {},
    .probe = nullptr,
    .make_poller = make,
    .make_proactor = nullptr,
};

}  // namespace collet

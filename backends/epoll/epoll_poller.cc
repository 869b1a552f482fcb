// SPDX-License-Identifier: MIT
// epoll_poller.cc: raw epoll, level-triggered.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include <collet/poller.h>

#include "backends/backends.h"

namespace collet {
namespace {

using std::chrono::nanoseconds;

constexpr std::uint64_t kWakeToken = ~std::uint64_t{0};

static_assert(static_cast<std::uint32_t>(Readiness::read) == EPOLLIN &&
              static_cast<std::uint32_t>(Readiness::write) == EPOLLOUT &&
              static_cast<std::uint32_t>(Readiness::error) == EPOLLERR &&
              static_cast<std::uint32_t>(Readiness::hang_up) == EPOLLHUP);

class EpollPoller final : public Poller {
 public:
  explicit EpollPoller(std::size_t events) : events_(events + 1) {}
  ~EpollPoller() override {
    if (epoll_ >= 0) ::close(epoll_);
    if (wake_ >= 0) ::close(wake_);
  }

  // Returns 0 or an errno.
  int open() noexcept {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ < 0) return errno;
    wake_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wake_ < 0) return errno;
    // Edge-triggered: every write is an edge, so nobody needs to read the counter back.
    epoll_event event{EPOLLIN | EPOLLET, {.u64 = kWakeToken}};
    return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) == 0 ? 0 : errno;
  }

  int add(int fd, Interest interest, Token token) noexcept override {
    return control(EPOLL_CTL_ADD, fd, interest, token);
  }
  int modify(int fd, Interest interest, Token token) noexcept override {
    return control(EPOLL_CTL_MOD, fd, interest, token);
  }
  int remove(int fd) noexcept override {
    return control(EPOLL_CTL_DEL, fd, Readiness::none, Token{});
  }

  std::size_t wait(std::span<Event> ready, nanoseconds timeout) noexcept override {
    if (events_.size() < ready.size()) events_.resize(ready.size());
    const int count = wait_for(static_cast<int>(ready.size()), timeout);
    const std::size_t filled = report(count, ready);
    if (count != static_cast<int>(ready.size()) || filled == ready.size()) return filled;
    // The wake took a place, and whoever gets less than a full batch takes it for all there is. To
    // ask for one more at the outset would not do: what is taken from epoll and dropped goes to the
    // end of its queue, and may be dropped there again, for ever.
    return filled + report(::epoll_wait(epoll_, events_.data(), 1, 0), ready.subspan(filled));
  }

  void wake() noexcept override {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
  }

 private:
  // Fills `ready` from the first `count` of events_.
  std::size_t report(int count, std::span<Event> ready) noexcept {
    Event* next = ready.data();
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events_[static_cast<std::size_t>(i)];
      if (event.data.u64 == kWakeToken) continue;
      *next++ = {static_cast<Token>(event.data.u64), static_cast<Readiness>(event.events)};
    }
    return static_cast<std::size_t>(next - ready.data());
  }

  int control(int operation, int fd, Interest interest, Token token) noexcept {
    epoll_event event{static_cast<std::uint32_t>(interest),
                      {.u64 = static_cast<std::uint64_t>(token)}};
    return ::epoll_ctl(epoll_, operation, fd, &event) == 0 ? 0 : errno;
  }

  int wait_for(int room, nanoseconds timeout) noexcept {
    if (timeout == nanoseconds::max()) return ::epoll_wait(epoll_, events_.data(), room, -1);
    if (timeout <= nanoseconds::zero()) return ::epoll_wait(epoll_, events_.data(), room, 0);
    if (fine_timeouts_) {
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
      const timespec limit{seconds.count(), (timeout - seconds).count()};
      const int count = ::epoll_pwait2(epoll_, events_.data(), room, &limit, nullptr);
      if (count >= 0 || errno != ENOSYS) return count;
      fine_timeouts_ = false;  // Linux before 5.11
    }
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
    return ::epoll_wait(epoll_, events_.data(), room,
                        static_cast<int>(std::min<std::int64_t>(milliseconds, INT_MAX)));
  }

  int epoll_ = -1;
  int wake_ = -1;
  bool fine_timeouts_ = true;
  std::vector<epoll_event> events_;
};

constexpr OptionDescription kOptions[] = {
    {"events", OptionType::integer, 256, 1, 65536, "events taken from the kernel at once"},
};

Poller* make_epoll_poller(const OptionValues& options, Refusal& why_not) noexcept {
  auto poller = std::unique_ptr<EpollPoller>(
      new (std::nothrow) EpollPoller(static_cast<std::size_t>(options["events"])));
  const int error = poller == nullptr ? ENOMEM : poller->open();
  if (error == 0) return poller.release();
  why_not.say("cannot open an epoll descriptor: errno %d", error);
  return nullptr;
}

}  // namespace

const BackendDescription kEpoll = {
    .name = "epoll",
    .summary = "raw epoll, level-triggered; no receive buffer for an idle connection",
    .options = kOptions,
    .probe = nullptr,
    .make_poller = make_epoll_poller,
    .make_proactor = nullptr,
};

}  // namespace collet

// SPDX-License-Identifier: MIT
// small_poller.cc: epoll with room for few descriptors. What is beyond is refused with ENOSPC, as
// <collet/poller.h> permits, or with another errno, which it does not.
#include <cerrno>
#include <cstddef>
#include <memory>

#include <collet/plugin.h>

#include "backends/backends.h"

namespace collet {
namespace {

constexpr OptionDescription kOptions[] = {
    {"room", OptionType::integer, 300, 0, 1 << 20, "descriptors that it watches at most"},
    {"error", OptionType::integer, ENOSPC, 1, 133, "errno of what is too much"},
};

class SmallPoller final : public Poller {
 public:
  SmallPoller(const OptionValues& options, Poller* inner)
      : room_(options["room"]), error_(static_cast<int>(options["error"])), inner_(inner) {}

  // Only what could be watched but for the room is too much: the rest has errors of its own.
  int add(int fd, Interest interest, Token token) noexcept override {
    const int error = inner_->add(fd, interest, token);
    if (error != 0) return error;
    if (watched_ == room_) {
      inner_->remove(fd);
      return error_;
    }
    ++watched_;
    return 0;
  }
  int modify(int fd, Interest interest, Token token) noexcept override {
    return inner_->modify(fd, interest, token);
  }
  int remove(int fd) noexcept override {
    const int error = inner_->remove(fd);
    if (error == 0) --watched_;
    return error;
  }
  std::size_t wait(std::span<Event> ready, std::chrono::nanoseconds timeout) noexcept override {
    return inner_->wait(ready, timeout);
  }
  void wake() noexcept override { inner_->wake(); }

 private:
  const std::int64_t room_;
  const int error_;
  const std::unique_ptr<Poller> inner_;
  std::int64_t watched_ = 0;
};

constexpr BackendDescription kSmall{
    .name = "small",
    .summary = "epoll with room for few descriptors",
    .options = kOptions,
    .probe = nullptr,
    .make_poller = [](const OptionValues& options, Refusal& why_not) -> Poller* {
      Poller* inner = kEpoll.make_poller(OptionValues({}), why_not);
      return inner == nullptr ? nullptr : new SmallPoller(options, inner);
    },
    .make_proactor = nullptr,
};

}  // namespace
}  // namespace collet

COLLET_PLUGIN(collet::kSmall, "0.1")

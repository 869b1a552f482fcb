// SPDX-License-Identifier: MIT
#include "tests/conformance/fullness.h"

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace collet::conformance {
namespace {

// What always finds room: see <collet/poller.h>.
constexpr std::size_t kLeastRoom = 256;
constexpr int kLeastNumbers = 1024;

constexpr std::size_t kNotFull = SIZE_MAX;
constexpr std::size_t kFullTooSoon = SIZE_MAX - 1;
std::atomic<std::size_t> full_at{kNotFull};  // rules run Pollers on several threads

class NoticingPoller final : public Poller {
 public:
  explicit NoticingPoller(std::unique_ptr<Poller> poller) : poller_(std::move(poller)) {}

  int add(int fd, Interest interest, Token token) noexcept override {
    const int error = poller_->add(fd, interest, token);
    if (error == 0) ++watched_;
    if (error == ENOSPC) note(watched_ >= kLeastRoom || fd >= kLeastNumbers);
    return error;
  }
  int modify(int fd, Interest interest, Token token) noexcept override {
    return poller_->modify(fd, interest, token);
  }
  int remove(int fd) noexcept override {
    const int error = poller_->remove(fd);
    if (error == 0 && watched_ > 0) --watched_;
    return error;
  }
  std::size_t wait(std::span<Event> ready, std::chrono::nanoseconds timeout) noexcept override {
    return poller_->wait(ready, timeout);
  }
  void wake() noexcept override { poller_->wake(); }

 private:
  // The first refusal counts: what was too soon once excuses nothing later.
  void note(bool permitted) noexcept {
    std::size_t expected = kNotFull;
    full_at.compare_exchange_strong(expected, permitted ? watched_ : kFullTooSoon);
  }

  const std::unique_ptr<Poller> poller_;
  std::size_t watched_ = 0;
};

constinit const BackendDecorator kNoticing{
    .name = "noticing",
    .summary = "notices that a Poller is full",
    .options = {},
    .suits = nullptr,
    .wrap_poller = [](std::unique_ptr<Poller> poller, const Wrapping&) -> std::unique_ptr<Poller> {
      return std::make_unique<NoticingPoller>(std::move(poller));
    },
    .wrap_proactor = nullptr,
};

}  // namespace

void notice_fullness(Backend& backend) { backend.decorate({&kNoticing, {}}); }

void forget_fullness() { full_at = kNotFull; }

std::string fullness() {
  const std::size_t at = full_at;
  return at >= kFullTooSoon ? "" : "it is full at " + std::to_string(at) + " descriptors";
}

}  // namespace collet::conformance

// SPDX-License-Identifier: MIT
// io_uring_poller.cc: readiness by io_uring. A poll request for each descriptor ends when it has
// reported, and is begun again by the next wait(), which tells the kernel of all of them at once:
// so that readiness is a level, and no change of interest is a system call.
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "backends/backends.h"
#include "backends/io_uring/describe.h"
#include "backends/io_uring/uring.h"
#include "backends/io_uring/uring_wake.h"
#include "core/slab.h"

namespace collet {
namespace {

using std::chrono::nanoseconds;

class IoUringPoller final : public Poller {
 public:
  int open(unsigned events, TaskRun mode) noexcept {
    if (wake_.fd() < 0) return EMFILE;
    const int error = ring_.open(events, 4 * events, mode);
    if (error == 0) watch_wake();
    return error;
  }

  int add(int fd, Interest interest, Token token) noexcept override {
    if (const int error = why_not_watched(fd); error != 0) return error;
    const auto [known, is_new] = watches_.try_emplace(fd, 0);
    if (!is_new) return EEXIST;
    const std::uint32_t index = slots_.acquire();
    known->second = index;
    slots_[index] = {fd, interest, token, slots_[index].round};
    arm(index, 0);
    return 0;
  }

  int modify(int fd, Interest interest, Token token) noexcept override {
    const auto known = watches_.find(fd);
    if (known == watches_.end()) return ENOENT;
    disarm(known->second);
    Watch& watch = slots_[known->second];
    watch.interest = interest;
    watch.token = token;
    arm(known->second, 0);
    return 0;
  }

  int remove(int fd) noexcept override {
    const auto known = watches_.find(fd);
    if (known == watches_.end()) return ENOENT;
    disarm(known->second);
    // The kernel holds the file until it has heard of this; its owner may close it at once.
    ring_.enter(nanoseconds::zero());
    slots_.release(known->second);
    watches_.erase(known);
    return 0;
  }

  // What is of no concern to anybody, such as the end of a cancelled request, ends no wait.
  std::size_t wait(std::span<Event> ready, nanoseconds timeout) noexcept override {
    drop_old_outcomes();
    arm_reported();
    const bool has_end = timeout > nanoseconds::zero() && timeout != nanoseconds::max();
    const nanoseconds end = has_end ? now() + std::min(timeout, kForever) : nanoseconds::max();
    std::size_t count = 0;
    for (bool over = false; !over && count == 0;) {
      over = enter(timeout);
      count = collect(ready);
      if (has_end) timeout = std::max(end - now(), nanoseconds::zero());
    }
    while (count < ready.size() && ring_.kernel_has_more()) {
      if (ring_.enter(nanoseconds::zero()) != 0) break;
      count += collect(ready.subspan(count));
    }
    wake_.awaken();
    return count;
  }

  void wake() noexcept override { wake_.wake(); }

 private:
  struct Watch {
    int fd = -1;
    Interest interest{};
    Token token{};
    std::uint32_t round = 0;   // of its poll request, so that the outcome of an older one is known
    bool is_reported = false;  // and not begun again
    bool is_patient = false;   // its poll request is multishot: see event_of()
  };

  static constexpr nanoseconds kForever = std::chrono::hours(24 * 365);

  static nanoseconds now() noexcept { return std::chrono::steady_clock::now().time_since_epoch(); }

  static constexpr std::uint64_t kNobody = ~std::uint64_t{0};  // cancels
  static constexpr std::uint64_t kWake = kNobody - 1;

  std::uint64_t name_of(std::uint32_t index) noexcept {
    return std::uint64_t{slots_[index].round} << 32 | index;
  }

  // What they say may no longer be all there is: a poll request looks no more once it has been
  // woken, even if the kernel has yet to tell. Begun again before those that were reported, so that
  // everybody comes to his turn.
  void drop_old_outcomes() noexcept {
    reported_.swap(reported_before_);
    while (ring_.has_outcomes() || ring_.kernel_has_more()) {
      if (ring_.enter(nanoseconds::zero()) != 0) break;
      ring_.reap(SIZE_MAX, [&](const Uring::Outcome& outcome) { event_of(outcome); });
    }
    arm_reported();
    reported_.swap(reported_before_);
  }

  void arm_reported() noexcept {
    for (const std::uint32_t index : reported_) {
      if (!slots_[index].is_reported) continue;
      disarm(index);
      arm(index, 0);
    }
    reported_.clear();
  }

  // Submits, and waits if there is time. Returns whether wait() is over, whatever is found.
  bool enter(nanoseconds timeout) noexcept {
    if (timeout == nanoseconds::zero() || ring_.has_outcomes() || !wake_.fall_asleep()) {
      ring_.enter(nanoseconds::zero());
      return true;
    }
    const int error = ring_.enter(timeout);
    return wake_.awaken() || (error != 0 && error != EINTR);
  }

  void arm(std::uint32_t index, std::uint32_t flags) noexcept {
    Watch& watch = slots_[index];
    ++watch.round;
    watch.is_reported = false;
    watch.is_patient = flags == IORING_POLL_ADD_MULTI;
    io_uring_sqe& poll = *ring_.request();
    poll.opcode = IORING_OP_POLL_ADD;
    poll.fd = watch.fd;
    poll.len = flags;
    poll.poll32_events = static_cast<std::uint32_t>(watch.interest);
    poll.user_data = name_of(index);
  }

  void disarm(std::uint32_t index) noexcept {
    Watch& watch = slots_[index];
    if (!watch.is_reported || watch.is_patient) {
      io_uring_sqe& cancel = *ring_.request();
      cancel.opcode = IORING_OP_ASYNC_CANCEL;
      cancel.fd = -1;
      cancel.addr = name_of(index);
      cancel.user_data = kNobody;
    }
    ++watch.round;
    watch.is_reported = false;
  }

  void watch_wake() noexcept {
    io_uring_sqe& poll = *ring_.request();
    poll.opcode = IORING_OP_POLL_ADD;
    poll.fd = wake_.fd();
    poll.len = IORING_POLL_ADD_MULTI;
    poll.poll32_events = POLLIN;
    poll.user_data = kWake;
  }

  // As many events as fit; what the kernel has beyond stays with it.
  std::size_t collect(std::span<Event> ready) noexcept {
    std::size_t count = 0;
    while (count < ready.size()) {
      const std::size_t reaped =
          ring_.reap(ready.size() - count, [&](const Uring::Outcome& outcome) {
            if (const auto event = event_of(outcome)) ready[count++] = *event;
          });
      if (reaped == 0) break;
    }
    return count;
  }

  std::optional<Event> event_of(const Uring::Outcome& outcome) noexcept {
    if (outcome.user_data == kWake && outcome.is_last()) watch_wake();
    if (outcome.user_data >= kWake) return std::nullopt;
    const auto index = static_cast<std::uint32_t>(outcome.user_data);
    if (outcome.user_data != name_of(index) || outcome.result == -ECANCELED) return std::nullopt;
    Watch& watch = slots_[index];
    if (outcome.is_last()) watch.is_patient = false;
    const Readiness what = outcome.result < 0
                               ? Readiness::error
                               : static_cast<Readiness>(outcome.result) &
                                     (watch.interest | Readiness::error | Readiness::hang_up);
    if (what == Readiness::none) {
      // The kernel always tells that the peer has ended, too. A multishot request does so once, and
      // goes on to tell what else happens.
      if (outcome.is_last()) arm(index, IORING_POLL_ADD_MULTI);
      return std::nullopt;
    }
    if (std::exchange(watch.is_reported, true)) return std::nullopt;
    reported_.push_back(index);
    return Event{watch.token, what};
  }

  UringWake wake_;
  Uring ring_;
  Slab<Watch> slots_;
  std::unordered_map<int, std::uint32_t> watches_;
  std::vector<std::uint32_t> reported_;         // to be begun again
  std::vector<std::uint32_t> reported_before_;  // empty but in drop_old_outcomes()
};

Poller* make(const OptionValues& options, Refusal& why_not) noexcept {
  auto poller = std::make_unique<IoUringPoller>();
  const int error = poller->open(static_cast<unsigned>(options["events"]), task_run_of(options));
  if (error == 0) return poller.release();
  explain(error, task_run_of(options), why_not);
  return nullptr;
}

}  // namespace

const BackendDescription& io_uring_poll_backend() {
  static const OptionDescription options[] = {
      {"events", OptionType::integer, 256, 1, 1 << 15, "most events of one wait"},
      task_run_option(),
  };
  static const BackendDescription description{
      .name = "io_uring_poll",
      .summary =
          "io_uring as a poller: tells readiness, and changes interests without system calls",
      .options = options,
      .probe = nullptr,
      .make_poller = make,
      .make_proactor = nullptr,
  };
  return description;
}

}  // namespace collet

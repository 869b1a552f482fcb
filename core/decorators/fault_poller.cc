// SPDX-License-Identifier: MIT
// fault_poller.cc: interruptions, events that are not true, and another order of them.
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/checked_wait.h"
#include "core/decorators/dice.h"
#include "core/decorators/fault.h"

namespace collet {
namespace {

using std::chrono::nanoseconds;

class FaultPoller final : public Poller {
 public:
  FaultPoller(std::unique_ptr<Poller> poller, const Wrapping& how)
      : poller_(std::move(poller)),
        eintr_(how.options["eintr"]),
        spurious_(how.options["spurious"]),
        reorder_(how.options["reorder"]),
        drop_wake_(how.options["drop_wake"]),
        dice_(how.options["seed"], how.instance) {}

  int add(int fd, Interest interest, Token token) noexcept override {
    const int error = poller_->add(fd, interest, token);
    if (error != 0) return error;
    places_[fd] = watched_.size();
    watched_.push_back({fd, interest, token});
    return 0;
  }

  int modify(int fd, Interest interest, Token token) noexcept override {
    const int error = poller_->modify(fd, interest, token);
    if (error == 0) watched_[places_.at(fd)] = {fd, interest, token};
    return error;
  }

  int remove(int fd) noexcept override {
    const int error = poller_->remove(fd);
    const auto place = places_.find(fd);
    if (error != 0 || place == places_.end()) return error;
    places_[watched_.back().fd] = place->second;
    watched_[place->second] = watched_.back();
    watched_.pop_back();
    places_.erase(fd);
    return 0;
  }

  // A kernel interrupts a wait only if it has nothing to report, and so does this: an event that is
  // ready is never passed over.
  std::size_t wait(std::span<Event> ready, nanoseconds timeout) noexcept override {
    const bool interrupted = dice_.chance(eintr_);
    const Event invented = invent();
    const bool ends_early = interrupted || invented.ready != Readiness::none;
    std::size_t count = checked_wait(*poller_, ready, ends_early ? nanoseconds::zero() : timeout);
    if (invented.ready != Readiness::none && count < ready.size()) ready[count++] = invented;
    if (dice_.chance(reorder_)) shuffle(ready.first(count));
    return count;
  }

  void wake() noexcept override {
    if (!dice_.chance(drop_wake_)) poller_->wake();
  }

 private:
  struct Watched {
    int fd;
    Interest interest;
    Token token;
  };

  // Nothing, mostly.
  Event invent() noexcept {
    if (watched_.empty() || !dice_.chance(spurious_)) return {};
    const Watched& victim = watched_[dice_.below(watched_.size())];
    return {victim.token, victim.interest};
  }

  void shuffle(std::span<Event> events) noexcept {
    for (std::size_t left = events.size(); left > 1; --left) {
      std::swap(events[left - 1], events[dice_.below(left)]);
    }
  }

  const std::unique_ptr<Poller> poller_;
  const std::int64_t eintr_;
  const std::int64_t spurious_;
  const std::int64_t reorder_;
  const std::int64_t drop_wake_;
  Dice dice_;
  std::vector<Watched> watched_;
  std::unordered_map<int, std::size_t> places_;  // in watched_, by descriptor
};

}  // namespace

std::unique_ptr<Poller> make_fault_poller(std::unique_ptr<Poller> poller, const Wrapping& how) {
  return std::make_unique<FaultPoller>(std::move(poller), how);
}

}  // namespace collet

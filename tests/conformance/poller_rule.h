// SPDX-License-Identifier: MIT
// poller_rule.h: a Poller under judgement. Whatever a rule does to it, no descriptor is left.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include <gtest/gtest.h>
#include <collet/poller.h>

#include "tests/conformance/own_process.h"
#include "tests/conformance/plain_socket.h"
#include "tests/conformance/rule.h"
#include "tests/conformance/subject.h"
#include "tests/conformance/words.h"

namespace collet::conformance {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using Clock = std::chrono::steady_clock;

constexpr nanoseconds kNever = nanoseconds::max();
constexpr auto kPatience = std::chrono::seconds(kPatienceSeconds);
constexpr Readiness kAll =
    Readiness::read | Readiness::write | Readiness::error | Readiness::hang_up;

// The Poller that is judged, whose errors print as words.
class JudgedPoller {
 public:
  JudgedPoller() = default;
  explicit JudgedPoller(std::unique_ptr<Poller> poller) : poller_(std::move(poller)) {}

  Errno add(int fd, Interest interest, Token token) { return poller_->add(fd, interest, token); }
  Errno modify(int fd, Interest interest, Token token) {
    return poller_->modify(fd, interest, token);
  }
  Errno remove(int fd) { return poller_->remove(fd); }
  // A count beyond the room breaks the rule, and nothing is read of such a report. Said once, since
  // whoever waits for more comes back.
  std::size_t wait(std::span<Event> ready, nanoseconds timeout) {
    const std::size_t count = poller_->wait(ready, timeout);
    if (count <= ready.size()) return count;
    if (!std::exchange(cannot_count_, true)) {
      ADD_FAILURE() << "wait() has room for " << ready.size() << " events and reports " << count;
    }
    return 0;
  }
  void wake() { poller_->wake(); }

  Poller& operator*() { return *poller_; }
  JudgedPoller* operator->() { return this; }
  void reset() { poller_.reset(); }

 private:
  std::unique_ptr<Poller> poller_;
  bool cannot_count_ = false;
};

class PollerRule : public ::testing::Test {
 protected:
  void SetUp() override {
    descriptors_before_ = count_open_descriptors();
    poller_ = JudgedPoller(make_poller());
  }
  void TearDown() override {
    poller_.reset();
    EXPECT_EQ(count_open_descriptors(), descriptors_before_);
  }

  // All that one wait() says about `token`; nothing if it does not mention it.
  std::optional<Readiness> wait_once(Token token, nanoseconds timeout = nanoseconds::zero()) {
    const std::size_t count = poller_->wait(events_, timeout);
    std::optional<Readiness> ready;
    for (std::size_t i = 0; i < count; ++i) {
      if (events_[i].token != token) continue;
      ready = ready.value_or(Readiness::none) | events_[i].ready;
    }
    return ready;
  }

  // Waits until `token` has been reported with any of `wanted`. False when patience ran out.
  bool wait_for(Token token, Readiness wanted) {
    const auto deadline = Clock::now() + kPatience;
    while (Clock::now() < deadline) {
      if (has(wait_once(token, kPatience).value_or(Readiness::none), wanted)) return true;
    }
    return false;
  }

  // Whether wait() leaves out what is not so. An event may be spurious (P2), but not each time.
  bool leaves_out(Token token, Readiness untrue) {
    for (int tries = 0; tries < kTries; ++tries) {
      if (!has(wait_once(token).value_or(Readiness::none), untrue)) return true;
    }
    return false;
  }

  // Whether a wait() for nothing lasts until its timeout. One that is ended by a spurious event
  // (P2), or by an interruption that the subject was asked for, is followed by another.
  bool lasts(Poller& poller, nanoseconds timeout) {
    for (int tries = 0; tries < kTries; ++tries) {
      const auto begin = Clock::now();
      const std::size_t count = poller.wait(events_, timeout);
      if (count != 0) continue;
      if (Clock::now() - begin >= timeout) return true;
      if (!subject().has_fault("eintr")) return false;
    }
    return false;
  }
  bool lasts(nanoseconds timeout) { return lasts(*poller_, timeout); }

  JudgedPoller poller_;
  std::array<Event, 64> events_{};

 private:
  std::size_t descriptors_before_ = 0;
};

constexpr Token kFirst{1};
constexpr Token kSecond{2};

}  // namespace collet::conformance

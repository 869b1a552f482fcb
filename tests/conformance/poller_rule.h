// SPDX-License-Identifier: MIT
// poller_rule.h: a Poller under judgement. Whatever a rule does to it, no descriptor is left.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>

#include <gtest/gtest.h>
#include <collet/poller.h>

#include "tests/conformance/own_process.h"
#include "tests/conformance/plain_socket.h"
#include "tests/conformance/rule.h"
#include "tests/conformance/subject.h"

namespace collet::conformance {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using Clock = std::chrono::steady_clock;

constexpr nanoseconds kNever = nanoseconds::max();
constexpr auto kPatience = std::chrono::seconds(kPatienceSeconds);
constexpr Readiness kAll =
    Readiness::read | Readiness::write | Readiness::error | Readiness::hang_up;

class PollerRule : public ::testing::Test {
 protected:
  void SetUp() override {
    descriptors_before_ = count_open_descriptors();
    poller_ = make_poller();
  }
  void TearDown() override {
    poller_.reset();
    EXPECT_EQ(count_open_descriptors(), descriptors_before_);
  }

  // What one wait() says about `token`; nothing if it does not mention it.
  std::optional<Readiness> wait_once(Token token, nanoseconds timeout = nanoseconds::zero()) {
    const std::size_t count = poller_->wait(events_, timeout);
    EXPECT_LE(count, events_.size());
    for (std::size_t i = 0; i < count; ++i) {
      if (events_[i].token == token) return events_[i].ready;
    }
    return std::nullopt;
  }

  // Waits until `token` has been reported with any of `wanted`. False when patience ran out.
  bool wait_for(Token token, Readiness wanted) {
    const auto deadline = Clock::now() + kPatience;
    while (Clock::now() < deadline) {
      if (has(wait_once(token, kPatience).value_or(Readiness::none), wanted)) return true;
    }
    return false;
  }

  std::unique_ptr<Poller> poller_;
  std::array<Event, 64> events_{};

 private:
  std::size_t descriptors_before_ = 0;
};

constexpr Token kFirst{1};
constexpr Token kSecond{2};

}  // namespace collet::conformance

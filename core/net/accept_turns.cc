// SPDX-License-Identifier: MIT
#include "core/net/accept_turns.h"

#include <algorithm>

#include "core/net/acceptor.h"

namespace collet {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// After a failure: about 37 turns in ten seconds, and the first is soon. A success proves little,
// since the next connection may take the last descriptor again: only a while without a failure
// brings the first delay back.
constexpr nanoseconds kFirstDelay = milliseconds(10);
constexpr nanoseconds kLongestDelay = milliseconds(300);
constexpr nanoseconds kGoodTimes = std::chrono::seconds(2);

}  // namespace

nanoseconds AcceptTurns::delay_after_failure(nanoseconds now) {
  const bool anew = delay_ == nanoseconds::zero() || now - failed_at_ > kGoodTimes;
  delay_ = anew ? kFirstDelay : std::min(delay_ * 2, kLongestDelay);
  failed_at_ = now;
  return delay_;
}

void AcceptTurns::failed(EventLoop& loop, Acceptor& acceptor) {
  nanoseconds delay{};
  {
    const std::lock_guard lock(mutex_);
    line_.push_back({&loop, &acceptor});
    if (turn_is_due_) return;
    turn_is_due_ = true;
    delay = delay_after_failure(loop.read_clock());
  }
  loop.call_after(delay, [this] {
    {
      const std::lock_guard lock(mutex_);
      turn_is_due_ = false;
    }
    give_turn();
  });
}

void AcceptTurns::passed() {
  {
    const std::lock_guard lock(mutex_);
    if (turn_is_due_) return;
  }
  give_turn();
}

void AcceptTurns::give_turn() {
  const std::lock_guard lock(mutex_);
  while (!line_.empty()) {
    const Waiting next = line_.front();
    line_.pop_front();
    if (next.loop->post([acceptor = next.acceptor] { acceptor->try_again(); })) return;
  }
}

}  // namespace collet

// SPDX-License-Identifier: MIT
// poller_failure_rules.cc: the rules of <collet/poller.h> about errors, hang-ups and urgent data,
// which nobody has to ask for.
#include <poll.h>

#include "tests/conformance/poller_rule.h"

namespace collet::conformance {
namespace {

// -- P4: failures are reported whatever the interest ----------------------------------------------

constexpr Interest kInterests[] = {Interest::none, Interest::read, Interest::write};

RULE(PollerRule, P4_1, "hang_up is reported with interest none, read and write") {
  for (const Interest interest : kInterests) {
    Pair pair = local_pair();
    ASSERT_EQ(poller_->add(pair.ours.get(), interest, kFirst), 0);
    wait_once(kFirst);
    pair.theirs.close();
    EXPECT_TRUE(wait_for(kFirst, Readiness::hang_up));
    EXPECT_TRUE(shows(wait_once(kFirst).value_or(Readiness::none), Readiness::hang_up)) << "again";
    poller_->remove(pair.ours.get());
  }
}

RULE(PollerRule, P4_2, "so is error") {
  for (const Interest interest : kInterests) {
    Pair pair = tcp_pair();
    ASSERT_EQ(poller_->add(pair.ours.get(), interest, kFirst), 0);
    wait_once(kFirst);
    reset_connection(pair.theirs);
    EXPECT_TRUE(wait_for(kFirst, Readiness::error));
    poller_->remove(pair.ours.get());
  }
}

RULE(PollerRule, P4_3, "the end of a peer's sending is readable") {
  const Pair pair = tcp_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::read, kFirst), 0);
  wait_once(kFirst);
  ::shutdown(pair.theirs.get(), SHUT_WR);
  EXPECT_TRUE(wait_for(kFirst, Readiness::read));
  poller_->remove(pair.ours.get());
}

RULE(PollerRule, P4_4, "half a close is no hang_up, and leaves the stream writable") {
  const Pair pair = tcp_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::read | Interest::write, kFirst), 0);
  ::shutdown(pair.theirs.get(), SHUT_WR);
  ASSERT_TRUE(wait_for(kFirst, Readiness::read));
  for (int i = 0; i < 5; ++i) {
    const Readiness ready = wait_once(kFirst).value_or(Readiness::none);
    EXPECT_TRUE(shows(ready, Readiness::read));
    EXPECT_TRUE(shows(ready, Readiness::write));
    EXPECT_FALSE(shows(ready, Readiness::hang_up | Readiness::error));
  }
  poller_->remove(pair.ours.get());
}

RULE(PollerRule, P4_5, "bytes before a hang_up stay readable beside it") {
  Pair pair = local_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::read, kFirst), 0);
  write_all(pair.theirs, "last words");
  pair.theirs.close();
  ASSERT_TRUE(wait_for(kFirst, Readiness::hang_up));
  EXPECT_TRUE(shows(wait_once(kFirst).value_or(Readiness::none), Readiness::read));
  EXPECT_EQ(read_up_to(pair.ours, 100), "last words");
  poller_->remove(pair.ours.get());
}

RULE(PollerRule, P4_6, "a hang_up older than add() and modify() is reported") {
  Pair pair = local_pair();
  pair.theirs.close();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::none, kFirst), 0);
  EXPECT_TRUE(wait_for(kFirst, Readiness::hang_up));
  ASSERT_EQ(poller_->modify(pair.ours.get(), Interest::none, kSecond), 0);
  EXPECT_TRUE(wait_for(kSecond, Readiness::hang_up));
  poller_->remove(pair.ours.get());
}

// A wait() that has come across urgent data may look away from it (P8.3), but not from the rest.
RULE(PollerRule, P4_7, "so is one behind urgent data that nobody reads") {
  for (const Interest before : kInterests) {
    Pair pair = tcp_pair();
    ASSERT_EQ(poller_->add(pair.ours.get(), before, kFirst), 0);
    ASSERT_EQ(::send(pair.theirs.get(), "!", 1, MSG_OOB), 1);
    pollfd urgent{pair.ours.get(), POLLPRI, 0};
    ASSERT_EQ(::poll(&urgent, 1, kPatienceSeconds * 1000), 1);
    for (int i = 0; i < 3; ++i) wait_once(kFirst);
    ASSERT_EQ(poller_->modify(pair.ours.get(), Interest::none, kFirst), 0);
    for (int i = 0; i < 3; ++i) wait_once(kFirst);
    reset_connection(pair.theirs);
    EXPECT_TRUE(wait_for(kFirst, Readiness::hang_up | Readiness::error));
    EXPECT_TRUE(
        shows(wait_once(kFirst).value_or(Readiness::none), Readiness::hang_up | Readiness::error))
        << "again";
    poller_->remove(pair.ours.get());
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(wait_once(kFirst).has_value());
  }
}

RULE(PollerRule, P8_3, "urgent data, which nobody asked for, keeps nobody busy") {
  const Pair pair = tcp_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::none, kFirst), 0);
  wait_once(kFirst);
  ASSERT_EQ(::send(pair.theirs.get(), "!", 1, MSG_OOB), 1);
  const auto cpu_before = process_cpu_time();
  const auto end = Clock::now() + milliseconds(200);
  while (Clock::now() < end) wait_once(kFirst, end - Clock::now());
  EXPECT_LT(process_cpu_time() - cpu_before, milliseconds(30));
  poller_->remove(pair.ours.get());
}

}  // namespace
}  // namespace collet::conformance

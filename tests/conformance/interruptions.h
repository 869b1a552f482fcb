// SPDX-License-Identifier: MIT
// interruptions.h: signals that come all the time.
#pragma once

#include <signal.h>
#include <time.h>

#include <chrono>

#include <gtest/gtest.h>

#include "tests/conformance/own_process.h"

namespace collet::conformance {

// While it lives, the thread that made it gets a signal each millisecond, after which no system
// call is begun again. The handler, which does nothing, stays: a sanitizer may be late with one.
class Interruptions {
 public:
  Interruptions() {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    EXPECT_EQ(::sigaction(SIGUSR2, &action, nullptr), 0);
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGUSR2;
    event._sigev_un._tid = static_cast<pid_t>(own_thread_id());  // no name for it before glibc 2.38
    EXPECT_EQ(::timer_create(CLOCK_MONOTONIC, &event, &timer_), 0);
    constexpr timespec kPeriod{0, 1'000'000};
    const itimerspec all_the_time{kPeriod, kPeriod};
    EXPECT_EQ(::timer_settime(timer_, 0, &all_the_time, nullptr), 0);
  }
  ~Interruptions() { ::timer_delete(timer_); }
  Interruptions(const Interruptions&) = delete;
  Interruptions& operator=(const Interruptions&) = delete;

 private:
  timer_t timer_{};
};

}  // namespace collet::conformance

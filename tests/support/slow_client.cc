// SPDX-License-Identifier: MIT
// slow_client.cc: to be preloaded into a program, which then burns 200 us whenever it looks for
// events: a client that is the bottleneck for certain.
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>

namespace {

void burn() {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::microseconds(200);
  while (Clock::now() < end) {
  }
}

}  // namespace

extern "C" int epoll_wait(int epoll, epoll_event* events, int room, int timeout_ms) {
  burn();
  return static_cast<int>(syscall(SYS_epoll_wait, epoll, events, room, timeout_ms));
}

extern "C" int epoll_pwait2(int epoll, epoll_event* events, int room, const timespec* timeout,
                            const sigset_t* mask) {
  burn();
  return static_cast<int>(
      syscall(SYS_epoll_pwait2, epoll, events, room, timeout, mask, sizeof(long)));
}

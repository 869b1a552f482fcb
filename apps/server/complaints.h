// SPDX-License-Identifier: MIT
// complaints.h: tells the operator what the server comes short of.
//
// The first of a kind is said at once. After that a line of the kind comes every ten seconds at
// most, and says how many it stands for: who is turned away by the thousand fills no disk.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

#include <collet/tcp_server.h>

namespace collet::apps {

class Complaints {
 public:
  using Clock = std::chrono::steady_clock;

  // `backend`: its spec.
  explicit Complaints(std::string backend) : backend_(std::move(backend)) {}

  // The line to be said now; mostly none. Any thread.
  std::string of(Trouble trouble, int error, Clock::time_point now);

 private:
  struct Said {
    Clock::time_point at = Clock::time_point::min();
    std::uint64_t unsaid = 0;
  };

  const std::string backend_;
  std::mutex mutex_;
  std::array<Said, 2> said_;  // by Trouble
};

}  // namespace collet::apps

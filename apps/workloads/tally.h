// SPDX-License-Identifier: MIT
// tally.h: what clients saw, as plain data that merges.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <collet/handler.h>
#include <collet/histogram.h>

namespace collet::apps {

// Why a client's connection ended before its time.
enum class Failure : std::uint8_t {
  none,
  refused,         // nobody listens there
  queue_full,      // a Unix listener's accept queue is full
  reset,           // the peer broke the connection
  timeout,         // no answer for too long, or the network gave up
  closed_early,    // the peer ended the stream with requests unanswered
  wrong_bytes,     // a reply differed from what it had to be
  no_ports,        // no free local port left
  no_descriptors,  // no free descriptor left
  other,
};
inline constexpr std::size_t kFailures = 10;

std::string_view to_string(Failure failure) noexcept;

// What the end of a connection says about it, if its handler knows nothing worse.
Failure failure_of(CloseReason reason, int error) noexcept;

// Answers count inside the measured window (see Meter::answered()); failures count whenever they
// happen.
struct Tally {
  Histogram service;   // sent to answered; where a request is a connection, from connect
  Histogram response;  // open loop: due to answered, or to the end if unfinished
  Histogram send_lag;  // open loop: due to sent, of those that could have been sent when due
  Histogram connect;   // connect to established, where a request is a connection
  Histogram close;     // reply to closed, likewise
  std::uint64_t requests = 0;
  std::uint64_t request_bytes = 0;  // of those answered
  std::uint64_t offered = 0;        // open loop: due inside the window
  std::uint64_t unfinished = 0;     // of those: never answered
  std::uint64_t unanswered = 0;     // begun, and still without a reply at the end
  std::array<std::uint64_t, kFailures> failures{};

  void merge(const Tally& other) noexcept;
  std::uint64_t failed() const noexcept;
  std::uint64_t failed(Failure kind) const noexcept {
    return failures[static_cast<std::size_t>(kind)];
  }
};

}  // namespace collet::apps

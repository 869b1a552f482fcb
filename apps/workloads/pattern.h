// SPDX-License-Identifier: MIT
// pattern.h: content for requests that shows every byte that is lost, repeated, stale or strayed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <collet/handler.h>

namespace collet::apps {

// A position in an endless stream of bytes: one random table, over and over. Making and checking
// cost a memcpy and a memcmp. The table's length is prime, so that no buffer of a server, whatever
// round size it has, holds the same bytes a lap later.
class PatternCursor {
 public:
  static constexpr std::size_t kLap = 65521;

  // Streams of different serial numbers begin at different places.
  explicit PatternCursor(std::uint64_t serial) noexcept
      : at_(static_cast<std::uint32_t>(serial * 0x9E3779B97F4A7C15U % kLap)) {}

  // Writes the next `count` bytes of the stream.
  void write(std::size_t count, Output& out);

  // True if `bytes` are the next ones of the stream; then moves behind them.
  bool match(std::span<const std::byte> bytes) noexcept;

 private:
  std::span<const std::byte> take(std::size_t at_most) noexcept;

  std::uint32_t at_;
};

}  // namespace collet::apps

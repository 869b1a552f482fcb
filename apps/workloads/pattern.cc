// SPDX-License-Identifier: MIT
// pattern.cc: the table behind the pattern.
#include <algorithm>
#include <array>
#include <cstring>

#include "apps/workloads/pattern.h"

namespace collet::apps {
namespace {

using Table = std::array<std::byte, PatternCursor::kLap>;

// splitmix64, a byte at a time.
constexpr Table make_table() {
  Table table{};
  std::uint64_t state = 1;
  for (std::byte& byte : table) {
    state += 0x9E3779B97F4A7C15U;
    std::uint64_t mixed = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9U;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBU;
    byte = static_cast<std::byte>(mixed >> 56);
  }
  return table;
}

constexpr Table kTable = make_table();

}  // namespace

std::span<const std::byte> PatternCursor::take(std::size_t at_most) noexcept {
  const std::size_t count = std::min(at_most, kLap - at_);
  const std::span<const std::byte> piece(kTable.data() + at_, count);
  at_ += static_cast<std::uint32_t>(count);
  if (at_ == kLap) at_ = 0;
  return piece;
}

void PatternCursor::write(std::size_t count, Output& out) {
  while (count > 0) {
    const auto piece = take(count);
    out.write(piece);
    count -= piece.size();
  }
}

bool PatternCursor::match(std::span<const std::byte> bytes) noexcept {
  while (!bytes.empty()) {
    const auto expected = take(bytes.size());
    if (std::memcmp(bytes.data(), expected.data(), expected.size()) != 0) return false;
    bytes = bytes.subspan(expected.size());
  }
  return true;
}

}  // namespace collet::apps

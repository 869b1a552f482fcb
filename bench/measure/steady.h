// SPDX-License-Identifier: MIT
// steady.h: whether a run had warmed up, and stayed as it was.
#pragma once

#include <cstdint>
#include <span>

namespace collet::bench {

// False if the second half of the window had a rate that is more than 10 % away from that of the
// first, and further than the scatter of its tenths of a second explains (three standard errors).
// Fewer than eight tenths cannot tell: true. Nothing is ever trimmed.
bool is_steady(std::span<const std::int64_t> answered_by_100ms);

}  // namespace collet::bench

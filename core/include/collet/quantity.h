// SPDX-License-Identifier: MIT
// quantity.h: durations, sizes, counts and ratios as people type them.
//
// Every error is the tail of a sentence that the caller begins with the flag: `"5 minutes" is not a
// duration: write a number with a unit, such as 50us, 1ms, 2s or 1m`.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace collet {

// 250ns 50us 1ms 2s 1m 1h, fractions allowed (1.5s); 0 needs no unit. Never negative.
absl::StatusOr<std::chrono::nanoseconds> parse_duration(std::string_view text);

// 64 4k 16KiB 1m 1MiB 1g: powers of 1024.
absl::StatusOr<std::int64_t> parse_bytes(std::string_view text);

// 1000 50k 1.5M: powers of 1000.
absl::StatusOr<std::int64_t> parse_count(std::string_view text);

// 0 0.1 1: parts per million, which is as fine as it goes.
absl::StatusOr<std::int64_t> parse_ratio(std::string_view text);

// The shortest text that parses back to the same value: 1500us, 2s.
std::string format_duration(std::chrono::nanoseconds duration);
std::string format_bytes(std::int64_t bytes);
std::string format_ratio(std::int64_t parts_per_million);

}  // namespace collet

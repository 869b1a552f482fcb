// SPDX-License-Identifier: MIT
// figures.h: numbers as people read them: three significant digits and a unit.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "bench/measure/metric.h"

namespace collet::bench {

std::string format_figure(double value);           // 4.62, 46.2, 462
std::string format_rate(double per_second);        // 950/s, 21.6k/s, 1.25M/s
std::string format_microseconds(double value_us);  // 0.81µs, 412µs, 6.16ms, 1.20s
std::string format_memory(double bytes);           // 211B, 812KiB, 5.12MiB
std::string format_change(double ratio);           // +6.2, -11.4, +103: per cent

// As fits the metric; without a unit where that is always the same: 3.41 (µs of CPU), 0.02.
std::string format_metric(Metric metric, double value);

// `server CPU µs per request`; of p50, p99 and p999 without saying of which time.
const char* title_of(Metric metric) noexcept;

// Columns that `text` takes on a terminal, if each code point of it takes one.
std::size_t display_width(std::string_view text) noexcept;

// With blanks on the right, up to that many columns.
std::string pad(std::string text, std::size_t width);

}  // namespace collet::bench

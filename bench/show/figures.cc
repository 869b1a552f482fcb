// SPDX-License-Identifier: MIT
// figures.cc: number to text.
#include "bench/show/figures.h"

#include <algorithm>
#include <cmath>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

namespace collet::bench {

std::string format_figure(double value) {
  // The borders are those of rounding: 9.996 is 10.0, not 10.00.
  const double size = std::abs(value);
  const int decimals = size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
  return absl::StrFormat("%.*f", decimals, value);
}

std::string format_rate(double per_second) {
  if (per_second < 999.5) return absl::StrFormat("%.0f/s", per_second);
  if (per_second < 999'500) return absl::StrCat(format_figure(per_second / 1e3), "k/s");
  return absl::StrCat(format_figure(per_second / 1e6), "M/s");
}

std::string format_microseconds(double value_us) {
  if (value_us < 999.5) return absl::StrCat(format_figure(value_us), "µs");
  if (value_us < 999'500) return absl::StrCat(format_figure(value_us / 1e3), "ms");
  return absl::StrCat(format_figure(value_us / 1e6), "s");
}

std::string format_memory(double bytes) {
  const double kib = bytes / 1024;
  if (bytes < 999.5) return absl::StrFormat("%.0fB", bytes);
  if (kib < 999.5) return absl::StrCat(format_figure(kib), "KiB");
  return absl::StrCat(format_figure(kib / 1024), "MiB");
}

std::string format_change(double ratio) {
  const double percent = 100 * (ratio - 1);
  return absl::StrFormat("%+.*f", std::abs(percent) < 99.95 ? 1 : 0, percent);
}

std::string format_metric(Metric metric, double value) {
  switch (metric) {
    case Metric::server_cpu:
    case Metric::machine_cpu:
    case Metric::switches:
      break;
    case Metric::requests_per_s:
      return format_rate(value);
    case Metric::p50:
    case Metric::p99:
    case Metric::p999:
      return format_microseconds(value);
    case Metric::rss:
    case Metric::memory_per_connection:
      return format_memory(value);
  }
  return format_figure(value);
}

const char* title_of(Metric metric) noexcept {
  switch (metric) {
    case Metric::server_cpu:
      return "server CPU µs per request";
    case Metric::machine_cpu:
      return "CPU µs of the machine per request";
    case Metric::requests_per_s:
      return "requests/s";
    case Metric::p50:
      return "p50";
    case Metric::p99:
      return "p99";
    case Metric::p999:
      return "p99.9";
    case Metric::switches:
      return "switches of the server per request";
    case Metric::rss:
      return "resident memory of the server";
    case Metric::memory_per_connection:
      return "memory of the server per connection";
  }
  return "";
}

std::size_t display_width(std::string_view text) noexcept {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & '\xC0') != '\x80'; }));
}

std::string pad(std::string text, std::size_t width) {
  const std::size_t used = display_width(text);
  return text.append(width > used ? width - used : 0, ' ');
}

}  // namespace collet::bench

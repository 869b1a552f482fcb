// SPDX-License-Identifier: MIT
// steady.cc: half against half.
#include "bench/measure/steady.h"

#include <cmath>

namespace collet::bench {
namespace {

constexpr std::size_t kLeast = 8;
constexpr double kLeastChange = 0.1;
constexpr double kStandardErrors = 3;

struct Half {
  double mean = 0;
  double variance_of_mean = 0;
};

Half describe(std::span<const std::int64_t> counts) {
  const auto n = static_cast<double>(counts.size());
  Half half;
  for (const std::int64_t count : counts) half.mean += static_cast<double>(count) / n;
  for (const std::int64_t count : counts) {
    const double distance = static_cast<double>(count) - half.mean;
    half.variance_of_mean += distance * distance / (n * (n - 1));
  }
  return half;
}

}  // namespace

bool is_steady(std::span<const std::int64_t> answered_by_100ms) {
  if (answered_by_100ms.size() < kLeast) return true;
  const std::size_t middle = answered_by_100ms.size() / 2;
  const Half first = describe(answered_by_100ms.first(middle));
  const Half second = describe(answered_by_100ms.subspan(middle));
  const double change = std::abs(second.mean - first.mean);
  const double scatter = std::sqrt(first.variance_of_mean + second.variance_of_mean);
  return change <= kLeastChange * (first.mean + second.mean) / 2 ||
         change <= kStandardErrors * scatter;
}

}  // namespace collet::bench

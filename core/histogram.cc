// SPDX-License-Identifier: MIT
// histogram.cc: reading a percentile out of the buckets.
#include <cmath>

#include <collet/histogram.h>

namespace collet {
namespace {

// The value in the middle of bucket `index`: the inverse of Histogram::index_of().
std::uint64_t midpoint_of(std::size_t index) noexcept {
  constexpr std::size_t kPerPower = std::size_t{1} << Histogram::kMantissaBits;
  if (index < 2 * kPerPower) return index;
  const std::size_t shift = index / kPerPower - 1;
  const std::uint64_t mantissa = index - shift * kPerPower;
  return (mantissa << shift) + (std::uint64_t{1} << shift) / 2;
}

// How many values must not exceed the answer. The slack keeps 99.9 % of 1000 at 999 although the
// product is a little more in binary.
std::uint64_t rank_of(double percent, std::uint64_t count) noexcept {
  constexpr double kSlack = 1 - 1e-12;
  const double exact = std::clamp(percent, 0.0, 100.0) / 100 * static_cast<double>(count);
  return std::max<std::uint64_t>(static_cast<std::uint64_t>(std::ceil(exact * kSlack)), 1);
}

}  // namespace

Histogram::Nanoseconds Histogram::percentile(double percent) const noexcept {
  if (count_ == 0) return Nanoseconds(0);
  if (percent >= 100) return max();
  const std::uint64_t rank = rank_of(percent, count_);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i + 1 < kBuckets; ++i) {
    seen += counts_[i];
    if (seen >= rank) return to_ns(std::clamp(midpoint_of(i), min_, max_));
  }
  return max();  // the last bucket is open-ended: only the maximum is known
}

}  // namespace collet

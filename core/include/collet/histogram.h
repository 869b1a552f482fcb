// SPDX-License-Identifier: MIT
// histogram.h: durations, counted in log-linear buckets of a relative width that is at most 1/128.
//
// Values below 128 ns are exact. Above, a bucket is the power of two and the next seven bits, so
// that its midpoint is at most 0.4 % from any value in it. Histograms merge; percentiles never do:
// merge first, then ask. (The scheme is that of HdrHistogram and fio.)
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace collet {

class Histogram {
 public:
  using Nanoseconds = std::chrono::nanoseconds;

  static constexpr int kMantissaBits = 7;
  static constexpr int kRangeBits = 44;  // 4.9 hours; longer ones count there, and keep their max
  static constexpr std::size_t kBuckets = std::size_t{kRangeBits - kMantissaBits + 1}
                                          << kMantissaBits;

  // No allocation, no branch but the range checks. Negative counts as 0.
  void record(Nanoseconds value) noexcept {
    const auto v = static_cast<std::uint64_t>(std::max<std::int64_t>(value.count(), 0));
    ++counts_[std::min(index_of(v), kBuckets - 1)];
    ++count_;
    sum_ += v;
    min_ = std::min(min_, v);
    max_ = std::max(max_, v);
  }

  void merge(const Histogram& other) noexcept {
    for (std::size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    sum_ += other.sum_;
    min_ = std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
  }

  void clear() noexcept { *this = Histogram(); }

  std::uint64_t count() const noexcept { return count_; }
  Nanoseconds min() const noexcept { return to_ns(count_ == 0 ? 0 : min_); }
  Nanoseconds max() const noexcept { return to_ns(max_); }
  Nanoseconds mean() const noexcept { return to_ns(count_ == 0 ? 0 : sum_ / count_); }

  // The smallest recorded value that at least `percent` of all values do not exceed, as its
  // bucket's midpoint; exactly max() for 100. 0 when empty.
  Nanoseconds percentile(double percent) const noexcept;

 private:
  static constexpr std::size_t index_of(std::uint64_t v) noexcept {
    if (v < (1U << kMantissaBits)) return v;
    const auto shift = static_cast<std::size_t>(std::bit_width(v)) - 1 - kMantissaBits;
    return (shift << kMantissaBits) + (v >> shift);
  }
  static constexpr Nanoseconds to_ns(std::uint64_t v) noexcept {
    return Nanoseconds(static_cast<std::int64_t>(v));
  }

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t min_ = ~std::uint64_t{0};
  std::uint64_t max_ = 0;
};

}  // namespace collet

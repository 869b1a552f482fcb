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
#include <optional>
#include <string>
#include <string_view>

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

  // Calls visit(value, count) for each bucket that is not empty, in ascending order; `value` is its
  // midpoint.
  template <typename Visit>
  void for_each_bucket(Visit visit) const {
    for (std::size_t i = 0; i < kBuckets; ++i) {
      if (counts_[i] != 0) visit(to_ns(std::clamp(midpoint_of(i), min_, max_)), counts_[i]);
    }
  }

  // All of it as bytes, a few hundred for a usual run: version, minimum, maximum and sum, then of
  // each bucket that is not empty its distance from the one before and its count, all as LEB128.
  std::string encode() const;

  // Nothing if encode() cannot have written `bytes`.
  static std::optional<Histogram> decode(std::string_view bytes);

 private:
  static constexpr std::size_t index_of(std::uint64_t v) noexcept {
    if (v < (1U << kMantissaBits)) return v;
    const auto shift = static_cast<std::size_t>(std::bit_width(v)) - 1 - kMantissaBits;
    return (shift << kMantissaBits) + (v >> shift);
  }

  // The value in the middle of bucket `index`: the inverse of index_of().
  static constexpr std::uint64_t midpoint_of(std::size_t index) noexcept {
    constexpr std::size_t kPerPower = std::size_t{1} << kMantissaBits;
    if (index < 2 * kPerPower) return index;
    const std::size_t shift = index / kPerPower - 1;
    const std::uint64_t mantissa = index - shift * kPerPower;
    return (mantissa << shift) + (std::uint64_t{1} << shift) / 2;
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

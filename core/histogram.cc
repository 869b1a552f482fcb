// SPDX-License-Identifier: MIT
// histogram.cc: reading a percentile out of the buckets, and all of them as bytes.
#include <cmath>
#include <utility>

#include <collet/histogram.h>

namespace collet {
namespace {

// How many values must not exceed the answer. The slack keeps 99.9 % of 1000 at 999 although the
// product is a little more in binary.
std::uint64_t rank_of(double percent, std::uint64_t count) noexcept {
  constexpr double kSlack = 1 - 1e-12;
  const double exact = std::clamp(percent, 0.0, 100.0) / 100 * static_cast<double>(count);
  return std::max<std::uint64_t>(static_cast<std::uint64_t>(std::ceil(exact * kSlack)), 1);
}

constexpr std::uint64_t kVersion = 1;

void put(std::string& bytes, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<char>(value | 0x80));
  bytes.push_back(static_cast<char>(value));
}

// Takes one number off the front of `bytes`; false if there is none.
bool take(std::string_view& bytes, std::uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return true;
  }
  return false;
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

std::string Histogram::encode() const {
  std::string bytes;
  for (const std::uint64_t number : {kVersion, min_, max_, sum_}) put(bytes, number);
  std::size_t last = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    if (counts_[i] == 0) continue;
    put(bytes, i - std::exchange(last, i));
    put(bytes, counts_[i]);
  }
  return bytes;
}

std::optional<Histogram> Histogram::decode(std::string_view bytes) {
  std::optional<Histogram> histogram(std::in_place);
  std::uint64_t version = 0;
  if (!take(bytes, version) || version != kVersion || !take(bytes, histogram->min_) ||
      !take(bytes, histogram->max_) || !take(bytes, histogram->sum_)) {
    return std::nullopt;
  }
  std::uint64_t index = 0;
  while (!bytes.empty()) {
    std::uint64_t distance = 0;
    std::uint64_t count = 0;
    if (!take(bytes, distance) || !take(bytes, count)) return std::nullopt;
    if (distance >= kBuckets - index || count == 0) return std::nullopt;
    index += distance;
    histogram->counts_[index] += count;
    histogram->count_ += count;
  }
  const bool ordered = histogram->count_ == 0 || histogram->min_ <= histogram->max_;
  if (!ordered) return std::nullopt;  // what follows would be no range to keep values in
  return histogram;
}

}  // namespace collet

// SPDX-License-Identifier: MIT
// quantity.cc: a number and a unit, in whole arithmetic: no value passes through floating point.
#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>

#include <absl/status/status.h>
#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_format.h>
#include <collet/quantity.h>

namespace collet {
namespace {

struct Unit {
  std::string_view name;  // "" stands for no unit at all
  std::int64_t factor;
};

constexpr std::int64_t kKibi = 1024;

// Each from the largest to the smallest, as formatting tries them.
constexpr Unit kDurations[] = {
    {"h", 3'600'000'000'000}, {"m", 60'000'000'000}, {"s", 1'000'000'000},
    {"ms", 1'000'000},        {"us", 1'000},         {"ns", 1}};
constexpr Unit kSizes[] = {{"g", kKibi* kKibi* kKibi}, {"m", kKibi* kKibi}, {"k", kKibi}, {"", 1}};
constexpr Unit kRatios[] = {{"", 1'000'000}};
constexpr Unit kCounts[] = {{"g", 1'000'000'000}, {"m", 1'000'000}, {"k", 1'000}, {"", 1}};

// A number as typed: `whole`.`fraction` `unit`.
struct Typed {
  std::string_view whole;
  std::string_view fraction;
  std::string_view unit;
};

std::string_view take_digits(std::string_view& text) noexcept {
  const auto end = std::find_if_not(text.begin(), text.end(), absl::ascii_isdigit);
  const std::string_view digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  return digits;
}

std::optional<Typed> split(std::string_view text) noexcept {
  Typed typed;
  typed.whole = take_digits(text);
  if (typed.whole.empty()) return std::nullopt;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    typed.fraction = take_digits(text);
    if (typed.fraction.empty()) return std::nullopt;
  }
  typed.unit = text;
  return typed;
}

enum class Fault { none, malformed, too_large, too_fine };

struct Value {
  std::int64_t number = 0;
  Fault fault = Fault::none;
};

Value scale(const Typed& typed, std::int64_t factor) noexcept {
  std::int64_t number = 0;
  for (const char digit : typed.whole) {
    if (__builtin_mul_overflow(number, 10, &number) ||
        __builtin_add_overflow(number, digit - '0', &number)) {
      return {0, Fault::too_large};
    }
  }
  if (__builtin_mul_overflow(number, factor, &number)) return {0, Fault::too_large};
  for (const char digit : typed.fraction) {
    if (factor % 10 != 0 && digit != '0') return {0, Fault::too_fine};
    factor /= 10;
    if (__builtin_add_overflow(number, (digit - '0') * factor, &number)) {
      return {0, Fault::too_large};
    }
  }
  return {number, Fault::none};
}

Value parse(std::string_view text, std::span<const Unit> units, bool any_case) noexcept {
  const auto typed = split(text);
  if (!typed) return {0, Fault::malformed};
  for (const Unit& unit : units) {
    const bool same = any_case ? absl::EqualsIgnoreCase({typed->unit.data(), typed->unit.size()},
                                                        {unit.name.data(), unit.name.size()})
                               : typed->unit == unit.name;
    if (same) return scale(*typed, unit.factor);
  }
  return {0, Fault::malformed};
}

absl::Status explain(std::string_view text, Fault fault, std::string_view what,
                     std::string_view what_works) {
  switch (fault) {
    case Fault::too_large:
      return absl::InvalidArgumentError(
          absl::StrFormat("\"%s\" is too large a %s: %s", text, what, what_works));
    case Fault::too_fine:
      return absl::InvalidArgumentError(
          absl::StrFormat("\"%s\" is too fine a %s: %s", text, what, what_works));
    default:
      return absl::InvalidArgumentError(
          absl::StrFormat("\"%s\" is not a %s: %s", text, what, what_works));
  }
}

std::string format(std::int64_t number, std::span<const Unit> units) {
  for (const Unit& unit : units) {
    if (number % unit.factor == 0) return absl::StrFormat("%d%s", number / unit.factor, unit.name);
  }
  return absl::StrFormat("%d", number);
}

// 16KiB and 16kb are 16k.
std::string_view without_byte_suffix(std::string_view text) noexcept {
  for (const std::string_view suffix : {"ib", "b"}) {
    if (text.size() > suffix.size() &&
        absl::EndsWithIgnoreCase({text.data(), text.size()}, {suffix.data(), suffix.size()})) {
      const std::string_view rest = text.substr(0, text.size() - suffix.size());
      if (absl::ascii_isalpha(static_cast<unsigned char>(rest.back()))) return rest;
    }
  }
  return text;
}

}  // namespace

absl::StatusOr<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  if (text == "0") return std::chrono::nanoseconds(0);
  const Value value = parse(text, kDurations, false);
  if (value.fault == Fault::none) return std::chrono::nanoseconds(value.number);
  return explain(text, value.fault, "duration",
                 "write a number with a unit, such as 50us, 1ms, 2s or 1m");
}

absl::StatusOr<std::int64_t> parse_bytes(std::string_view text) {
  const Value value = parse(without_byte_suffix(text), kSizes, true);
  if (value.fault == Fault::none) return value.number;
  return explain(text, value.fault, "size", "write a whole number of bytes, such as 64, 16k or 1m");
}

absl::StatusOr<std::int64_t> parse_count(std::string_view text) {
  const Value value = parse(text, kCounts, true);
  if (value.fault == Fault::none) return value.number;
  return explain(text, value.fault, "count", "write a whole number, such as 1000, 50k or 1.5M");
}

absl::StatusOr<std::int64_t> parse_ratio(std::string_view text) {
  const Value value = parse(text, kRatios, false);
  if (value.fault == Fault::none) return value.number;
  return explain(text, value.fault, "ratio", "write a number with at most six decimals, as 0.1");
}

std::string format_duration(std::chrono::nanoseconds duration) {
  return duration.count() == 0 ? "0" : format(duration.count(), kDurations);
}

std::string format_ratio(std::int64_t parts_per_million) {
  const std::int64_t whole = kRatios[0].factor;
  std::string text =
      absl::StrFormat("%d.%06d", parts_per_million / whole, parts_per_million % whole);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string format_bytes(std::int64_t bytes) { return bytes == 0 ? "0" : format(bytes, kSizes); }

}  // namespace collet

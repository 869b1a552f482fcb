// SPDX-License-Identifier: MIT
// option.h: what a backend or pool can be told, described as data so that the host parses, checks,
// prints and records it.
#pragma once

#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>

namespace collet {

enum class OptionType : std::uint8_t {
  boolean,   // true, false
  integer,   // 4096
  bytes,     // 16k, 1m: powers of 1024
  duration,  // 50us, 1ms, 2s; held as nanoseconds
  ratio,     // 0.1; held as parts per million
};

struct OptionDescription {
  const char* name;  // as in name:entries=4096
  OptionType type;
  std::int64_t default_value;
  std::int64_t minimum;
  std::int64_t maximum;
  const char* help;  // one line, no full stop
};

struct OptionValue {
  const char* name;
  std::int64_t value;
};

// The values a factory gets: one for each option it described, defaults filled in, all in range.
class OptionValues {
 public:
  explicit OptionValues(std::span<const OptionValue> values) noexcept : values_(values) {}

  std::int64_t operator[](const char* name) const noexcept {
    for (const OptionValue& option : values_) {
      if (std::strcmp(option.name, name) == 0) return option.value;
    }
    return 0;  // not described: a mistake of the author, found by the first test that sets it
  }

 private:
  std::span<const OptionValue> values_;
};

// Why something cannot be made or cannot run here: one sentence for the person who asked, without
// the name of the backend, which the host puts in front.
struct Refusal {
  char text[240] = {};

  [[gnu::format(printf, 2, 3)]] void say(const char* format, ...) noexcept {
    std::va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
  }
};

}  // namespace collet

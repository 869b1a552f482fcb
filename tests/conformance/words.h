// SPDX-License-Identifier: MIT
// words.h: what failures of rules print in words: errno values, and sets of conditions.
#pragma once

#include <ostream>
#include <string>

#include <gtest/gtest.h>
#include <collet/poller.h>

#include "apps/cli/error_words.h"

namespace collet {

// `readable|hang_up`. GoogleTest finds it beside the type that it prints.
inline std::string words_of(Readiness ready) {
  constexpr std::pair<Readiness, const char*> kWords[] = {{Readiness::read, "readable"},
                                                          {Readiness::write, "writable"},
                                                          {Readiness::error, "error"},
                                                          {Readiness::hang_up, "hang_up"}};
  std::string text;
  for (const auto& [one, word] : kWords) {
    if (has(ready, one)) text += (text.empty() ? "" : "|") + std::string(word);
  }
  return text.empty() ? "none" : text;
}
inline void PrintTo(Readiness ready, std::ostream* out) { *out << words_of(ready); }

namespace conformance {

// As an int, but for what is printed of it.
class Errno {
 public:
  constexpr Errno(int value = 0) noexcept : value_(value) {}  // NOLINT: stands for one
  constexpr operator int() const noexcept { return value_; }  // NOLINT

 private:
  int value_;
};
inline void PrintTo(Errno error, std::ostream* out) {
  *out << (error == 0 ? "no error" : apps::error_words(error));
}

// has(), for assertions: says what there is instead.
inline ::testing::AssertionResult shows(Readiness ready, Readiness any_of) {
  const auto result =
      has(ready, any_of) ? ::testing::AssertionSuccess() : ::testing::AssertionFailure();
  return ::testing::AssertionResult(result) << "it is " << words_of(ready);
}

}  // namespace conformance
}  // namespace collet

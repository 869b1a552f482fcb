// SPDX-License-Identifier: MIT
// rule.h: a numbered rule of a seam, and the test that proves it.
//
//   RULE(PollerRule, P1_1, "readability is reported by every wait() while it lasts") { ... }
//
// is rule P1.1 of contract P1. Its text stands in the header of the seam too, word for word. The
// body is that of a GoogleTest fixture's test: it may use every assertion, and skips with a reason
// what the contract does not ask of the subject.
#pragma once

#include <compare>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace collet::conformance {

// P: poller.h, R: proactor.h, T: thread_pool.h, W: workload.h.
struct Number {
  char seam = 'P';
  int contract = 0;
  int rule = 0;

  auto operator<=>(const Number&) const = default;
};

struct Rule {
  Number number;
  std::string name;  // P1.1
  const char* text;
  const char* file;
  int line;
  ::testing::Test* (*make)();
};

// By number. Every .cc file with rules has added its own before main().
const std::vector<Rule>& all_rules();
bool add_rule(const char* id, const char* text, const char* file, int line,
              ::testing::Test* (*make)());

// The header that a rule stands in.
const char* header_of(const Rule& rule);

}  // namespace collet::conformance

#define RULE(Fixture, id, text)                                                    \
  class id final : public Fixture {                                                \
    void TestBody() override;                                                      \
  };                                                                               \
  [[maybe_unused]] const bool id##_is_added = ::collet::conformance::add_rule(     \
      #id, text, __FILE__, __LINE__, []() -> ::testing::Test* { return new id; }); \
  void id::TestBody()

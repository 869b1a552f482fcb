// SPDX-License-Identifier: MIT
// rule.cc: the list of all rules.
#include "tests/conformance/rule.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace collet::conformance {
namespace {

std::vector<Rule>& rules() {
  static std::vector<Rule> all;
  return all;
}

Number number_of(const char* id) {
  Number number;
  if (std::sscanf(id, "%c%d_%d", &number.seam, &number.contract, &number.rule) != 3) std::abort();
  return number;
}

}  // namespace

const std::vector<Rule>& all_rules() { return rules(); }

bool add_rule(const char* id, const char* text, const char* file, int line,
              ::testing::Test* (*make)()) {
  const Number number = number_of(id);
  Rule rule{number, id, text, file, line, make};
  std::replace(rule.name.begin(), rule.name.end(), '_', '.');
  const auto at =
      std::lower_bound(rules().begin(), rules().end(), number,
                       [](const Rule& one, Number other) { return one.number < other; });
  rules().insert(at, std::move(rule));
  return true;
}

const char* header_of(const Rule& rule) {
  switch (rule.number.seam) {
    case 'P':
      return "poller.h";
    case 'R':
      return "proactor.h";
    case 'T':
      return "thread_pool.h";
    default:
      return "workload.h";
  }
}

}  // namespace collet::conformance

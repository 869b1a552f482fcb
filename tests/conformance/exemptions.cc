// SPDX-License-Identifier: MIT
// exemptions.cc: rules about what a fault, which the subject was asked for, does with permission.
//
// Most rules allow for faults: they wait until what they are about has come (poller_rule.h,
// proactor_driver.h, PersistentUser in subject.cc). Those below cannot, since what they forbid
// looks the same whether the fault brings it about or a mistake.
#include "tests/conformance/exemptions.h"

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <string_view>

namespace collet::conformance {
namespace {

struct Exemption {
  const char* fault;
  const char* because;
  std::initializer_list<std::string_view> rules;
};

const Exemption kExemptions[] = {
    {"reset",
     "the stream may break that it sends through",
     {"R1.3",  "R1.4",   "R1.5",   "R2.2",   "R2.3",   "R2.6",   "R2.9", "R3.1",  "R3.2",  "R3.3",
      "R3.4",  "R3.5",   "R3.6",   "R3.7",   "R4.2",   "R4.3",   "R4.5", "R4.6",  "R6.5",  "R7.1",
      "R7.3",  "R7.4",   "R7.5",   "R7.6",   "R8.2",   "R8.5",   "R9.2", "R10.1", "R10.2", "R10.3",
      "R10.9", "R10.10", "R10.16", "R10.17", "R10.19", "R10.20", "R12.6"}},
    {"emfile", "it makes descriptors run out itself, and looks for that alone", {"R10.9"}},
    {"throw", "it counts what throws", {"T2.1", "T2.3", "T10.1"}},
};

bool is_listed(const Exemption& exemption, const Rule& rule) {
  return std::ranges::find(exemption.rules, rule.name) != exemption.rules.end();
}

// A rule that was renumbered must be found here too.
bool all_exist() {
  const auto exists = [](std::string_view name) {
    return std::ranges::any_of(all_rules(), [&](const Rule& rule) { return rule.name == name; });
  };
  return std::ranges::all_of(kExemptions, [&](const Exemption& exemption) {
    return std::ranges::all_of(exemption.rules, exists);
  });
}

}  // namespace

std::string exemption(const Rule& rule, const Subject& subject) {
  static const bool complete = all_exist();
  if (!complete) std::abort();
  if (rule.number.seam == 'P' && !subject.is_poller()) {
    return std::string(subject.backend->name()) + " is a Proactor, not a Poller";
  }
  for (const Exemption& one : kExemptions) {
    if (subject.has_fault(one.fault) && is_listed(one, rule)) {
      return std::string("fault ") + one.fault + ": " + one.because;
    }
  }
  return {};
}

}  // namespace collet::conformance

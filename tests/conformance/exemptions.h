// SPDX-License-Identifier: MIT
// exemptions.h: which rules a subject is not judged by, and why. Rules know nothing of it.
#pragma once

#include <string>

#include "tests/conformance/rule.h"
#include "tests/conformance/subject.h"

namespace collet::conformance {

// Empty if it is judged by the rule.
std::string exemption(const Rule& rule, const Subject& subject);

}  // namespace collet::conformance

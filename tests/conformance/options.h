// SPDX-License-Identifier: MIT
// options.h: the flags of collet-conform.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <absl/status/statusor.h>
#include <collet/registry.h>

#include "apps/cli/kit.h"
#include "tests/conformance/report.h"
#include "tests/conformance/rule.h"
#include "tests/conformance/subject.h"

namespace collet::conformance {

struct ConformOptions {
  std::optional<Backend> backend;  // exactly one of the three is set
  std::optional<Pool> pool;
  std::optional<SessionWorkload> workload;
  std::vector<const Rule*> rules;  // to be judged, by number
  Length length = Length::normal;
  ReportOptions report;
};

// What to do, or a text to print instead.
using ConformCommand = std::variant<ConformOptions, std::string>;

absl::StatusOr<ConformCommand> parse_conform_command(int argc, const char* const* argv,
                                                     apps::Kit& kit);

}  // namespace collet::conformance

// SPDX-License-Identifier: MIT
// exports.h: the summary for other programs.
#pragma once

#include <string>

#include "bench/statistics/summary.h"

namespace collet::bench {

// A header and a line for each cell; fields are quoted as in RFC 4180, unknown ones empty.
std::string render_csv(const Report& report);

// One object: the session, and its tables with a cell each; unknown is null.
std::string render_json(const Report& report);

// As a field of CSV: in quotes if it needs them.
std::string quoted_for_csv(const std::string& text);

}  // namespace collet::bench

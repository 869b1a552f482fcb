// SPDX-License-Identifier: MIT
// exports.h: the summaries for other programs. The runs themselves are in results.jsonl.
#pragma once

#include <string>

#include "bench/summary.h"

namespace collet::bench {

// A header and a line a cell (RFC 4180). Figures of a cell that failed are empty.
std::string render_csv(const Report& report);

// One object: the session and its cells. Figures of a cell that failed are null.
std::string render_json(const Report& report);

}  // namespace collet::bench

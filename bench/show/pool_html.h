// SPDX-License-Identifier: MIT
// pool_html.h: pool results in the report, for a page without a script.
#pragma once

#include <string>

#include "bench/statistics/pool_summary.h"
#include "bench/statistics/summary.h"

namespace collet::bench {

// A section for each benchmark, with the words of the terminal's tables; all text is escaped.
std::string render_pool_html(const PoolReport& report);

// A report that has nothing but what `pools` says of its session, for a directory without
// results.jsonl.
Report report_around(const PoolReport& pools);

}  // namespace collet::bench

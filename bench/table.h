// SPDX-License-Identifier: MIT
// table.h: the report for a terminal: a table for each workload and number of connections.
#pragma once

#include <cstddef>
#include <string>

#include "bench/summary.h"

namespace collet::bench {

// Rows are pools, columns backends. Columns that do not fit in `width` go below the others.
std::string render_tables(const Report& report, std::size_t width = 118);

}  // namespace collet::bench

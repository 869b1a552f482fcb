// SPDX-License-Identifier: MIT
// table.h: the report for people: a table for each workload, number of connections and placement.
#pragma once

#include <cstddef>
#include <string>

#include "bench/statistics/summary.h"

namespace collet::bench {

// Tables of one load at several rates are shown as one; of the others rows are pools and columns
// backends; external servers follow below. Columns that do not fit in
// `width` go below the others.
std::string render_tables(const Report& report, std::size_t width = 118);

// The same figures, a row for each cell.
std::string render_markdown(const Report& report);

}  // namespace collet::bench

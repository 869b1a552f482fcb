// SPDX-License-Identifier: MIT
// curve_table.h: a sweep over rates for people: a row for each server, a column for each rate.
#pragma once

#include <cstddef>
#include <string>

#include "bench/statistics/load_curves.h"

namespace collet::bench {

// Columns that do not fit in `width` go below the others.
std::string render_sweep(const LoadSweep& sweep, std::size_t width);

}  // namespace collet::bench

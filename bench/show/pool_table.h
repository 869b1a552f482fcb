// SPDX-License-Identifier: MIT
// pool_table.h: pool results for people: a table for each benchmark, rows are pools, columns its
// figures.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "bench/statistics/pool_summary.h"

namespace collet::bench {

constexpr std::size_t kPoolTableWidth = 100;

// Columns that do not fit go below the others.
std::string render_pool_tables(const PoolReport& report);

// The same figures, for a page.
std::string render_pool_markdown(const PoolReport& report);

// `wall/task, ns`
std::string describe_column(const PoolColumn& column);

// `120 [118–125]` of the baseline, `131 +8.4% [+5.1–+9.9]` of another; `–` if it is unknown.
std::string describe_value(const PoolRow& row, std::size_t column);

// Whether the baseline was visited twice in a block.
bool has_dead_bands(const PoolTable& table);

// `±2.1%`; `–` if there is none
std::string describe_dead_band(const PoolTable& table, std::size_t column);

// What the others are compared to, or why nothing is.
std::string describe_pool_baseline(const PoolTable& table, const PoolSession& session);

// How to read the tables, and on what they were taken; a sentence or two each.
std::vector<std::string> describe_pool_method(const PoolReport& report);

}  // namespace collet::bench

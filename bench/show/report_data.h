// SPDX-License-Identifier: MIT
// report_data.h: all that the HTML report draws, as one JSON object. The report computes no
// statistics of its own: what is not in here is not on its pages. bench/report/src/data.ts has the
// same as types.
//
//   schema        collet-bench-report/2
//   session       what was run, and how often
//   environment   facts by name, with the unit in the name; null if unknown
//   programs      what was measured: name, path, sha256
//   warnings      sentences, the gravest first
//   method        paragraphs: title, text
//   commands      lines for a shell that take the figures again
//   tables        as `--format json` writes them, and also, of each
//     mode          closed: a client that waits; open: requests come by a schedule
//     title, about  what was measured, and what it is compared with
//     verdicts      how many cells are lower, higher, same (`~`) or not judged (none)
//     twins         block and ratio of the baseline's second run to its first
//     cells[]       also name, pool_name and backend_name without options,
//                   requests_per_core_s (what a second of server CPU pays for; median, low, high)
//                   and pareto (no other cell has more of these and a lower p99, by medians)
//   runs          those that count, in the order they took place: their table and cell, place,
//                   flags and figures; `to_median` is the CPU per request over its cell's median
//   curves        of loads at several rates: of each server its merged percentiles by rate
//   capacities    of a session with a goal, by shape of load: each server's bracket of the highest
//                 rate that holds, with the runs that it rests on, and the advice in words
//   pools         what `collet-bench pools` measured, as `--format json` of it; null if nothing
//   csv           what `--format csv` prints
//
// Unknown is null. Figures of a cell that failed are null.
#pragma once

#include <string>

#include "bench/statistics/pool_summary.h"
#include "bench/statistics/summary.h"

namespace collet::bench {

// `pools` may be null.
std::string render_report_data(const Report& report, const PoolReport* pools = nullptr);

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// report_html.h: the report as one HTML file that opens from disk and refers to nothing outside.
#pragma once

#include <cstdint>
#include <string>

#include <absl/status/status.h>

#include "bench/statistics/pool_summary.h"
#include "bench/statistics/summary.h"

namespace collet::bench {

enum class Charts : std::uint8_t {
  drawn,  // by a script, in place of the tables; without it there are the tables
  none,   // tables only: nothing in the page runs
};

// False if collet-bench was built without Node: then there are only tables.
bool can_draw_charts() noexcept;

// `pools`: what `collet-bench pools` measured, or null.
std::string render_html(const Report& report, Charts charts, const PoolReport* pools = nullptr);

// `text` so that it may stand anywhere between tags and in quoted attributes.
std::string escape_html(const std::string& text);

// A JSON text so that no tag can end within it.
std::string escape_json_in_html(const std::string& json);

// Whether it is a regular file, and such a page.
bool is_report(const std::string& path);

// The same as a file: a new one, or in place of such a page and of nothing else. The error says why
// there is none; what stood there is then as it was.
absl::Status write_html(const Report& report, Charts charts, const std::string& path,
                        const PoolReport* pools = nullptr);

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// pool_html.cc: a table a benchmark.
#include "bench/show/pool_html.h"

#include <absl/strings/str_cat.h>

#include "bench/show/pool_table.h"
#include "bench/show/report_html.h"

namespace collet::bench {
namespace {

std::string number(const std::string& text) {
  return absl::StrCat("<td class=\"num\">", escape_html(text), "</td>");
}

std::string row_of(const PoolTable& table, const PoolRow& row) {
  std::string text = absl::StrCat("<tr><th scope=\"row\">", escape_html(row.cell.pool), "</th>");
  if (!row.has_figures()) {
    absl::StrAppend(&text, "<td colspan=\"", table.head.columns.size(), "\" class=\"gap\">",
                    state_of(row), ": ", escape_html(row.reason()), "</td>");
  } else {
    for (std::size_t i = 0; i < table.head.columns.size(); ++i) {
      text += number(describe_value(row, i));
    }
  }
  return text + "</tr>\n";
}

std::string section_of(const PoolTable& table, const PoolSession& session) {
  std::string text = absl::StrCat(
      "<section><h2>", escape_html(absl::StrCat(table.head.name, ": ", table.head.title)),
      "</h2>\n<p>", escape_html(table.head.about), "</p>\n<p>",
      escape_html(describe_pool_baseline(table, session)),
      "</p>\n<div class=\"scroll\"><table><thead><tr><th>pool</th>");
  for (const PoolColumn& column : table.head.columns) {
    absl::StrAppend(&text, "<th class=\"num\">", escape_html(describe_column(column)), "</th>");
  }
  text += "</tr></thead><tbody>\n";
  for (const PoolRow& row : table.rows) text += row_of(table, row);
  if (has_dead_bands(table)) {
    text += "<tr><th scope=\"row\">dead band</th>";
    for (std::size_t i = 0; i < table.head.columns.size(); ++i) {
      text += number(describe_dead_band(table, i));
    }
    text += "</tr>\n";
  }
  return text + "</tbody></table></div></section>\n";
}

}  // namespace

std::string render_pool_html(const PoolReport& report) {
  std::string text = "<section><h2>Thread pools by themselves</h2>\n";
  for (const std::string& line : describe_pool_method(report)) {
    absl::StrAppend(&text, "<p>", escape_html(line), "</p>\n");
  }
  text += "</section>\n";
  for (const PoolTable& table : report.tables) text += section_of(table, report.session);
  return text;
}

Report report_around(const PoolReport& pools) {
  Report report;
  Session& session = report.session;
  session.id = pools.session.id;
  session.started_utc = pools.session.started_utc;
  session.command_line = pools.session.command_line;
  session.seed = pools.session.seed;
  session.settings.blocks = pools.session.settings.blocks;
  session.settings.workers = pools.session.settings.workers;
  session.settings.cpus = pools.session.settings.cpus;
  session.programs = pools.session.programs;
  session.environment = pools.session.environment;
  session.not_a_result = pools.session.not_a_result;
  report.results_path = pools.results_path;
  return report;
}

}  // namespace collet::bench

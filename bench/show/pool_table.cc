// SPDX-License-Identifier: MIT
// pool_table.cc: pool summaries to lines of text.
#include "bench/show/pool_table.h"

#include <algorithm>
#include <span>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/str_split.h>

#include "bench/session/placement.h"
#include "bench/show/figures.h"
#include "bench/show/wording.h"

namespace collet::bench {
namespace {

constexpr std::size_t kGap = 3;

std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

// Lines of at most kPoolTableWidth columns.
std::string wrapped(const std::string& text) {
  std::string lines;
  std::string line;
  for (const std::string& word : std::vector<std::string>(absl::StrSplit(text, ' '))) {
    const bool fits = display_width(line) + 1 + display_width(word) <= kPoolTableWidth;
    if (!line.empty() && !fits) {
      lines += line + "\n";
      line.clear();
    }
    absl::StrAppend(&line, line.empty() ? "" : " ", word);
  }
  return lines + line + "\n";
}

constexpr const char* kDeadBand = "dead band";

struct TextColumn {
  std::string title;
  std::string dead_band;
  std::vector<std::string> values;  // by row
  std::size_t width = 0;
};

std::vector<TextColumn> make_columns(const PoolTable& table) {
  std::vector<TextColumn> columns;
  for (std::size_t i = 0; i < table.head.columns.size(); ++i) {
    TextColumn column{describe_column(table.head.columns[i]), describe_dead_band(table, i), {}, 0};
    column.width = display_width(column.title);
    for (const PoolRow& row : table.rows) {
      column.values.push_back(row.has_figures() ? describe_value(row, i) : "");
      column.width = std::max(column.width, display_width(column.values.back()));
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

std::string render_rows(const PoolTable& table, std::span<const TextColumn> columns,
                        std::size_t label_width, bool first) {
  std::string head(label_width, ' ');
  for (const TextColumn& column : columns) head += pad(column.title, column.width + kGap);
  std::string text = trimmed(head);
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const PoolRow& row = table.rows[i];
    std::string line = pad(row.cell.pool, label_width);
    if (row.has_figures()) {
      for (const TextColumn& column : columns) line += pad(column.values[i], column.width + kGap);
    } else if (first) {
      absl::StrAppend(&line, state_of(row), row.reason().empty() ? "" : ": ", row.reason());
    } else {
      continue;  // said above
    }
    text += trimmed(line);
  }
  if (!has_dead_bands(table)) return text;
  std::string line = pad(kDeadBand, label_width);
  for (const TextColumn& column : columns) line += pad(column.dead_band, column.width + kGap);
  return text + trimmed(line);
}

// How many columns to show side by side: as many as fit, but about as many in each part.
std::size_t columns_at_once(std::span<const TextColumn> columns, std::size_t label_width) {
  std::size_t widest = 1;
  for (const TextColumn& column : columns) widest = std::max(widest, column.width + kGap);
  const std::size_t room = kPoolTableWidth + kGap - std::min(label_width, kPoolTableWidth);
  const std::size_t most = std::max<std::size_t>(room / widest, 1);
  const std::size_t parts = (columns.size() + most - 1) / most;
  return (columns.size() + parts - 1) / parts;
}

std::string render_table(const PoolTable& table, const PoolSession& session) {
  std::size_t label_width = has_dead_bands(table) ? display_width(kDeadBand) : 0;
  for (const PoolRow& row : table.rows) {
    label_width = std::max(label_width, display_width(row.cell.pool));
  }
  label_width += kGap;
  std::string text =
      absl::StrCat(wrapped(absl::StrFormat("%s: %s, n=%d", table.head.name, table.head.title,
                                           session.settings.blocks)),
                   wrapped(table.head.about), wrapped(describe_pool_baseline(table, session)));
  const std::vector<TextColumn> all = make_columns(table);
  const std::span<const TextColumn> columns(all);
  const std::size_t at_once = columns_at_once(columns, label_width);
  for (std::size_t first = 0; first < columns.size(); first += at_once) {
    const auto part = columns.subspan(first, std::min(at_once, columns.size() - first));
    text += render_rows(table, part, label_width, first == 0);
  }
  return text + "\n";
}

std::string describe_fault(const PoolReport& report) {
  if (report.session.not_a_result.empty()) return "";
  return absl::StrFormat("*** NOT A RESULT: %s. Build with `cmake --preset release`. ***\n",
                         report.session.not_a_result);
}

std::string escaped(const std::string& text) { return absl::StrReplaceAll(text, {{"|", "\\|"}}); }

std::string markdown_row(const PoolTable& table, const PoolRow& row) {
  std::string text = absl::StrCat("| ", escaped(row.cell.pool));
  for (std::size_t i = 0; i < table.head.columns.size(); ++i) {
    const std::string gap = i == 0 ? absl::StrCat(state_of(row), ": ", row.reason()) : "";
    absl::StrAppend(&text, " | ", row.has_figures() ? describe_value(row, i) : escaped(gap));
  }
  return text + " |\n";
}

std::string describe_threads(const PoolReport& report) {
  const PoolSettings& settings = report.session.settings;
  const std::size_t cpus = settings.cpus.size();
  std::string text = absl::StrFormat("%d worker%s on %d CPU%s (%s), %d producer%s.",
                                     settings.workers, settings.workers == 1 ? "" : "s", cpus,
                                     cpus == 1 ? "" : "s", format_cpus(settings.cpus),
                                     settings.producers, settings.producers == 1 ? "" : "s");
  if (cpus <= static_cast<std::size_t>(settings.workers)) {
    text +=
        " A thread that submits from outside needs a CPU too, and takes it from a worker: this "
        "shows "
        "what handing over costs, not how a pool scales.";
  }
  return text;
}

// Empty if every run was quiet at last.
std::string describe_noise(const PoolReport& report) {
  std::vector<std::string> cells;
  for (const PoolTable& table : report.tables) {
    for (const PoolRow& row : table.rows) {
      if (row.noisy == 0) continue;
      cells.push_back(absl::StrFormat("%s %d", pool_cell_key(row.cell), row.noisy));
    }
  }
  if (cells.empty()) return "";
  return absl::StrCat("Runs in which the host or other programs had a say, even when repeated: ",
                      absl::StrJoin(cells, ", "), ".");
}

Standing standing_of(const PoolReport& report) {
  Standing standing;
  standing.blocks = report.session.settings.blocks;
  for (const PoolTable& table : report.tables) {
    std::size_t compared = 0;
    for (const PoolRow& row : table.rows) {
      for (const Comparison& comparison : row.to_baseline) {
        standing.indicative |= comparison.indicative;
        if (!row.cell.baseline && comparison.n > 0) ++compared;
      }
    }
    standing.confirming = std::max(standing.confirming, blocks_to_confirm(compared));
  }
  return standing;
}

}  // namespace

bool has_dead_bands(const PoolTable& table) {
  return std::ranges::any_of(table.twins, [](std::size_t twins) { return twins > 0; });
}

std::string describe_column(const PoolColumn& column) {
  return absl::StrCat(column.title, ", ", column.unit);
}

std::string describe_dead_band(const PoolTable& table, std::size_t column) {
  if (table.twins[column] == 0) return "–";
  const double percent = 100 * table.dead_bands[column];
  return absl::StrFormat("±%.*f%%", percent < 99.95 ? 1 : 0, percent);
}

std::string describe_value(const PoolRow& row, std::size_t column) {
  const Summary& values = row.values[column];
  if (values.n == 0) return "–";
  if (row.cell.baseline) return format_figure(values.median) + describe_interval(values.interval);
  return format_figure(values.median) + describe_change(row.to_baseline[column]);
}

std::string describe_pool_baseline(const PoolTable& table, const PoolSession& session) {
  if (table.baseline() == nullptr) {
    return absl::StrCat("baseline ", session.baseline,
                        " has no figures here, so nothing is compared");
  }
  const std::string text = "baseline " + session.baseline;
  if (!has_dead_bands(table)) return text;
  const std::size_t twins = std::ranges::max(table.twins);
  return text + absl::StrFormat(", dead band by figure: against itself in %d block%s", twins,
                                twins == 1 ? "" : "s");
}

std::vector<std::string> describe_pool_method(const PoolReport& report) {
  std::vector<std::string> lines = {
      "Each figure: median of n runs, each a fresh process; lower is better, but for efficiency. "
      "CPU is that of all threads of the process. – too few samples: a percentile takes ten "
      "beyond it, in each run.",
      describe_threads(report)};
  // Its line breaks are those of wider tables.
  const std::string intervals = describe_intervals(standing_of(report));
  std::vector<std::string> parts = absl::StrSplit(intervals, '\n');
  parts.pop_back();
  lines.push_back(absl::StrJoin(parts, " "));
  if (const std::string noise = describe_noise(report); !noise.empty()) lines.push_back(noise);
  if (report.missing > 0) {
    lines.push_back(absl::StrFormat("Incomplete: %d runs are missing.", report.missing));
  }
  return lines;
}

std::string render_pool_tables(const PoolReport& report) {
  std::string text = describe_fault(report);
  for (const PoolTable& table : report.tables) text += render_table(table, report.session);
  for (const std::string& line : describe_pool_method(report)) text += wrapped(line);
  return absl::StrCat(text, describe_fault(report), "Raw results: ", report.results_path, "\n");
}

std::string render_pool_markdown(const PoolReport& report) {
  std::string text = describe_fault(report);
  for (const PoolTable& table : report.tables) {
    absl::StrAppend(&text, "### ", table.head.name, ": ", table.head.title, "\n\n",
                    table.head.about, "\n\n", describe_pool_baseline(table, report.session),
                    "\n\n| pool");
    for (const PoolColumn& column : table.head.columns) {
      absl::StrAppend(&text, " | ", describe_column(column));
    }
    text += " |\n|---";
    for (std::size_t i = 0; i < table.head.columns.size(); ++i) text += "|---";
    text += "|\n";
    for (const PoolRow& row : table.rows) text += markdown_row(table, row);
    if (has_dead_bands(table)) {
      absl::StrAppend(&text, "| ", kDeadBand);
      for (std::size_t i = 0; i < table.head.columns.size(); ++i) {
        absl::StrAppend(&text, " | ", describe_dead_band(table, i));
      }
      text += " |\n";
    }
    text += "\n";
  }
  for (const std::string& line : describe_pool_method(report)) text += line + "\n";
  return text;
}

}  // namespace collet::bench

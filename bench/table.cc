// SPDX-License-Identifier: MIT
// table.cc: summaries to lines of text.
#include "bench/table.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <collet/quantity.h>

#include "bench/figures.h"

namespace collet::bench {
namespace {

constexpr std::size_t kGap = 3;
constexpr const char* kByHand = "by hand";

using Cells = std::span<const CellSummary>;

// The two lines of a cell.
struct Entry {
  std::string cost;
  std::string rest;
};

std::string pad(std::string text, std::size_t width) {
  const std::size_t used = display_width(text);
  return text.append(width > used ? width - used : 0, ' ');
}

std::string row_of(const CellSummary& summary) {
  return summary.cell.by_hand ? kByHand : summary.cell.pool;
}

Entry make_entry(const CellSummary* summary) {
  if (summary == nullptr) return {"–", ""};
  if (summary->failed > 0) {
    return {"failed",
            absl::StrFormat("%d of %d runs", summary->failed, summary->failed + summary->ok)};
  }
  if (!summary->has_figures()) return {"not run", ""};
  const Summary& cost = summary->cpu_us_per_request;
  const std::string range =
      cost.n == 1 ? ""
                  : absl::StrFormat(" [%s–%s]", format_figure(cost.min), format_figure(cost.max));
  return {format_figure(cost.median) + range,
          absl::StrFormat("%s%s  p99 %s  %s", summary->client_bound ? ">=" : "",
                          format_rate(summary->requests_per_s.median),
                          format_microseconds(summary->p99_us.median),
                          format_memory(summary->rss_bytes.median))};
}

std::vector<std::string> distinct(Cells cells, std::string (*key)(const CellSummary&)) {
  std::vector<std::string> keys;
  for (const CellSummary& summary : cells) {
    if (std::ranges::count(keys, key(summary)) == 0) keys.push_back(key(summary));
  }
  return keys;
}

const CellSummary* find(Cells cells, const std::string& row, const std::string& backend) {
  const auto found = std::ranges::find_if(cells, [&](const CellSummary& summary) {
    return row_of(summary) == row && summary.cell.backend == backend;
  });
  return found == cells.end() ? nullptr : &*found;
}

struct Column {
  std::string backend;
  std::vector<Entry> entries;  // by row
  std::size_t width = 0;
};

Column make_column(Cells cells, const std::vector<std::string>& rows, const std::string& backend) {
  Column column{backend, {}, display_width(backend)};
  for (const std::string& row : rows) {
    column.entries.push_back(make_entry(find(cells, row, backend)));
    const Entry& entry = column.entries.back();
    column.width = std::max({column.width, display_width(entry.cost), display_width(entry.rest)});
  }
  return column;
}

std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string render_columns(const std::vector<std::string>& rows, std::size_t label_width,
                           std::span<const Column> columns) {
  std::string header(label_width, ' ');
  for (const Column& column : columns) header += pad(column.backend, column.width + kGap);
  std::string text = trimmed(header);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    std::string cost = pad(rows[row], label_width);
    std::string rest(label_width, ' ');
    for (const Column& column : columns) {
      cost += pad(column.entries[row].cost, column.width + kGap);
      rest += pad(column.entries[row].rest, column.width + kGap);
    }
    absl::StrAppend(&text, trimmed(cost));
    if (const std::string line = trimmed(rest); line.size() > 1) text += line;
  }
  return text;
}

std::string title_of(const Report& report, Cells cells) {
  const Cell& cell = cells.front().cell;
  int least = report.blocks;
  int most = 0;
  for (const CellSummary& summary : cells) {
    least = std::min(least, summary.ok + summary.failed);
    most = std::max(most, summary.ok + summary.failed);
  }
  const int depth = pipeline(cell, report.settings);
  std::string title = absl::StrFormat("%s, %d connection%s, %s B", cell.workload, cell.connections,
                                      cell.connections == 1 ? "" : "s",
                                      absl::StrCat(payload_bytes(cell, report.settings)));
  if (depth > 1) absl::StrAppend(&title, ", ", depth, " at once on each");
  if (report.settings.work.count() != 0) {
    absl::StrAppend(&title, ", work ", format_duration(report.settings.work));
  }
  if (report.settings.block.count() != 0) {
    absl::StrAppend(&title, ", block ", format_duration(report.settings.block));
  }
  absl::StrAppend(&title, ", n=", least);
  if (most != least) absl::StrAppend(&title, "–", most);
  return title + "\n";
}

std::string render_table(const Report& report, Cells cells, std::size_t width) {
  const std::vector<std::string> rows = distinct(cells, row_of);
  std::size_t label_width = 0;
  for (const std::string& row : rows) label_width = std::max(label_width, display_width(row));
  label_width += kGap;
  std::vector<Column> columns;
  for (const std::string& backend :
       distinct(cells, [](const CellSummary& summary) { return summary.cell.backend; })) {
    columns.push_back(make_column(cells, rows, backend));
  }
  std::string text = title_of(report, cells);
  for (std::size_t first = 0; first < columns.size();) {
    std::size_t last = first;
    std::size_t used = label_width;
    while (last < columns.size() && (last == first || used + columns[last].width <= width)) {
      used += columns[last++].width + kGap;
    }
    text += render_columns(rows, label_width, std::span(columns).subspan(first, last - first));
    first = last;
  }
  return text + "\n";
}

std::string render_failures(const Report& report) {
  std::string text;
  for (const CellSummary& summary : report.cells) {
    if (summary.failed == 0) continue;
    absl::StrAppend(&text, absl::StrFormat("FAILED %s, %s, %d connections: %s\n",
                                           format_cell(summary.cell), summary.cell.workload,
                                           summary.cell.connections, summary.first_reason));
  }
  return text.empty() ? text : text + "\n";
}

std::string render_noise(const Report& report) {
  int noisy = 0;
  int runs = 0;
  double most_cores = 0;
  for (const CellSummary& summary : report.cells) {
    noisy += summary.noisy;
    runs += summary.ok;
    most_cores = std::max(most_cores, summary.most_noise_cores);
  }
  if (noisy == 0) return "";
  return absl::StrFormat(
      "BUSY MACHINE: in %d of %d runs other programs, or the host, took CPU time, up to %s cores. "
      "That lowers requests/s,\nraises p99, and widens every range: measure again when it is "
      "idle.\n",
      noisy, runs, format_figure(most_cores));
}

std::string render_legend(const Report& report) {
  const Placement& placement = report.settings.placement;
  std::string text =
      "Each cell: server CPU µs per request, median [min–max] of n runs, each with fresh "
      "processes; "
      "lower is better.\nBelow it, medians: requests/s, p99, resident memory of the server. p99 is "
      "the service time of a closed loop:\na client that waits sends less to a slow server, so it "
      "is no latency under a given load.\n";
  if (std::ranges::any_of(report.cells, &CellSummary::client_bound)) {
    text +=
        ">= the client was the bottleneck: the server can do more. Its CPU per request holds.\n";
  }
  if (placement.shared()) {
    absl::StrAppend(&text, "Server and client shared CPU ", format_cpus(placement.server),
                    ", the only one: requests/s and p99 say little, and no\nfigure compares "
                    "with those of a machine that has more.\n");
  } else {
    absl::StrAppend(&text, "Server on CPU ", format_cpus(placement.server), ", client on CPU ",
                    format_cpus(placement.client), ".");
    text += placement.server.size() == 1
                ? " On one CPU a pool shows what handing work over costs, not what\nworking in "
                  "parallel gains.\n"
                : "\n";
  }
  text += render_noise(report);
  if (report.interrupted) text += "Interrupted: not all runs took place.\n";
  return text;
}

}  // namespace

std::string render_tables(const Report& report, std::size_t width) {
  const std::string warning =
      report.not_release ? "*** NOT A RESULT: a debug or sanitizer build was measured. Build with "
                           "`cmake --preset release`. ***\n\n"
                         : "";
  std::string text = warning;
  const Cells all(report.cells);
  for (std::size_t first = 0; first < all.size();) {
    std::size_t last = first;
    while (last < all.size() && all[last].cell.workload == all[first].cell.workload &&
           all[last].cell.connections == all[first].cell.connections) {
      ++last;
    }
    text += render_table(report, all.subspan(first, last - first), width);
    first = last;
  }
  absl::StrAppend(&text, render_failures(report), render_legend(report), warning,
                  "Raw results: ", report.results_path, "\n");
  return text;
}

}  // namespace collet::bench

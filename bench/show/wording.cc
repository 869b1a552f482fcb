// SPDX-License-Identifier: MIT
// wording.cc: summaries to sentences.
#include "bench/show/wording.h"

#include <algorithm>
#include <map>
#include <vector>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <collet/quantity.h>

#include "bench/show/figures.h"

namespace collet::bench {
namespace {

template <typename Visit>
void for_each_cell(const Report& report, Visit visit) {
  for (const TableSummary& table : report.tables) {
    for (const CellSummary& cell : table.cells) visit(cell);
  }
}

// How often each flag was raised in the runs that count: `noisy_steal 2, noisy_foreign 1`.
std::string count_noise(const Report& report) {
  std::map<std::string, int> counts;
  for (const RunRecord& record : report.runs) {
    for (const std::string& flag : record.outcome.flags) counts[flag] += flag.starts_with(kNoisy);
  }
  std::vector<std::string> words;
  for (const auto& [flag, count] : counts) {
    if (count > 0) words.push_back(absl::StrCat(flag.substr(kNoisy.size()), " ", count));
  }
  return absl::StrJoin(words, ", ");
}

std::string describe_noise(const Report& report) {
  int noisy = 0;
  int repeated = 0;
  for_each_cell(report, [&](const CellSummary& cell) {
    noisy += cell.noisy;
    repeated += cell.repeated;
  });
  std::string text;
  if (repeated > 0) {
    text +=
        absl::StrFormat("%d noisy runs were taken again at the end of their block.\n", repeated);
  }
  if (noisy == 0) return text;
  return text + absl::StrFormat(
                    "!n NOISY: %d of %d runs stayed so (%s): other programs, or the host, had a "
                    "say.\nThat lowers requests/s, raises p99, and widens every interval.\n",
                    noisy, report.runs.size(), count_noise(report));
}

std::string describe_placements(const Report& report) {
  std::string text;
  std::vector<Placement> done;
  for_each_cell(report, [&](const CellSummary& summary) {
    const Placement placement = summary.cell.placement;
    const auto cpus = place(placement, report.session.settings.cpus);
    if (!cpus.ok() || std::ranges::count(done, placement) != 0) return;
    done.push_back(placement);
    text += absl::StrFormat("%s: server on CPU %s, client on CPU %s.", to_string(placement),
                            format_cpus(cpus->server), format_cpus(cpus->client));
    if (!cpus->disjoint()) {
      text += " They share CPUs, so that requests/s and p99 say little.";
    } else if (cpus->server.size() == 1) {
      text +=
          " On one CPU a pool shows what handing work over costs, not what\nworking in "
          "parallel gains.";
    }
    text += "\n";
  });
  return text;
}

}  // namespace

std::string describe_interval(const std::optional<Interval>& interval) {
  if (!interval) return "";
  return absl::StrFormat(" [%s–%s]", format_figure(interval->low), format_figure(interval->high));
}

std::string describe_change(const Comparison& comparison) {
  if (comparison.verdict == Verdict::none) return "";
  const auto range = [&] {
    if (!comparison.interval) return std::string();
    return absl::StrFormat(" [%s–%s]", format_change(comparison.interval->low),
                           format_change(comparison.interval->high));
  };
  if (comparison.verdict == Verdict::same) return " ~" + range();
  return absl::StrCat(" ", format_change(comparison.ratio), "%", range());
}

std::string describe_intervals(int blocks) {
  const auto interval = median_interval(std::vector<double>(static_cast<std::size_t>(blocks)));
  if (!interval) return "One run of each cell: no ranges and no verdicts.\n";
  std::string text =
      absl::StrFormat("In brackets: the interval that covers the true median with %.1f %%",
                      100 * interval->coverage);
  if (interval->coverage < kCoverage) text += ", less than 95: take six blocks or more";
  text +=
      ".\n% is the change against the baseline of the same block; ~ no difference beyond the "
      "dead band.";
  const auto least = static_cast<int>(kLeastBlocks);
  const auto confirming = static_cast<int>(kConfirmingBlocks);
  if (blocks < least) {
    text += absl::StrFormat(" No verdicts: they take %d blocks.", least);
  } else if (blocks < confirming) {
    text += absl::StrFormat(
        "\nVerdicts are indicative: %d blocks would let them be confirmed for the whole table.",
        confirming);
  } else {
    text += "\nVerdicts hold for the whole table (signed-rank test, Holm).";
  }
  return text + "\n";
}

CellWords describe_cell(const CellSummary& cell) {
  if (!cell.unavailable.empty()) return {"unavailable", ""};
  if (cell.failed > 0) {
    return {"failed", absl::StrFormat("%d of %d runs", cell.failed,
                                      cell.failed + static_cast<int>(cell.cpu_us_per_request.n))};
  }
  if (!cell.has_figures()) return {"not run", ""};
  const Summary& cost = cell.cpu_us_per_request;
  CellWords words;
  const bool absolute = cell.baseline || cell.to_baseline.verdict == Verdict::none;
  words.cost = format_figure(cost.median) +
               (absolute ? describe_interval(cost.interval) : describe_change(cell.to_baseline));
  const std::string p99 = cell.p99_us.n == 0 ? "unknown" : format_microseconds(cell.p99_us.median);
  words.rest = absl::StrFormat("%s%s  p99 %s  %s", cell.client_bound ? ">=" : "",
                               format_rate(cell.requests_per_s.median), p99,
                               format_memory(cell.rss_bytes.median));
  if (cell.noisy > 0) absl::StrAppend(&words.rest, "  !", cell.noisy);
  return words;
}

std::string describe_table(const TableSummary& table) {
  const Cell& cell = table.cells.front().cell;
  std::string title = absl::StrFormat("%s, %d connection%s, %d B, %s", cell.workload,
                                      cell.connections, cell.connections == 1 ? "" : "s",
                                      cell.payload_bytes, to_string(cell.placement));
  if (cell.pipeline > 1) absl::StrAppend(&title, ", ", cell.pipeline, " at once on each");
  if (cell.work.count() != 0) absl::StrAppend(&title, ", work ", format_duration(cell.work));
  if (cell.block.count() != 0) absl::StrAppend(&title, ", block ", format_duration(cell.block));
  std::size_t least = SIZE_MAX;
  std::size_t most = 0;
  for (const CellSummary& summary : table.cells) {
    if (!summary.unavailable.empty() || summary.failed > 0) continue;
    least = std::min(least, summary.cpu_us_per_request.n);
    most = std::max(most, summary.cpu_us_per_request.n);
  }
  absl::StrAppend(&title, ", n=", std::min(least, most));
  if (most > least) absl::StrAppend(&title, "–", most);
  return title;
}

std::string describe_baseline(const TableSummary& table) {
  const CellSummary* baseline = table.baseline();
  if (baseline == nullptr) return "no baseline: it has no figures, so nothing is compared";
  std::string text = absl::StrCat("baseline ", format_cell(baseline->cell));
  if (table.twins == 0) return text;
  return text + absl::StrFormat(", dead band ±%.1f%% (against itself in %d block%s)",
                                100 * table.dead_band, table.twins, table.twins == 1 ? "" : "s");
}

std::string describe_warning(const Report& report) {
  if (report.session.not_a_result.empty()) return "";
  return absl::StrFormat("*** NOT A RESULT: %s. Build with `cmake --preset release`. ***\n",
                         report.session.not_a_result);
}

std::string describe_gaps(const Report& report) {
  std::string text;
  for_each_cell(report, [&](const CellSummary& cell) {
    const std::string name = absl::StrFormat("%s, %s, %d connections", format_cell(cell.cell),
                                             cell.cell.workload, cell.cell.connections);
    if (!cell.unavailable.empty()) {
      absl::StrAppend(&text, "unavailable ", name, ": ", cell.unavailable, "\n");
    } else if (cell.failed > 0) {
      absl::StrAppend(&text, "FAILED ", name, ": ", cell.first_reason, "\n");
    }
  });
  return text;
}

std::string describe_method(const Report& report) {
  std::string text =
      "Each cell: server CPU µs per request, median of n runs, each with fresh processes; lower is "
      "better. Below it,\nmedians: requests/s, p99, resident memory of the server. p99 is the "
      "service time of a closed loop: a client that\nwaits sends less to a slow server, so it is "
      "no latency under a given load.\n";
  const bool open = std::ranges::any_of(report.runs, [](const RunRecord& record) {
    return record.outcome.load && record.outcome.load->open_loop;
  });
  if (open) {
    text +=
        "A workload with a rate of its own (idle) is an open loop: there it is the response "
        "time, from when a request was due.\n";
  }
  text += describe_intervals(report.session.settings.blocks);
  bool client_bound = false;
  for_each_cell(report, [&](const CellSummary& cell) { client_bound |= cell.client_bound; });
  if (client_bound) {
    text +=
        ">= the client was the bottleneck: the server can do more. Its CPU per request holds.\n";
  }
  absl::StrAppend(&text, describe_placements(report), describe_noise(report));
  if (report.missing > 0) {
    absl::StrAppend(&text, "Incomplete: ", report.missing,
                    " runs are missing; `collet-bench resume` makes up for them.\n");
  }
  return text;
}

}  // namespace collet::bench

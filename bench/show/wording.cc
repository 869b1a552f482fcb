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
#include "bench/show/goal_words.h"

namespace collet::bench {
namespace {

constexpr double kRareCall = 0.005;  // for each request: of opening and closing connections

std::string range_of(Metric metric, const std::optional<Interval>& interval) {
  if (!interval) return "";
  return absl::StrFormat(" [%s–%s]", format_metric(metric, interval->low),
                         format_metric(metric, interval->high));
}

std::string cost_of(const CellSummary& cell) {
  if (cell.overloaded) return "overloaded";
  const Metric metric = cell.cell.judged_by;
  const Summary& cost = cell[metric];
  if (cost.n == 0) return "unknown";
  const bool absolute = cell.baseline || cell.to_baseline.verdict == Verdict::none;
  return format_metric(metric, cost.median) +
         (absolute ? range_of(metric, cost.interval) : describe_change(cell.to_baseline));
}

std::string median_of(const CellSummary& cell, Metric metric) {
  return cell[metric].n == 0 ? "unknown" : format_metric(metric, cell[metric].median);
}

// What stands below the cost.
std::string rest_of(const CellSummary& cell) {
  const std::string rate = median_of(cell, Metric::requests_per_s);
  const std::string memory = median_of(cell, Metric::rss);
  switch (cell.cell.judged_by) {
    case Metric::p99:
      return absl::StrFormat("%s%s  %sµs CPU  %s", rate, cell.client_late ? " client late" : "",
                             median_of(cell, Metric::server_cpu), memory);
    case Metric::memory_per_connection:
      return absl::StrFormat("%s in all  p99 %s", memory, median_of(cell, Metric::p99));
    default:
      return absl::StrFormat("%s%s  p99 %s  %s", cell.client_bound ? ">=" : "", rate,
                             median_of(cell, Metric::p99), memory);
  }
}

template <typename Visit>
void for_each_cell(const Report& report, Visit visit) {
  for (const TableSummary& table : report.tables) {
    for (const CellSummary& cell : table.cells) visit(cell);
  }
}

std::ptrdiff_t count_noisy_runs(const Report& report) {
  return std::ranges::count_if(
      report.runs, [](const RunRecord& record) { return is_noisy(record.outcome.flags); });
}

std::string describe_noise(const Report& report) {
  int repeated = 0;
  for_each_cell(report, [&](const CellSummary& cell) { repeated += cell.repeated; });
  for (const CapacityRun& run : report.capacity_runs) repeated += run.attempt;
  std::string text;
  if (repeated > 0) {
    text +=
        absl::StrFormat("%d noisy runs were taken again at the end of their block.\n", repeated);
  }
  if (const std::string shares = describe_noisy_shares(report); !shares.empty()) {
    text += shares + "\n";
  }
  const auto noisy = count_noisy_runs(report);
  if (noisy == 0) return text;
  return text + absl::StrFormat(
                    "!n NOISY: %d of %d runs stayed so (%s): other programs, or the host, had a "
                    "say.\nThat lowers requests/s, raises p99, and widens every interval.\n",
                    noisy, report.runs.size(), count_noise(report));
}

std::string describe_placements(const Report& report) {
  std::string text;
  std::vector<Placement> done;
  for (const SessionCell& one : report.session.cells) {
    const Placement placement = one.cell.placement;
    const auto cpus = place(placement, report.session.settings.cpus);
    if (!cpus.ok() || std::ranges::count(done, placement) != 0) continue;
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
  }
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

Standing standing_of(const Report& report) {
  Standing standing;
  for (const TableSummary& table : report.tables) {
    std::size_t compared = 0;
    for (const CellSummary& cell : table.cells) {
      standing.blocks = std::max(standing.blocks, static_cast<int>(cell.runs()));
      standing.indicative |= cell.to_baseline.indicative;
      if (!cell.baseline && cell.to_baseline.n > 0) ++compared;
    }
    standing.confirming = std::max(standing.confirming, blocks_to_confirm(compared));
  }
  return standing;
}

std::string describe_intervals(const Standing& standing) {
  const auto interval =
      median_interval(std::vector<double>(static_cast<std::size_t>(standing.blocks)));
  if (!interval) return "One run of each cell: no ranges and no verdicts.\n";
  std::string text =
      absl::StrFormat("In brackets: the interval that covers the true median with %.1f %%",
                      100 * interval->coverage);
  if (interval->coverage < kCoverage) text += ", less than 95: take six blocks or more";
  text +=
      ".\n% is the change against the baseline of the same block; ~ no difference beyond the "
      "dead band.";
  if (standing.blocks < static_cast<int>(kLeastBlocks)) {
    text += absl::StrFormat(" No verdicts: they take %d blocks.", kLeastBlocks);
  } else if (standing.blocks < static_cast<int>(kConfirmingBlocks) || standing.indicative) {
    text += absl::StrFormat(
        "\nVerdicts are indicative: %d blocks would let them be confirmed for a whole table.",
        standing.confirming);
  } else {
    text += "\nVerdicts hold for the whole table (signed-rank test, Holm).";
  }
  return text + "\n";
}

namespace {

std::string describe_noise_of_search(const Report& report) {
  const auto noisy = count_noisy_runs(report);
  if (noisy == 0) return "";
  return absl::StrFormat(
      "%d of %d runs were NOISY (%s): other programs, or the host, had a say.%s\n", noisy,
      report.runs.size(), count_noise(report),
      report.session.settings.max_repeats > 0 ? " Those that did not hold were repeated." : "");
}

std::string describe_search(const Report& report) {
  std::string text = absl::StrCat(describe_goal_method(*report.session.goal),
                                  describe_placements(report), describe_noise_of_search(report));
  if (report.missing > 0) {
    absl::StrAppend(&text, "Incomplete: ", report.missing,
                    " searches or runs of a comparison are open; `collet-bench resume` goes on.\n");
  }
  return text;
}

// `all`: the flags of runs, one after the other.
std::string count_kinds(const std::vector<std::string>& all) {
  std::map<std::string, int> counts;
  for (const std::string& flag : all) counts[flag] += flag.starts_with(kNoisy);
  std::vector<std::string> words;
  for (const auto& [flag, count] : counts) {
    if (count > 0) words.push_back(absl::StrCat(flag.substr(kNoisy.size()), " ", count));
  }
  return absl::StrJoin(words, ", ");
}

}  // namespace

std::string count_noise(const Report& report) {
  std::vector<std::string> flags;
  for (const RunRecord& record : report.runs) {
    flags.insert(flags.end(), record.outcome.flags.begin(), record.outcome.flags.end());
  }
  return count_kinds(flags);
}

std::string describe_noisy_shares(const Report& report) {
  std::vector<std::string> flags;
  int noisy = 0;
  for (const CapacityRun& run : report.capacity_runs) {
    flags.insert(flags.end(), run.flags.begin(), run.flags.end());
    if (is_noisy(run.flags)) ++noisy;
  }
  if (noisy == 0) return "";
  return absl::StrFormat(
      "%d of the %d closed loops that rates are shares of stayed NOISY (%s): these rates may be "
      "too low.",
      noisy, report.capacity_runs.size(), count_kinds(flags));
}

CellWords describe_cell(const CellSummary& cell) {
  if (!cell.unavailable.empty()) return {"unavailable", ""};
  if (cell.failed > 0) {
    return {"failed", absl::StrFormat("%d of %d runs", cell.failed, cell.failed + cell.good)};
  }
  if (!cell.has_figures()) return {"not run", ""};
  CellWords words{cost_of(cell), rest_of(cell)};
  if (cell.noisy > 0) absl::StrAppend(&words.rest, "  !", cell.noisy);
  return words;
}

std::string describe_shape(const Cell& cell) {
  std::string title = absl::StrFormat("%s, %d connection%s, %d B, %s", cell.workload,
                                      cell.connections, cell.connections == 1 ? "" : "s",
                                      cell.payload_bytes, to_string(cell.placement));
  if (cell.pipeline > 1) absl::StrAppend(&title, ", ", cell.pipeline, " at once on each");
  if (cell.work.count() != 0) absl::StrAppend(&title, ", work ", format_duration(cell.work));
  if (cell.block.count() != 0) absl::StrAppend(&title, ", block ", format_duration(cell.block));
  return title;
}

std::string describe_table(const TableSummary& table) {
  const Cell& cell = table.cells.front().cell;
  std::string title = describe_shape(cell);
  if (cell.rate_per_s != 0) {
    absl::StrAppend(&title, ", ", format_rate(static_cast<double>(cell.rate_per_s)));
  }
  if (cell.rate_percent != 0) {
    absl::StrAppend(&title, " (", cell.rate_percent, " % of the closed loop)");
  }
  std::size_t least = SIZE_MAX;
  std::size_t most = 0;
  for (const CellSummary& summary : table.cells) {
    if (!summary.unavailable.empty() || summary.failed > 0) continue;
    least = std::min(least, summary.runs());
    most = std::max(most, summary.runs());
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

namespace {

std::string name_of(const CellSummary& summary) {
  const Cell& cell = summary.cell;
  std::string name =
      absl::StrFormat("%s, %s, %d connections", format_cell(cell), cell.workload, cell.connections);
  if (cell.rate_per_s == 0) return name;
  return absl::StrCat(name, ", ", format_rate(static_cast<double>(cell.rate_per_s)));
}

}  // namespace

std::string describe_gaps(const Report& report) {
  std::string text;
  for (const GoalTable& table : report.goals) {
    for (const GoalCell& cell : table.cells) {
      const std::string why = cell.unavailable.empty() ? cell.failure : cell.unavailable;
      if (why.empty()) continue;
      absl::StrAppend(&text, cell.unavailable.empty() ? "FAILED " : "unavailable ",
                      format_cell(cell.cell), ", ", describe_shape(cell.cell), ": ", why, "\n");
    }
  }
  for_each_cell(report, [&](const CellSummary& cell) {
    if (!cell.unavailable.empty()) {
      absl::StrAppend(&text, "unavailable ", name_of(cell), ": ", cell.unavailable, "\n");
    } else if (cell.failed > 0) {
      absl::StrAppend(&text, "FAILED ", name_of(cell), ": ", cell.first_reason, "\n");
    }
  });
  return text;
}

std::string describe_backend_calls(const Report& report) {
  std::string text;
  for_each_cell(report, [&](const CellSummary& cell) {
    if (!cell.has_figures() || cell.backend_calls.empty()) return;
    std::vector<std::string> words;
    for (const auto& [name, each] : cell.backend_calls) {
      if (each >= kRareCall) words.push_back(absl::StrCat(name, " ", format_figure(each)));
    }
    absl::StrAppend(&text, "calls for each request, ", name_of(cell), ": ",
                    absl::StrJoin(words, ", "), "\n");
  });
  return text;
}

std::string describe_hand_offs(const Report& report) {
  std::string text;
  for (const TableSummary& table : report.tables) {
    std::map<std::string, std::vector<std::string>> by_pool;
    for (const CellSummary& cell : table.cells) {
      if (!cell.has_figures() || !cell.counts || !cell.counts->handoff_p50_us) continue;
      const auto& p99 = cell.counts->handoff_p99_us;
      by_pool[cell.cell.pool].push_back(
          absl::StrCat(cell.cell.backend, " ", format_microseconds(*cell.counts->handoff_p50_us),
                       " ", p99 ? format_microseconds(*p99) : "–"));
    }
    for (const auto& [pool, words] : by_pool) {
      absl::StrAppend(&text, "hand-off to ", pool, ", p50 and p99, ",
                      describe_shape(table.cells.front().cell), ": ", absl::StrJoin(words, ", "),
                      "\n");
    }
  }
  return text;
}

std::string describe_method(const Report& report) {
  if (report.session.goal) return describe_search(report);
  std::string text = "Medians of n runs, each with fresh processes; lower is better.\n";
  const auto judged_by = [&](Metric metric) {
    return std::ranges::count(report.tables, metric, &TableSummary::judged_by) != 0;
  };
  if (judged_by(Metric::server_cpu)) {
    text +=
        "Closed loop: server CPU µs per request. Below it: requests/s, p99, resident memory of the "
        "server. p99 is a\nservice time: a client that waits sends less to a slow server, so it "
        "is no latency under a given load.\n";
  }
  if (judged_by(Metric::p99)) {
    text +=
        "Open loop: p99 of the response time, from when a request was due. Below it: requests/s "
        "answered, CPU per\nrequest, resident memory of the server. Overloaded: fewer than 98 % "
        "of the requests were answered in time.\n";
  }
  if (judged_by(Metric::memory_per_connection)) {
    text +=
        "Idle: resident memory by which the server grew for each connection. Below it: all of it, "
        "and the response time\nof a trickle of probes.\n";
  }
  text += describe_intervals(standing_of(report));
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

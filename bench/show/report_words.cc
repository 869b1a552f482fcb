// SPDX-License-Identifier: MIT
// report_words.cc: summaries to sentences.
#include "bench/show/report_words.h"

#include <algorithm>
#include <map>
#include <utility>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <collet/quantity.h>

#include "bench/measure/noise.h"
#include "bench/show/goal_words.h"
#include "bench/show/wording.h"

namespace collet::bench {
namespace {

struct Counts {
  std::size_t failed = 0;
  std::size_t unavailable = 0;
  std::size_t client_bound = 0;
  std::size_t uncounted = 0;  // of system calls, allocations or hand-offs
  std::size_t noisy_runs = 0;
  std::size_t late_runs = 0;  // of open loops: by the client or by the server
  double widest_band = 0;
};

Counts count(const Report& report) {
  Counts counts;
  for (const GoalTable& table : report.goals) {
    for (const GoalCell& cell : table.cells) {
      if (!cell.failure.empty()) ++counts.failed;
      if (!cell.unavailable.empty()) ++counts.unavailable;
    }
  }
  for (const TableSummary& table : report.tables) {
    counts.widest_band = std::max(counts.widest_band, table.dead_band);
    for (const CellSummary& cell : table.cells) {
      if (cell.failed > 0) ++counts.failed;
      if (!cell.unavailable.empty()) ++counts.unavailable;
      if (cell.client_bound) ++counts.client_bound;
      if (cell.counts && !cell.counts->is_complete()) ++counts.uncounted;
    }
  }
  for (const RunRecord& run : report.runs) {
    if (is_noisy(run.outcome.flags)) ++counts.noisy_runs;
    if (run.outcome.has_flag("client_late") || run.outcome.has_flag("overloaded")) {
      ++counts.late_runs;
    }
  }
  return counts;
}

std::string cells(std::size_t n) { return absl::StrCat(n, n == 1 ? " cell" : " cells"); }

std::string on_cpus(const Report& report) {
  std::vector<std::string> sentences;
  std::vector<Placement> done;
  for (const SessionCell& one : report.session.cells) {
    const Placement placement = one.cell.placement;
    const auto cpus = place(placement, report.session.settings.cpus);
    if (!cpus.ok() || std::ranges::count(done, placement) != 0) continue;
    done.push_back(placement);
    sentences.push_back(absl::StrFormat("%s: server on CPU %s, client on CPU %s.",
                                        to_string(placement), format_cpus(cpus->server),
                                        format_cpus(cpus->client)));
    if (!cpus->disjoint()) sentences.emplace_back("They share CPUs: rates and times say little.");
  }
  return absl::StrJoin(sentences, " ");
}

Paragraph comparison(const Report& report) {
  const Standing standing = standing_of(report);
  std::string text =
      "Two runs of one block share the state of the machine, so each cell is compared with the "
      "baseline of the same block. The ratio is the median of these pairs, with its interval. The "
      "baseline runs twice in each block: how far it is from itself gives the dead band, at least "
      "2 %. A cell is called lower or higher only if its whole interval lies outside of the dead "
      "band; all else is ~, which means that these data do not show one beyond it, not that there "
      "is "
      "none. ";
  if (standing.blocks < static_cast<int>(kLeastBlocks)) {
    absl::StrAppend(&text, "Here are no verdicts: they take ", kLeastBlocks, " blocks.");
  } else if (standing.blocks < static_cast<int>(kConfirmingBlocks) || standing.indicative) {
    absl::StrAppend(&text, "With fewer than ", standing.confirming,
                    " blocks verdicts are indicative: no test confirms them for a whole table.");
  } else {
    text += "They hold for a whole table at once (signed-rank test, Holm's correction, 5 %).";
  }
  return {"Comparison", text};
}

std::string limits(const Report& report) {
  std::string text;
  if (report.session.settings.cpus.size() <= 2) {
    text =
        "On two CPUs: scaling over cores, and what a pool gains by working in parallel, because "
        "event loop and workers share the server's only CPU. ";
  }
  return text +
         "Network cards: all is loopback, where part of the receiving side's work is done by the "
         "sender. Rates of a server whose clients run elsewhere. Tails beyond p99.9 in short runs. "
         "Differences within the dead band.";
}

}  // namespace

std::vector<std::string> report_warnings(const Report& report) {
  std::vector<std::string> warnings;
  const Counts counts = count(report);
  if (!report.session.not_a_result.empty()) {
    warnings.push_back(absl::StrCat("Not a result: ", report.session.not_a_result, "."));
  }
  if (counts.failed > 0) {
    warnings.push_back(
        absl::StrFormat("%s failed and %s no figures: a server that was wrong once is not fast.",
                        cells(counts.failed), counts.failed == 1 ? "has" : "have"));
  }
  if (report.missing > 0) {
    warnings.push_back(absl::StrFormat(
        "%d %s missing; `collet-bench resume` makes up for them.", report.missing,
        report.session.goal ? "searches or runs of a comparison are" : "planned runs are"));
  }
  if (!report.session.differences.empty()) {
    warnings.push_back(
        absl::StrCat("Part of it was run elsewhere or with other programs, by force: ",
                     absl::StrJoin(report.session.differences, "; "), "."));
  }
  if (counts.uncounted > 0) {
    warnings.push_back(
        absl::StrFormat("Of %s system calls, allocations or hand-offs could not be counted; "
                        "`collet-bench resume` tries again.",
                        cells(counts.uncounted)));
  }
  if (counts.noisy_runs > 0) {
    warnings.push_back(absl::StrFormat(
        "%d of %d runs were disturbed by other programs or the host (%s). That lowers requests/s, "
        "raises percentiles and widens every interval.",
        counts.noisy_runs, report.runs.size(), count_noise(report)));
  }
  if (std::string shares = describe_noisy_shares(report); !shares.empty()) {
    warnings.push_back(std::move(shares));
  }
  if (!report.session.goal && counts.late_runs > 0) {
    warnings.push_back(absl::StrFormat(
        "In %d runs of open loops the client sent late or the server did not keep up: their "
        "response times are not those of the intended load.",
        counts.late_runs));
  }
  if (counts.widest_band > 0.05) {
    warnings.push_back(absl::StrFormat(
        "The baseline differs from itself by up to %.0f %%: smaller differences cannot be shown.",
        100 * counts.widest_band));
  }
  if (!report.session.goal && report.session.settings.blocks < static_cast<int>(kLeastBlocks)) {
    warnings.push_back(absl::StrFormat(
        "No verdicts: they take %d blocks, and there %s %d.", kLeastBlocks,
        report.session.settings.blocks == 1 ? "is" : "are", report.session.settings.blocks));
  }
  if (counts.client_bound > 0) {
    warnings.push_back(absl::StrFormat(
        "In %s the client was the bottleneck: requests/s are a lower bound (>=). CPU per request "
        "holds.",
        cells(counts.client_bound)));
  }
  if (counts.unavailable > 0) {
    warnings.push_back(absl::StrFormat("%s cannot run here.", cells(counts.unavailable)));
  }
  return warnings;
}

std::vector<Paragraph> report_method(const Report& report) {
  const Settings& settings = report.session.settings;
  std::vector<Paragraph> method;
  if (report.session.goal) {
    return {{"Search", describe_goal_method(*report.session.goal)},
            {"Placement", on_cpus(report)},
            {"What it cannot", limits(report)}};
  }
  method.push_back(
      {"Figure",
       "Each table is about one figure; lower is better. In a closed loop it is server CPU time "
       "per "
       "request: user and system time of all threads of the server over the measured window, "
       "divided by the requests answered in it, which keeps its meaning when the client is the "
       "bottleneck. In an open loop it is the p99 of the response time; of an idle crowd the "
       "memory "
       "by which the server grew for each connection."});
  method.push_back(
      {"Runs",
       absl::StrFormat(
           "A run is a fresh server and a fresh client: %s of warm-up, then a window of %s. Every "
           "reply is checked byte by byte; a cell with a failed run shows no figures. %d block%s "
           "visited every cell once each, in a new random order. Noisy runs are marked, never "
           "dropped%s.",
           format_duration(settings.warmup), format_duration(settings.duration), settings.blocks,
           settings.blocks == 1 ? "" : "s",
           settings.max_repeats == 0
               ? std::string()
               : absl::StrFormat(", and taken again up to %d times", settings.max_repeats))});
  const auto interval =
      median_interval(std::vector<double>(static_cast<std::size_t>(settings.blocks)));
  method.push_back(
      {"Intervals", interval ? absl::StrFormat("Figures are medians over runs. Intervals are order "
                                               "statistics that cover the true median with %.1f %%"
                                               "%s.",
                                               100 * interval->coverage,
                                               interval->coverage < kCoverage
                                                   ? ", less than 95: take six blocks or more"
                                                   : "")
                             : "One run of each cell: no intervals."});
  method.push_back(comparison(report));
  method.push_back(
      {"Times",
       "In a closed loop a connection sends its next request when the last reply has come, so that "
       "percentiles are service times: a slow server gets fewer requests, and they are no latency "
       "under a given load. In an open loop, with a given rate or of a workload that has its own, "
       "requests are due by a schedule, and response times count from then. The two are never "
       "shown together. Tables show the median over runs of each run's percentile; curves, and "
       "what "
       "is called merged, are of the requests of all runs as one."});
  method.push_back({"Placement", on_cpus(report)});
  method.push_back({"What this can show",
                    "CPU per request of backends, what handing work to a pool costs, correctness "
                    "and cost under churn, memory."});
  method.push_back({"What it cannot", limits(report)});
  return method;
}

std::vector<std::string> report_commands(const Report& report) {
  std::vector<std::string> commands;
  for (const Fact& fact : report.session.environment) {
    const auto* revision = std::get_if<std::string>(&fact.value);
    if (fact.name == "revision" && revision != nullptr && *revision != "unknown") {
      commands.push_back("git checkout " + revision->substr(0, revision->find('-')));
    }
  }
  std::string run;
  for (const std::string& word : report.session.command_line) {
    const bool plain = word.find_first_of(" \t'\"\\$&|;<>(){}*?`#~") == std::string::npos;
    absl::StrAppend(&run, run.empty() ? "" : " ", plain && !word.empty() ? word : "'" + word + "'");
  }
  const auto names_seed = [](const std::string& word) { return word.starts_with("--seed"); };
  if (std::ranges::none_of(report.session.command_line, names_seed)) {
    absl::StrAppend(&run, " --seed ", report.session.seed);
  }
  commands.emplace_back("cmake --preset release && cmake --build --preset release");
  commands.push_back(std::move(run));
  return commands;
}

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// goal_words.cc: brackets to lines and sentences.
#include "bench/show/goal_words.h"

#include <algorithm>
#include <climits>
#include <vector>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <collet/quantity.h>

#include "bench/show/figures.h"
#include "bench/show/wording.h"

namespace collet::bench {
namespace {

constexpr std::size_t kGap = 3;

std::string rate_of(std::int64_t per_s) { return format_rate(static_cast<double>(per_s)); }

std::string percentile_name(const Goal& goal) { return goal.percent == 99 ? "p99" : "p99.9"; }

using Row = std::vector<std::string>;

// The rate that it holds; at least that much where the client could send no more.
std::string holds_of(const GoalCell& cell) {
  return (cell.client_limited ? ">=" : "") + rate_of(*cell.bracket.holds_per_s);
}

std::string against_baseline(const GoalTable& table, const GoalCell& cell) {
  if (&cell == &table.cells[*table.baseline]) return "baseline";
  const Comparison& comparison = cell.to_baseline;
  if (comparison.n < kLeastBlocks) return "";
  return comparison.verdict == Verdict::same ? "~" : format_change(comparison.ratio) + "%";
}

Row row_of(const GoalTable& table, const GoalCell& cell) {
  const std::string name = format_cell(cell.cell);
  if (!cell.unavailable.empty()) return {name, "unavailable"};
  if (!cell.failure.empty()) return {name, "failed"};
  if (!cell.done) return {name, "not run to its end"};
  const auto& [holds, fails, confirmations] = cell.bracket;
  if (!holds) return {name, "no rate held", fails ? rate_of(*fails) : "", cell.why_it_ends};
  Row row = {name,
             holds_of(cell),
             fails ? rate_of(*fails) : "none",
             cell.why_it_ends,
             format_microseconds(cell.percentile_us.median),
             format_figure(cell.server_cpu.median),
             cell.top ? "top" : ""};
  if (cell.top && cell.cpu_at_common_rate.n > 0) {
    row.push_back(format_figure(cell.cpu_at_common_rate.median));
    row.push_back(against_baseline(table, cell));
  }
  return row;
}

std::string render_rows(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(row[i]) + kGap);
    }
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += pad(row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    absl::StrAppend(&text, line, "\n");
  }
  return text;
}

// `198k/s`, or `198k/s to 205k/s`.
std::string range_of_rates(std::int64_t low, std::int64_t high) {
  return low == high ? rate_of(low) : absl::StrCat(rate_of(low), " to ", rate_of(high));
}

std::string names_of(const GoalTable& table, const std::vector<std::size_t>& indices) {
  std::vector<std::string> names;
  for (const std::size_t i : indices) names.push_back(format_cell(table.cells[i].cell));
  if (names.size() == 1) return names[0];
  const std::string last = names.back();
  names.pop_back();
  return absl::StrCat(absl::StrJoin(names, ", "), " and ", last);
}

std::string describe_brackets(const GoalTable& table) {
  std::int64_t least = INT64_MAX;
  std::int64_t most = 0;
  int confirmations = INT_MAX;
  std::vector<std::size_t> limited;
  for (const std::size_t i : table.top()) {
    const GoalCell& cell = table.cells[i];
    least = std::min(least, *cell.bracket.holds_per_s);
    most = std::max(most, *cell.bracket.holds_per_s);
    confirmations = std::min(confirmations, cell.bracket.confirmations);
    if (cell.client_limited) limited.push_back(i);
  }
  std::string text = absl::StrFormat(
      "held %s, confirmed by %d fresh run%s%s.", range_of_rates(least, most), confirmations,
      confirmations == 1 ? "" : "s", table.top().size() > 1 ? " each" : "");
  if (!limited.empty()) {
    absl::StrAppend(&text, " Of ", names_of(table, limited),
                    " that is a lower bound: the client could send no more.");
  }
  return text;
}

// Only what was tested: each against the baseline.
std::string describe_costs(const GoalTable& table) {
  const auto top = table.top();
  if (top.size() < 2) return "";
  const bool compared =
      std::ranges::all_of(top, [&](std::size_t i) { return table.cells[i].is_compared(); });
  if (!compared) return " What they cost was not compared.";
  const GoalCell& baseline = table.cells[*table.baseline];
  std::string text = absl::StrFormat(" At %s %s took %s µs of server CPU a request; against that",
                                     rate_of(table.common_rate_per_s), format_cell(baseline.cell),
                                     format_figure(baseline.cpu_at_common_rate.median));
  std::vector<std::string> others;
  bool indicative = false;
  for (const std::size_t i : top) {
    if (i == *table.baseline) continue;
    const GoalCell& cell = table.cells[i];
    const std::string change = against_baseline(table, cell);
    indicative |= cell.to_baseline.indicative;
    others.push_back(absl::StrCat(format_cell(cell.cell), " ",
                                  format_figure(cell.cpu_at_common_rate.median), " (",
                                  change == "~" ? "no difference shown" : change, ")"));
  }
  return absl::StrCat(text,
                      absl::StrFormat(" (%d blocks, dead band ±%.1f %%%s): ", table.blocks,
                                      100 * table.dead_band, indicative ? ", indicative" : ""),
                      absl::StrJoin(others, ", "), ".");
}

std::string describe_next(const GoalTable& table) {
  const GoalCell* next = nullptr;
  std::int64_t best = 0;
  for (const GoalCell& cell : table.cells) {
    if (!cell.has_bracket()) continue;
    best = std::max(best, *cell.bracket.holds_per_s);
    if (cell.top) continue;
    const bool higher = next == nullptr || *cell.bracket.holds_per_s > *next->bracket.holds_per_s;
    if (higher) next = &cell;
  }
  if (next == nullptr) return "";
  const auto holds = static_cast<double>(*next->bracket.holds_per_s);
  return absl::StrFormat(" The next, %s, held %s, %.0f %% less than the best.",
                         format_cell(next->cell), format_rate(holds),
                         100 * (1 - holds / static_cast<double>(best)));
}

// Of the whole table: that a rate failed, which puts a server below the top, is an answer too.
std::string describe_noise(const GoalTable& table) {
  std::size_t runs = 0;
  std::size_t noisy = 0;
  for (const GoalCell& cell : table.cells) {
    if (!cell.failure.empty()) continue;  // which has no answer
    runs += cell.runs;
    noisy += cell.noisy_runs;
  }
  if (noisy == 0) return "";
  return absl::StrFormat(
      "NOISY: %d of the %d runs that this rests on were disturbed by other programs or the host: "
      "on "
      "a quiet machine rates may be higher.",
      noisy, runs);
}

std::string describe_nothing(const GoalTable& table) {
  const auto has_probes = [](const GoalCell& cell) {
    return cell.failure.empty() && !cell.probes.empty();
  };
  if (std::ranges::none_of(table.cells, has_probes)) {
    return "nothing here could be measured; the reasons stand with the servers.";
  }
  if (std::ranges::any_of(table.cells, &GoalCell::client_limited)) {
    return "nothing here held it at any rate. But the client was late, so that this says nothing "
           "of the servers: is the machine busy?";
  }
  return "nothing here held it at any rate.";
}

}  // namespace

std::string describe_goal(const Goal& goal, const GoalTable& table) {
  return absl::StrCat(describe_shape(table.cells.front().cell), ": ", percentile_name(goal),
                      " of the response time within ", format_duration(goal.limit));
}

std::string render_goal(const Goal& goal, const GoalTable& table) {
  std::vector<Row> rows = {
      {"", "holds", "fails", "because", percentile_name(goal) + " there", "CPU µs", ""}};
  if (table.blocks > 0) {
    rows[0].insert(rows[0].end(), {"at " + rate_of(table.common_rate_per_s), "to baseline"});
  }
  for (const GoalCell& cell : table.cells) rows.push_back(row_of(table, cell));
  std::string text = absl::StrCat(describe_goal(goal, table), "\n", render_rows(rows));
  if (const std::string advice = advise(goal, table); !advice.empty() && goal.compares) {
    absl::StrAppend(&text, "\n", advice, "\n");
  } else if (const std::string noise = describe_noise(table); !noise.empty()) {
    absl::StrAppend(&text, "\n", noise, "\n");
  }
  return text + "\n";
}

std::string advise(const Goal& goal, const GoalTable& table) {
  if (!std::ranges::all_of(table.cells, &GoalCell::done)) return "";
  const std::string asked = absl::StrCat("For ", describe_goal(goal, table), ": ");
  std::string noise = describe_noise(table);
  if (!noise.empty()) noise.insert(0, " ");
  if (!table.baseline) return asked + describe_nothing(table) + noise;
  const auto top = table.top();
  const char* share = top.size() == 1 ? " holds the highest rate. It "
                                      : " share the top: nothing here excludes that they hold "
                                        "the same rate. They ";
  return absl::StrCat(asked, names_of(table, top), share, describe_brackets(table),
                      describe_costs(table), describe_next(table), noise);
}

std::string describe_goal_method(const Goal& goal) {
  return absl::StrFormat(
      "holds: the highest rate at which every run had a %s of the response time within %s, kept "
      "up, "
      "and was confirmed\nby %d fresh runs. fails: the lowest rate above it that did not. The "
      "truth is in between. top: the bracket does not\nexclude that this cell holds as much as the "
      "best one.\n",
      percentile_name(goal), format_duration(goal.limit), kConfirmations);
}

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// goal_words.cc: brackets to lines and sentences.
#include "bench/show/goal_words.h"

#include <algorithm>
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

// Why the rate failed at which the bracket ends.
std::string why_it_ends(const GoalCell& cell) {
  const auto found = std::ranges::find_if(cell.probes, [&](const GoalProbe& probe) {
    return !probe.held && probe.probe.rate_per_s == cell.bracket.fails_per_s;
  });
  return found == cell.probes.end() ? "" : found->why_not;
}

using Row = std::vector<std::string>;

Row row_of(const GoalCell& cell) {
  const std::string name = format_cell(cell.cell);
  if (!cell.unavailable.empty()) return {name, "unavailable"};
  if (!cell.failure.empty()) return {name, "failed"};
  if (!cell.done) return {name, "not run to its end"};
  const auto& [holds, fails, confirmations] = cell.bracket;
  if (!holds) return {name, "no rate held", fails ? rate_of(*fails) : "", why_it_ends(cell)};
  return {name,
          rate_of(*holds),
          fails ? rate_of(*fails) : "none",
          why_it_ends(cell),
          format_microseconds(cell.percentile_us.median),
          format_figure(cell.server_cpu.median),
          cell.top ? "top" : ""};
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
      line += row[i] + std::string(widths[i] - display_width(row[i]), ' ');
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

// Of those at the top, the ones that cost no more than the baseline as far as can be told; if any
// cost less, only these.
std::vector<std::size_t> cheapest_of(const GoalTable& table) {
  const auto top = table.top();
  std::vector<std::size_t> same = {*table.baseline};
  std::vector<std::size_t> lower;
  for (const std::size_t i : top) {
    const Verdict verdict = table.cells[i].to_baseline.verdict;
    if (verdict == Verdict::lower) lower.push_back(i);
    if (i != *table.baseline && (verdict == Verdict::same || verdict == Verdict::none)) {
      same.push_back(i);
    }
  }
  std::ranges::sort(same);
  return lower.empty() ? same : lower;
}

std::string describe_brackets(const GoalTable& table) {
  std::int64_t least = INT64_MAX;
  std::int64_t most = 0;
  bool late = false;
  for (const std::size_t i : table.top()) {
    const GoalCell& cell = table.cells[i];
    least = std::min(least, *cell.bracket.holds_per_s);
    most = std::max(most, *cell.bracket.holds_per_s);
    late |= why_it_ends(cell) == "the client was late";
  }
  std::string text =
      absl::StrFormat("held %s, each confirmed by %d fresh runs, and at most %.0f %% more failed",
                      range_of_rates(least, most), kConfirmations, 100 * (kResolution - 1));
  if (late) text += "; for some of them it was the client that could send no more";
  return text + ".";
}

std::string describe_costs(const GoalTable& table, const std::vector<std::size_t>& best) {
  if (table.top().size() < 2 || table.blocks == 0) return "";
  double least = 1e300;
  double most = 0;
  for (const std::size_t i : best) {
    least = std::min(least, table.cells[i].cpu_at_common_rate.median);
    most = std::max(most, table.cells[i].cpu_at_common_rate.median);
  }
  std::string text = absl::StrFormat(
      " At %s they took %s µs of server CPU a request (%d blocks, dead band ±%.1f %%).",
      rate_of(table.common_rate_per_s),
      best.size() == 1 ? format_figure(least)
                       : absl::StrCat(format_figure(least), " to ", format_figure(most)),
      table.blocks, 100 * table.dead_band);
  std::vector<std::string> dearer;
  for (const std::size_t i : table.top()) {
    if (std::ranges::count(best, i) != 0) continue;
    dearer.push_back(absl::StrCat(format_cell(table.cells[i].cell), " ",
                                  format_figure(table.cells[i].cpu_at_common_rate.median)));
  }
  if (!dearer.empty()) {
    absl::StrAppend(&text, " As fast but dearer: ", absl::StrJoin(dearer, ", "), ".");
  }
  return text;
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

}  // namespace

std::string describe_goal(const Goal& goal, const GoalTable& table) {
  return absl::StrCat(describe_shape(table.cells.front().cell), ": ", percentile_name(goal),
                      " of the response time within ", format_duration(goal.limit));
}

std::string render_goal(const Goal& goal, const GoalTable& table) {
  std::vector<Row> rows = {
      {"", "holds", "fails", "because", percentile_name(goal) + " there", "CPU µs", ""}};
  for (const GoalCell& cell : table.cells) rows.push_back(row_of(cell));
  std::string text = absl::StrCat(describe_goal(goal, table), "\n", render_rows(rows));
  if (const std::string advice = advise(goal, table); !advice.empty() && goal.compares) {
    absl::StrAppend(&text, "\n", advice, "\n");
  }
  return text + "\n";
}

std::string advise(const Goal& goal, const GoalTable& table) {
  if (!std::ranges::all_of(table.cells, &GoalCell::done)) return "";
  const std::string asked = absl::StrCat("For ", describe_goal(goal, table), ": ");
  if (!table.baseline) {
    const bool late = std::ranges::any_of(table.cells, [](const GoalCell& cell) {
      return why_it_ends(cell) == "the client was late";
    });
    return absl::StrCat(asked, "nothing here held it at any rate.",
                        late ? " But the client was late, so that this says nothing of the "
                               "servers: is the machine busy?"
                             : "");
  }
  const auto best = cheapest_of(table);
  std::string text = asked + names_of(table, best);
  if (best.size() == 1) {
    text += table.top().size() == 1 ? " holds the highest rate. It "
                                    : " costs least of those that hold the highest rates. They ";
  } else {
    text += " cannot be told apart at the top. They ";
  }
  return absl::StrCat(text, describe_brackets(table), describe_costs(table, best),
                      describe_next(table));
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

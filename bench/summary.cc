// SPDX-License-Identifier: MIT
// summary.cc: runs to summaries.
#include "bench/summary.h"

#include <algorithm>
#include <utility>

namespace collet::bench {
namespace {

// Of the good runs, what `figure` takes from each.
template <typename Figure>
Summary summary_of(const std::vector<RunOutcome>& outcomes, Figure figure) {
  std::vector<double> values;
  for (const RunOutcome& outcome : outcomes) {
    if (outcome.status == RunStatus::ok) values.push_back(figure(outcome));
  }
  return summarize(std::move(values));
}

CellSummary summarize_cell(const Cell& cell, const std::vector<RunOutcome>& outcomes) {
  CellSummary summary;
  summary.cell = cell;
  int client_bound = 0;
  for (const RunOutcome& outcome : outcomes) {
    summary.ok += outcome.status == RunStatus::ok ? 1 : 0;
    if (outcome.status == RunStatus::failed && summary.failed++ == 0) {
      summary.first_reason = outcome.reason;
    }
    client_bound += outcome.has_flag("client_bound") ? 1 : 0;
    summary.noisy += outcome.has_flag("noisy") ? 1 : 0;
    summary.most_noise_cores = std::max(
        summary.most_noise_cores, outcome.machine.foreign_cores + outcome.machine.stolen_cores);
  }
  summary.client_bound = client_bound > 0 && 2 * client_bound >= summary.ok;
  using Run = const RunOutcome&;
  summary.cpu_us_per_request = summary_of(outcomes, [](Run r) { return r.cpu_us_per_request(); });
  summary.requests_per_s = summary_of(outcomes, [](Run r) { return r.load->requests_per_s; });
  summary.p50_us = summary_of(outcomes, [](Run r) { return r.load->p50_us; });
  summary.p99_us = summary_of(outcomes, [](Run r) { return r.load->p99_us; });
  summary.p999_us = summary_of(outcomes, [](Run r) { return r.load->p999_us; });
  summary.switches_per_request = summary_of(outcomes, [](Run r) {
    const auto switches = r.server.voluntary_switches + r.server.involuntary_switches;
    return static_cast<double>(switches) / static_cast<double>(r.load->requests);
  });
  summary.rss_bytes =
      summary_of(outcomes, [](Run r) { return static_cast<double>(r.server.rss_bytes); });
  return summary;
}

}  // namespace

bool Report::has_failures() const {
  return std::ranges::any_of(cells, [](const CellSummary& cell) { return cell.failed > 0; });
}

std::vector<CellSummary> summarize_cells(const std::vector<Cell>& cells,
                                         const std::vector<std::vector<RunOutcome>>& outcomes) {
  std::vector<CellSummary> summaries;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    summaries.push_back(summarize_cell(cells[i], outcomes[i]));
  }
  return summaries;
}

}  // namespace collet::bench

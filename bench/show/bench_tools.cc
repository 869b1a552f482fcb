// SPDX-License-Identifier: MIT
// bench_tools.cc: runs to the JSON of google/benchmark and the text of Go's testing package.
#include "bench/show/bench_tools.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <nlohmann/json.hpp>

#include "bench/json/values.h"

namespace collet::bench {
namespace {

// `Echo/backend=epoll/pool=inline/c=64`: what projections of benchstat understand.
std::string benchmark_name(const Cell& cell) {
  std::string name = cell.workload;
  name[0] = static_cast<char>(std::toupper(name[0]));
  if (cell.external.empty()) {
    absl::StrAppend(&name, "/backend=", cell.backend, "/pool=", cell.pool);
  } else {
    absl::StrAppend(&name, "/external=", cell.external);
  }
  absl::StrAppend(&name, "/c=", cell.connections, "/p=", cell.payload_bytes);
  if (cell.pipeline != 1) absl::StrAppend(&name, "/d=", cell.pipeline);
  if (cell.rate_per_s != 0) absl::StrAppend(&name, "/r=", cell.rate_per_s);
  return absl::StrCat(name, "/placement=", std::string(to_string(cell.placement)));
}

// A cell that was wrong once is not fast. Empty if it has figures, or was not run.
std::string why_without_figures(const Report& report, std::size_t cell) {
  const std::string& unavailable = report.session.cells[cell].unavailable;
  if (!unavailable.empty()) return "unavailable: " + unavailable;
  const auto failed = std::ranges::find_if(report.runs, [&](const RunRecord& record) {
    return record.run.cell == cell && record.outcome.status == RunStatus::failed;
  });
  return failed == report.runs.end() ? "" : "failed: " + failed->outcome.reason;
}

// The name of each cell that has no figures, and why.
template <typename Visit>
void for_each_bad_cell(const Report& report, Visit visit) {
  for (std::size_t i = 0; i < report.session.cells.size(); ++i) {
    const std::string why = why_without_figures(report, i);
    if (!why.empty()) visit(benchmark_name(report.session.cells[i].cell), why);
  }
}

// The runs that have figures, each with its cell, without those of the baseline's twin.
template <typename Visit>
void for_each_good_run(const Report& report, Visit visit) {
  for (const RunRecord& record : report.runs) {
    if (record.outcome.status != RunStatus::ok || record.run.twin) continue;
    if (!why_without_figures(report, record.run.cell).empty()) continue;
    Cell cell = report.session.cells[record.run.cell].cell;
    cell.rate_per_s = record.rate_per_s;
    visit(cell, record);
  }
}

double cpu_ns_per_request(const RunOutcome& outcome) {
  return 1e3 * measure(Metric::server_cpu, outcome).value_or(0);
}

double wall_ns_per_request(const RunOutcome& outcome) {
  return static_cast<double>(outcome.load->window_ns) / static_cast<double>(outcome.load->requests);
}

// Times of two kinds of load do not compare, and must not meet under one name.
const char* name_of_p99(const LoadReport& load) {
  return load.open_loop ? "response-p99-ns" : "service-p99-ns";
}

// `FanOut8/pool=mutex`.
std::string benchmark_name(const PoolCell& cell) {
  std::string name;
  bool begins_word = true;
  for (const char c : cell.benchmark) {
    if (c != '-') name += begins_word ? static_cast<char>(std::toupper(c)) : c;
    begins_word = c == '-';
  }
  return absl::StrCat(name, "/pool=", cell.pool);
}

template <typename Visit>
void for_each_bad_cell(const PoolReport& report, Visit visit) {
  for (const PoolTable& table : report.tables) {
    for (const PoolRow& row : table.rows) {
      if (row.failed == 0 && row.cell.state != CellState::unavailable) continue;
      visit(benchmark_name(row.cell), absl::StrCat(state_of(row), ": ", row.reason()));
    }
  }
}

template <typename Visit>
void for_each_good_run(const PoolReport& report, Visit visit) {
  for (const PoolTable& table : report.tables) {
    for (const PoolRow& row : table.rows) {
      if (!row.has_figures()) continue;
      for (const PoolRunRecord& record : report.runs) {
        const PoolCell& cell = report.session.cells[record.run.cell];
        if (record.run.twin || pool_cell_key(cell) != pool_cell_key(row.cell)) continue;
        visit(table.head, cell, record);
      }
    }
  }
}

// Unknown if there were too few samples.
std::optional<double> figure_of(const PoolOutcome& outcome, const PoolColumn& column) {
  const auto found = outcome.figures.find(column.key);
  return found == outcome.figures.end() ? std::nullopt : found->second;
}

// A row with its name and the numbers that every row has.
Json google_row(const std::string& name, int block, int blocks, std::int64_t iterations,
                double real_ns, double cpu_ns) {
  return {{"name", name},
          {"run_name", name},
          {"run_type", "iteration"},
          {"repetitions", blocks},
          {"repetition_index", block},
          {"threads", 1},
          {"iterations", iterations},
          {"real_time", real_ns},
          {"cpu_time", cpu_ns},
          {"time_unit", "ns"}};
}

// Without a unit compare.py leaves them out, where it would take a time of nothing for a fast one.
template <typename AnyReport>
void add_google_errors(const AnyReport& report, Json& rows) {
  for_each_bad_cell(report, [&](const std::string& name, const std::string& why) {
    Json row = {{"name", name},        {"run_name", name},       {"run_type", "iteration"},
                {"threads", 1},        {"error_occurred", true}, {"error_message", why},
                {"time_unit", nullptr}};
    rows.push_back(std::move(row));
  });
}

// `session` is that of servers or that of pools.
template <typename AnySession>
std::string google_benchmark(const AnySession& session, const Json& rows) {
  Json context = {{"date", session.started_utc}, {"executable", "collet-bench"}};
  for (const Fact& fact : session.environment) {
    if (const auto* cpus = std::get_if<std::int64_t>(&fact.value); fact.name == "cpus" && cpus) {
      context["num_cpus"] = *cpus;
    }
  }
  context["library_build_type"] = session.not_a_result.empty() ? "release" : "debug";
  const Json json = {{"context", context}, {"benchmarks", rows}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string go_heading(const std::string& not_a_result) {
  std::string text = "goos: linux\npkg: collet\n";
  if (!not_a_result.empty()) absl::StrAppend(&text, "not-a-result: ", not_a_result, "\n");
  return text;
}

// In lines that are no benchmark's, which its tools pass over.
template <typename AnyReport>
std::string go_errors(const AnyReport& report) {
  std::string text;
  for_each_bad_cell(report, [&](const std::string& name, std::string why) {
    std::ranges::replace(why, '\n', ' ');
    absl::StrAppend(&text, "# Benchmark", name, " ", why, "\n");
  });
  return text;
}

}  // namespace

std::string render_google_benchmark(const Report& report) {
  Json rows = Json::array();
  for_each_good_run(report, [&](const Cell& cell, const RunRecord& record) {
    rows.push_back(google_row(benchmark_name(cell), record.run.block,
                              report.session.settings.blocks, record.outcome.load->requests,
                              wall_ns_per_request(record.outcome),
                              cpu_ns_per_request(record.outcome)));
    const LoadReport& load = *record.outcome.load;
    rows.back()["items_per_second"] = load.requests_per_s();
    if (load.latency.p99_ns) rows.back()[name_of_p99(load)] = *load.latency.p99_ns;
  });
  add_google_errors(report, rows);
  return google_benchmark(report.session, rows);
}

std::string render_go_benchmark(const Report& report) {
  std::string text = go_heading(report.session.not_a_result);
  for_each_good_run(report, [&](const Cell& cell, const RunRecord& record) {
    const RunOutcome& outcome = record.outcome;
    absl::StrAppend(&text,
                    absl::StrFormat("Benchmark%s %d %.1f ns/op %.1f req/s", benchmark_name(cell),
                                    outcome.load->requests, cpu_ns_per_request(outcome),
                                    outcome.load->requests_per_s()));
    if (const auto p99 = outcome.load->latency.p99_ns) {
      absl::StrAppend(&text, " ", *p99, " ", name_of_p99(*outcome.load));
    }
    text += "\n";
  });
  return text + go_errors(report);
}

std::string render_google_benchmark(const PoolReport& report) {
  Json rows = Json::array();
  for_each_good_run(report, [&](const PoolTableHead& head, const PoolCell& cell,
                                const PoolRunRecord& record) {
    const PoolOutcome& outcome = record.outcome;
    const auto tasks = static_cast<double>(std::max<std::int64_t>(outcome.tasks, 1));
    rows.push_back(google_row(
        benchmark_name(cell), record.run.block, report.session.settings.blocks, outcome.tasks,
        static_cast<double>(outcome.wall_ns) / tasks, static_cast<double>(outcome.cpu_ns) / tasks));
    for (const PoolColumn& column : head.columns) {
      if (const auto value = figure_of(outcome, column)) rows.back()[column.key] = *value;
    }
  });
  add_google_errors(report, rows);
  return google_benchmark(report.session, rows);
}

std::string render_go_benchmark(const PoolReport& report) {
  std::string text = go_heading(report.session.not_a_result);
  for (const PoolTableHead& head : report.session.benchmarks) {
    for (const PoolColumn& column : head.columns) {
      if (column.higher_is_better) absl::StrAppend(&text, "Unit ", column.key, " better=higher\n");
    }
  }
  for_each_good_run(
      report, [&](const PoolTableHead& head, const PoolCell& cell, const PoolRunRecord& record) {
        absl::StrAppend(&text, "Benchmark", benchmark_name(cell), " ", record.outcome.tasks);
        for (const PoolColumn& column : head.columns) {
          const auto value = figure_of(record.outcome, column);
          if (value) absl::StrAppend(&text, absl::StrFormat(" %.9g %s", *value, column.key));
        }
        text += "\n";
      });
  return text + go_errors(report);
}

}  // namespace collet::bench

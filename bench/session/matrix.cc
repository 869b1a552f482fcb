// SPDX-License-Identifier: MIT
// matrix.cc: the product of the axes, and its baseline.
#include "bench/session/matrix.h"

#include <algorithm>
#include <utility>

#include <absl/strings/str_format.h>

namespace collet::bench {
namespace {

constexpr const char* kUsualBaseline = "epoll/inline";
constexpr std::int64_t kOtherFiles = 64;  // listeners, pipes, libraries

class Matrix {
 public:
  Matrix(const Axes& axes, const Options& options, std::int64_t open_files)
      : axes_(axes), options_(options), open_files_(open_files) {}

  std::vector<SessionCell> cells() {
    for (const std::string& workload : axes_.workloads) {
      for (const int connections : options_.connections) {
        for (const Placement placement : options_.placements) {
          Cell cell;
          cell.workload = workload;
          cell.connections = connections;
          cell.placement = placement;
          const bool pipelines = !options_.settings.unpipelined_workloads.contains(workload);
          cell.pipeline = pipelines ? options_.pipeline : 1;
          cell.work = options_.work;
          cell.block = options_.block;
          add_payloads(cell);
        }
      }
    }
    return std::move(cells_);
  }

 private:
  void add_payloads(const Cell& shape) {
    std::vector<std::int64_t> payloads = options_.payload_bytes;
    if (payloads.empty()) payloads = {axes_.payload_bytes.at(shape.workload)};
    for (const std::int64_t payload : payloads) {
      Cell cell = shape;
      cell.payload_bytes = payload;
      add_rates(cell);
    }
  }

  // What connections cost that do nothing is one question, and latency at a rate another.
  void add_rates(Cell cell) {
    const bool idle = axes_.idle_workloads.contains(cell.workload);
    if (idle) cell.judged_by = Metric::memory_per_connection;
    if (idle || options_.rates.empty()) return add_table(cell);
    for (const Rate& rate : options_.rates) {
      cell.judged_by = rate == Rate{} ? Metric::server_cpu : Metric::p99;
      cell.rate_per_s = rate.per_s;
      cell.rate_percent = rate.percent;
      add_table(cell);
    }
  }

  void add_table(const Cell& shape) {
    for (const std::string& pool : axes_.pools) {
      for (const std::string& backend : axes_.backends) add_pair(shape, backend, pool);
    }
    const std::string& baseline = options_.baseline;
    const std::size_t slash = baseline.find('/');
    const bool is_there = std::ranges::any_of(axes_.pools, [&](const std::string& pool) {
      return slash != std::string::npos && pool == baseline.substr(slash + 1) &&
             std::ranges::count(axes_.backends, baseline.substr(0, slash)) != 0;
    });
    if (slash != std::string::npos && !is_there) {
      add_pair(shape, baseline.substr(0, slash), baseline.substr(slash + 1));
    }
    for (const External& external : options_.settings.externals) {
      Cell cell = shape;
      cell.external = external.name;
      add(std::move(cell));
    }
  }

  void add_pair(const Cell& shape, const std::string& backend, const std::string& pool) {
    Cell cell = shape;
    cell.backend = backend;
    cell.pool = pool;
    add(std::move(cell));
  }

  void add(Cell cell) {
    std::string why_not = why_unavailable(cell);
    cells_.push_back({std::move(cell), false, std::move(why_not)});
  }

  std::string why_unavailable(const Cell& cell) const {
    const auto backend = axes_.unavailable_backends.find(cell.backend);
    if (backend != axes_.unavailable_backends.end()) return backend->second;
    const auto pool = axes_.unavailable_pools.find(cell.pool);
    if (pool != axes_.unavailable_pools.end()) return pool->second;
    const auto cpus = place(cell.placement, options_.settings.cpus);
    if (!cpus.ok()) return std::string(cpus.status().message());
    if (cell.connections + kOtherFiles > open_files_) {
      return absl::StrFormat(
          "--connections: %d need more open files than the limit of %d: raise it with `ulimit -n`",
          cell.connections, open_files_);
    }
    const bool by_hand = std::ranges::count(axes_.by_hand, cell.external) != 0;
    if (by_hand && cell.workload != "echo" && cell.workload != "greet") {
      return "it is written for echo and greet only";
    }
    return "";
  }

  const Axes& axes_;
  const Options& options_;
  const std::int64_t open_files_;
  std::vector<SessionCell> cells_;
};

using Cells = std::vector<SessionCell>::const_iterator;

// Where nothing of a table can run, its baseline is not to blame.
absl::Status check_that_it_runs(const std::string& asked, const SessionCell& baseline, Cells first,
                                Cells last) {
  const bool any =
      std::any_of(first, last, [](const SessionCell& cell) { return cell.unavailable.empty(); });
  if (baseline.unavailable.empty() || !any) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "--baseline: \"%s\" cannot run with --workload %s: %s: name another, or leave it out", asked,
      baseline.cell.workload, baseline.unavailable));
}

// The cell of each table that --baseline names; else epoll/inline, else the first that can run.
absl::Status choose_baselines(const std::string& asked, std::vector<SessionCell>& cells) {
  for (auto first = cells.begin(); first != cells.end();) {
    const auto last = std::find_if(first, cells.end(), [&](const SessionCell& cell) {
      return table_key(cell.cell) != table_key(first->cell);
    });
    const auto named = [](const std::string& name) {
      return [&name](const SessionCell& cell) { return cell_name(cell.cell) == name; };
    };
    auto baseline = std::find_if(first, last, named(asked.empty() ? kUsualBaseline : asked));
    if (baseline == last && !asked.empty()) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "--baseline: \"%s\" is no cell: write BACKEND/POOL, such as epoll/inline, or the name of "
          "an external server",
          asked));
    }
    if (!asked.empty()) {
      if (auto status = check_that_it_runs(asked, *baseline, first, last); !status.ok()) {
        return status;
      }
    }
    if (asked.empty() && (baseline == last || !baseline->unavailable.empty())) {
      baseline = std::find_if(first, last,
                              [](const SessionCell& cell) { return cell.unavailable.empty(); });
      if (baseline == last) baseline = first;
    }
    baseline->baseline = true;
    first = last;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<SessionCell>> make_cells(const Axes& axes, const Options& options,
                                                    std::int64_t open_files) {
  std::vector<SessionCell> cells = Matrix(axes, options, open_files).cells();
  if (auto status = choose_baselines(options.baseline, cells); !status.ok()) return status;
  const bool none =
      std::ranges::none_of(cells, [](const SessionCell& cell) { return cell.unavailable.empty(); });
  if (none) return absl::InvalidArgumentError(cells.front().unavailable);
  return cells;
}

}  // namespace collet::bench

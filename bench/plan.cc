// SPDX-License-Identifier: MIT
// plan.cc: cells and their order.
#include "bench/plan.h"

#include <algorithm>
#include <random>
#include <set>
#include <utility>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

namespace collet::bench {
namespace {

// std::shuffle may differ between standard libraries; a plan must not.
template <typename T>
void shuffle(std::vector<T>& items, std::mt19937_64& random) {
  for (std::size_t left = items.size(); left > 1; --left) {
    std::swap(items[left - 1], items[random() % left]);
  }
}

bool share_table(const Cell& a, const Cell& b) {
  return a.workload == b.workload && a.connections == b.connections;
}

using Table = std::vector<std::size_t>;

std::vector<Table> group_by_table(const std::vector<Cell>& cells) {
  std::vector<Table> tables;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto found = std::ranges::find_if(
        tables, [&](const Table& table) { return share_table(cells[table.front()], cells[i]); });
    if (found == tables.end()) {
      tables.push_back({i});
    } else {
      found->push_back(i);
    }
  }
  return tables;
}

void add_table(const Axes& axes, const std::string& workload, int connections,
               std::vector<Cell>& cells) {
  for (const std::string& pool : axes.pools) {
    for (const std::string& backend : axes.backends) {
      cells.push_back({backend, pool, workload, connections, false});
    }
  }
  if (std::ranges::count(axes.not_by_hand, workload) != 0) return;
  std::set<std::string_view> done;
  for (const std::string& backend : axes.backends) {
    const std::string_view name = spec_name(backend);
    if (std::ranges::count(axes.by_hand, name) == 0 || !done.insert(name).second) continue;
    cells.push_back({backend, "", workload, connections, true});
  }
}

}  // namespace

std::string format_cell(const Cell& cell) {
  if (cell.by_hand) return absl::StrCat("by hand (", std::string(spec_name(cell.backend)), ")");
  return absl::StrCat(cell.backend, " + ", cell.pool);
}

std::vector<Cell> make_cells(const Axes& axes) {
  std::vector<Cell> cells;
  for (const std::string& workload : axes.workloads) {
    for (const int connections : axes.connections) add_table(axes, workload, connections, cells);
  }
  return cells;
}

std::vector<PlannedRun> make_plan(const std::vector<Cell>& cells, int blocks, std::uint64_t seed) {
  std::vector<PlannedRun> plan;
  std::mt19937_64 random(seed);
  for (int block = 0; block < blocks; ++block) {
    std::vector<Table> tables = group_by_table(cells);
    shuffle(tables, random);
    int order = 0;
    for (Table& table : tables) {
      shuffle(table, random);
      for (const std::size_t cell : table) plan.push_back({cell, block, order++});
    }
  }
  return plan;
}

std::string_view spec_name(std::string_view spec) noexcept {
  return spec.substr(0, spec.find(':'));
}

std::vector<std::string> split_specs(std::string_view list) {
  std::vector<std::string> specs;
  const std::string text(list);
  for (const std::string& piece : std::vector<std::string>(absl::StrSplit(text, ','))) {
    const std::size_t equals = piece.find('=');
    const bool goes_on = equals != std::string::npos && piece.find(':') > equals && !specs.empty();
    if (goes_on) {
      absl::StrAppend(&specs.back(), ",", piece);
    } else {
      specs.push_back(piece);
    }
  }
  return specs;
}

}  // namespace collet::bench

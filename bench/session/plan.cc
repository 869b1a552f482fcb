// SPDX-License-Identifier: MIT
// plan.cc: names of cells and their order.
#include "bench/session/plan.h"

#include <algorithm>
#include <random>
#include <utility>

#include <absl/strings/str_cat.h>
#include <collet/quantity.h>

namespace collet::bench {
namespace {

struct Visit {
  std::size_t cell;
  bool twin;
};

using Table = std::vector<Visit>;

std::vector<Table> group_by_table(const std::vector<SessionCell>& cells) {
  std::vector<Table> tables;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (!cells[i].unavailable.empty()) continue;
    auto table = std::ranges::find_if(tables, [&](const Table& other) {
      return table_key(cells[other.front().cell].cell) == table_key(cells[i].cell);
    });
    if (table == tables.end()) table = tables.insert(tables.end(), Table());
    table->push_back({i, false});
    if (cells[i].baseline) table->push_back({i, true});
  }
  return tables;
}

std::vector<std::string> split_outside_parentheses(std::string_view list) {
  std::vector<std::string> pieces(1);
  int open = 0;
  for (const char c : list) {
    open += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c == ',' && open <= 0) {
      pieces.emplace_back();
    } else {
      pieces.back() += c;
    }
  }
  return pieces;
}

}  // namespace

std::string cell_name(const Cell& cell) {
  return cell.external.empty() ? absl::StrCat(cell.backend, "/", cell.pool) : cell.external;
}

std::string format_cell(const Cell& cell) {
  return cell.external.empty() ? absl::StrCat(cell.backend, " + ", cell.pool) : cell.external;
}

std::string table_key(const Cell& cell) {
  std::string key =
      absl::StrCat(cell.workload, " c=", cell.connections, " p=", cell.payload_bytes, " ");
  absl::StrAppend(&key, std::string(to_string(cell.placement)));
  if (cell.pipeline != 1) absl::StrAppend(&key, " d=", cell.pipeline);
  if (cell.rate_per_s != 0) {
    absl::StrAppend(&key, " r=", cell.rate_per_s);
  } else if (cell.rate_percent != 0) {
    absl::StrAppend(&key, " r=", cell.rate_percent, "%");
  }
  if (cell.work.count() != 0) absl::StrAppend(&key, " work=", format_duration(cell.work));
  if (cell.block.count() != 0) absl::StrAppend(&key, " block=", format_duration(cell.block));
  return key;
}

std::string cell_key(const Cell& cell) {
  return absl::StrCat(table_key(cell), " ", cell_name(cell));
}

std::vector<PlannedRun> make_plan(const std::vector<SessionCell>& cells, int blocks,
                                  std::uint64_t seed) {
  std::vector<PlannedRun> plan;
  std::mt19937_64 random(seed);
  for (int block = 0; block < blocks; ++block) {
    std::vector<Table> tables = group_by_table(cells);
    shuffle(tables, random);
    int order = 0;
    for (Table& table : tables) {
      shuffle(table, random);
      bool visited = false;  // the baseline: whichever visit comes first is no twin
      for (const Visit& visit : table) {
        const bool baseline = cells[visit.cell].baseline;
        plan.push_back({visit.cell, block, order++, baseline && std::exchange(visited, true)});
      }
    }
  }
  return plan;
}

std::vector<std::string> split_specs(std::string_view list) {
  std::vector<std::string> specs;
  for (const std::string& piece : split_outside_parentheses(list)) {
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

// SPDX-License-Identifier: MIT
// plan.h: which cells the matrix has, and in which order they run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

namespace collet::bench {

// One server under one load. Its runs are what is summarised.
struct Cell {
  std::string backend;  // a spec; for a by-hand cell the one in whose column it stands
  std::string pool;     // a spec; empty for a by-hand cell
  std::string workload;
  int connections = 0;
  bool by_hand = false;

  bool operator==(const Cell&) const = default;
};

// `epoll + mutex`, `by hand (epoll)`
std::string format_cell(const Cell& cell);

struct Axes {
  std::vector<std::string> backends;
  std::vector<std::string> pools;
  std::vector<std::string> workloads;
  std::vector<int> connections;
  std::vector<std::string> by_hand;  // names of backends that also have a hand-written server
  std::vector<std::string> not_by_hand = {};  // workloads that those do not serve
};

// Table by table (workload, connections); in each, pools by backends, then the servers by hand.
std::vector<Cell> make_cells(const Axes& axes);

struct PlannedRun {
  std::size_t cell = 0;  // index into the cells
  int block = 0;         // repetition: each block visits every cell once
  int order = 0;         // place in the block
};

// Every block has its own order: the tables shuffled, and the cells in each table shuffled, so that
// cells which are compared run close together in time and none always runs after the same one.
// The same seed gives the same plan on every machine.
std::vector<PlannedRun> make_plan(const std::vector<Cell>& cells, int blocks, std::uint64_t seed);

// `epoll` of `epoll:events=256`
std::string_view spec_name(std::string_view spec) noexcept;

// Splits `epoll:events=64,edge=true,asio` into `epoll:events=64,edge=true` and `asio`: what has a
// `=` but no `:` before it goes on the spec on its left. Empty pieces stay, for the caller to
// refuse.
std::vector<std::string> split_specs(std::string_view list);

}  // namespace collet::bench

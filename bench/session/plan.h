// SPDX-License-Identifier: MIT
// plan.h: which cells the matrix has, and in which order they run.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/measure/metric.h"
#include "bench/session/placement.h"

namespace collet::bench {

// One server under one load. Its runs are what is summarised.
struct Cell {
  std::string backend;   // a spec; empty for an external server
  std::string pool;      // a spec; empty for an external server
  std::string external;  // the name of a server that is not collet's; empty for collet-server
  std::string workload;
  int connections = 0;
  std::int64_t payload_bytes = 0;
  int pipeline = 1;
  Placement placement = Placement::split;
  std::chrono::nanoseconds work{0};   // CPU that collet-server burns for each request
  std::chrono::nanoseconds block{0};  // and its sleep
  std::int64_t rate_per_s = 0;        // of an open loop, over all connections; 0: a closed one
  int rate_percent = 0;  // of what the baseline reaches in a closed loop, if the rate is that
  Metric judged_by = Metric::server_cpu;  // what cells of a table are compared by; low is good

  bool operator==(const Cell&) const = default;
};

// What --baseline calls it: `epoll/inline`, or the name of an external server.
std::string cell_name(const Cell& cell);

// For people: `epoll + inline`.
std::string format_cell(const Cell& cell);

// What its table is about: `echo c=64 p=64 split`, with what else is not as usual. Cells with the
// same one are compared with each other.
std::string table_key(const Cell& cell);

// The two together name the cell in results: `echo c=64 p=64 split epoll/inline`.
std::string cell_key(const Cell& cell);

struct SessionCell {
  Cell cell;
  bool baseline = false;    // of its table
  std::string unavailable;  // why it cannot run here; empty if it can
};

struct PlannedRun {
  std::size_t cell = 0;  // index into the cells
  int block = 0;         // repetition: each block visits every cell once
  int order = 0;         // place in the block
  bool twin = false;     // the second visit of the baseline in this block
};

// The same place of a plan, whatever the order in its block.
inline bool is_same_visit(const PlannedRun& a, const PlannedRun& b) noexcept {
  return a.cell == b.cell && a.block == b.block && a.twin == b.twin;
}

// std::shuffle may differ between standard libraries; a plan must not.
template <typename T>
void shuffle(std::vector<T>& items, std::mt19937_64& random) {
  for (std::size_t left = items.size(); left > 1; --left) {
    std::swap(items[left - 1], items[random() % left]);
  }
}

// Every block has its own order: the tables shuffled, and the cells in each table shuffled, so that
// cells which are compared run close together in time and none always runs after the same one. The
// baseline of a table is visited twice, so that the same data say how it differs from itself. The
// same seed gives the same plan on every machine, and more blocks go on where fewer end.
std::vector<PlannedRun> make_plan(const std::vector<SessionCell>& cells, int blocks,
                                  std::uint64_t seed);

// Splits `epoll:events=64,edge=true,asio` into `epoll:events=64,edge=true` and `asio`: what has a
// `=` but no `:` before it goes on the spec on its left. Commas in parentheses belong to the
// decorated spec inside. Empty pieces stay, for the caller to refuse.
std::vector<std::string> split_specs(std::string_view list);

}  // namespace collet::bench

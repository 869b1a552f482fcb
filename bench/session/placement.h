// SPDX-License-Identifier: MIT
// placement.h: which CPUs the server gets and which the client. Part of a cell, because figures of
// different placements do not compare.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

namespace collet::bench {

enum class Placement : std::uint8_t {
  split,   // the first half for the server, the rest for the client; needs two CPUs
  shared,  // all for both, as on one machine in use; says least about either
  wide,    // all for the server, the last one also for the client: lets a pool work in parallel
};

// The error is a sentence for whoever typed --placement.
absl::StatusOr<Placement> parse_placement(std::string_view name);
std::string_view to_string(Placement placement) noexcept;

struct CpuSets {
  std::vector<int> server;
  std::vector<int> client;

  bool disjoint() const;
};

// The error says why `cpus` do not do.
absl::StatusOr<CpuSets> place(Placement placement, const std::vector<int>& cpus);

// The CPUs this process may run on.
std::vector<int> allowed_cpus();

// Restricts the calling thread. Makes no allocation, so that it may be called after fork().
bool pin_to(const std::vector<int>& cpus) noexcept;

// `0-3,8`
std::string format_cpus(const std::vector<int>& cpus);

}  // namespace collet::bench

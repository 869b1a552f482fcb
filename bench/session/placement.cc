// SPDX-License-Identifier: MIT
// placement.cc: CPU sets.
#include "bench/session/placement.h"

#include <sched.h>

#include <algorithm>
#include <cstddef>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

namespace collet::bench {

absl::StatusOr<Placement> parse_placement(std::string_view name) {
  for (const Placement placement : {Placement::split, Placement::shared, Placement::wide}) {
    if (name == to_string(placement)) return placement;
  }
  return absl::InvalidArgumentError(
      absl::StrFormat("--placement: \"%s\" is unknown: use split, shared or wide", name));
}

std::string_view to_string(Placement placement) noexcept {
  if (placement == Placement::split) return "split";
  return placement == Placement::shared ? "shared" : "wide";
}

bool CpuSets::disjoint() const {
  return std::ranges::none_of(server,
                              [&](int cpu) { return std::ranges::count(client, cpu) != 0; });
}

absl::StatusOr<CpuSets> place(Placement placement, const std::vector<int>& cpus) {
  if (placement == Placement::shared) return CpuSets{cpus, cpus};
  if (placement == Placement::wide) return CpuSets{cpus, {cpus.back()}};
  if (cpus.size() < 2) {
    return absl::FailedPreconditionError(
        "placement split needs two CPUs and there is one: use --placement shared");
  }
  const auto middle = cpus.begin() + static_cast<std::ptrdiff_t>(cpus.size() / 2);
  return CpuSets{{cpus.begin(), middle}, {middle, cpus.end()}};
}

std::vector<int> allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  std::vector<int> cpus;
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(static_cast<int>(cpu));
  }
  return cpus;
}

bool pin_to(const std::vector<int>& cpus) noexcept {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus) CPU_SET(static_cast<std::size_t>(cpu), &set);
  return sched_setaffinity(0, sizeof set, &set) == 0;
}

std::string format_cpus(const std::vector<int>& cpus) {
  std::string text;
  for (std::size_t i = 0; i < cpus.size();) {
    std::size_t last = i;
    while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1) ++last;
    absl::StrAppend(&text, text.empty() ? "" : ",", cpus[i]);
    if (last > i) absl::StrAppend(&text, "-", cpus[last]);
    i = last + 1;
  }
  return text;
}

}  // namespace collet::bench

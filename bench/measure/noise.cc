// SPDX-License-Identifier: MIT
// noise.cc: thresholds.
#include "bench/measure/noise.h"

#include <algorithm>

namespace collet::bench {
namespace {

constexpr double kStolen = 0.01;
constexpr double kForeign = 0.05;
constexpr double kRunDelay = 0.02;
constexpr double kSwitchesPerSecond = 500;

void add_once(std::vector<std::string>& flags, std::string_view flag) {
  std::string whole = std::string(kNoisy).append(flag);
  if (std::ranges::count(flags, whole) == 0) flags.push_back(std::move(whole));
}

}  // namespace

MachineUse machine_use(const MachineSample& start, const MachineSample& end,
                       const std::vector<int>& cpus, std::int64_t elapsed_ns) {
  MachineUse use;
  std::int64_t stolen_ns = 0;
  for (const auto& [cpu, now] : end.stolen_ns) {
    const auto before = start.stolen_ns.find(cpu);
    if (before == start.stolen_ns.end()) continue;
    stolen_ns += now - before->second;
    use.stolen_ns = std::max(use.stolen_ns, now - before->second);
  }
  const std::int64_t idle_ns = end.idle_ns - start.idle_ns;
  const auto all_ns = static_cast<std::int64_t>(cpus.size()) * elapsed_ns;
  use.busy_ns = std::max<std::int64_t>(0, all_ns - idle_ns - stolen_ns);
  for (const auto& [thread, now] : end.kernel_ns) {
    const auto before = start.kernel_ns.find(thread);
    if (before != start.kernel_ns.end()) use.kernel_cpu_ns += now - before->second;
  }
  // Not what is busy beyond our own time: waking an idle CPU takes time too, and is nobody's.
  use.foreign_cpu_ns = std::max<std::int64_t>(0, end.others_ns - start.others_ns);
  use.pressure_us = end.pressure_us - start.pressure_us;
  use.retransmits = end.retransmits - start.retransmits;
  use.listen_drops = end.listen_drops - start.listen_drops;
  return use;
}

std::vector<std::string> find_noise(const std::vector<Pinned>& programs, bool disjoint,
                                    const MachineUse& machine, std::int64_t elapsed_ns) {
  std::vector<std::string> flags;
  const auto elapsed = static_cast<double>(elapsed_ns);
  if (static_cast<double>(machine.stolen_ns) > kStolen * elapsed) add_once(flags, "steal");
  if (static_cast<double>(machine.foreign_cpu_ns) > kForeign * elapsed) add_once(flags, "foreign");
  for (const auto& [use, cpus] : programs) {
    const auto busy = static_cast<std::size_t>(use->busy_threads);
    if (!disjoint || busy > cpus->size()) continue;
    const auto delay = static_cast<double>(use->run_delay_ns - machine.kernel_cpu_ns);
    if (delay > kRunDelay * elapsed) add_once(flags, "run_delay");
    const double most = kSwitchesPerSecond * std::max(use->busy_threads, 1) * elapsed / 1e9;
    if (static_cast<double>(use->involuntary_switches) > most) add_once(flags, "switches");
    if (cpus->size() == 1 && use->migrations > 0) add_once(flags, "migrations");
  }
  return flags;
}

bool is_noisy(const std::vector<std::string>& flags) {
  return std::ranges::any_of(flags,
                             [](const std::string& flag) { return flag.starts_with(kNoisy); });
}

}  // namespace collet::bench

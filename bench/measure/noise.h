// SPDX-License-Identifier: MIT
// noise.h: whether something else than server and client had a say in a run. A noisy run is kept
// and marked, and repeated at the end of its block.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/measure/proc_sample.h"
#include "bench/session/placement.h"

namespace collet::bench {

// What the window took, and what of it was not the server's or the client's.
struct MachineUse {
  std::int64_t foreign_cpu_ns = 0;  // used by other programs, on whatever CPU
  std::int64_t kernel_cpu_ns = 0;   // used by the kernel's own threads, for whomever
  std::int64_t stolen_ns = 0;       // taken by the host of a virtual machine, on the worst CPU
  std::int64_t busy_ns = 0;         // of those CPUs together, whoever used them
  std::int64_t pressure_us = 0;     // some task waited for a CPU: reported, never a flag
  std::int64_t retransmits = 0;     // TCP segments that were sent again
  std::int64_t listen_drops = 0;    // connections that found an accept queue full
};

MachineUse machine_use(const MachineSample& start, const MachineSample& end,
                       const std::vector<int>& cpus, std::int64_t elapsed_ns);

// One of the two pinned programs, and what it ran on.
struct Pinned {
  const ProcessUse* use;
  const std::vector<int>* cpus;
};

// Flags, each beginning with kNoisy:
//   noisy_steal       the host took more than 1 % of the time of a CPU
//   noisy_foreign     other programs used more than 5 % of a core
//   noisy_run_delay   threads waited for their CPU for more than 2 % of the time, beyond what the
//                     kernel's own threads used: those work for the load as well
//   noisy_switches    a busy thread was put off its CPU more than 500 times a second
//   noisy_migrations  a thread changed its CPU though it has but one
// The last three only where a program has its CPUs for itself and no more busy threads than them:
// threads that share a CPU wait for each other, which is what is measured, no noise.
std::vector<std::string> find_noise(const std::vector<Pinned>& programs, bool disjoint,
                                    const MachineUse& machine, std::int64_t elapsed_ns);

constexpr std::string_view kNoisy = "noisy_";

bool is_noisy(const std::vector<std::string>& flags);

}  // namespace collet::bench

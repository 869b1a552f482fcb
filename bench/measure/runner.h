// SPDX-License-Identifier: MIT
// runner.h: one run: a fresh server, a fresh client, one measured window, one verdict.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bench/measure/noise.h"
#include "bench/measure/proc_sample.h"
#include "bench/measure/protocol.h"
#include "bench/session/plan.h"
#include "bench/session/settings.h"

namespace collet::bench {

enum class RunStatus : std::uint8_t {
  ok,
  failed,       // `reason` says why; a failed run has no figures
  interrupted,  // by the user
};

struct RunOutcome {
  RunStatus status = RunStatus::failed;
  std::string reason;
  std::optional<Listening> listening;  // as soon as the server said so, also of a failed run
  std::optional<LoadReport> load;      // as the client said, also of a failed run
  std::optional<ProcessUse> server;    // between the start and the end of the window
  std::optional<ProcessUse> client;    // if it still ran at the end of the window
  MachineUse machine;
  std::optional<std::int64_t> rss_before_bytes;  // of the server, before the client came
  // client_bound, noisy_sample, not_release, not_steady, few_samples, retransmits, listen_drops;
  // overloaded and client_late of an open loop; and those of noise.h.
  std::vector<std::string> flags;

  // Of a backend in the decorator `count`, over the whole life of the server.
  std::optional<CountedCalls> counted;
  std::optional<HandOff> hand_off;  // likewise, of a pool in it

  // What an instrument counted: allocations in the window, system calls from before the first
  // connection until after the last.
  std::optional<std::int64_t> allocations;
  std::map<std::string, std::int64_t> syscalls;

  bool has_flag(const std::string& flag) const;
};

// What a run may be made with; see instruments.h.
enum class Instrument : std::uint8_t { none, allocations, syscalls };

// Runs `cell` once. Ends early when `stop_fd` becomes readable. No process is left behind. With an
// instrument only what that counts means anything.
RunOutcome run_once(const Cell& cell, const Settings& settings, int stop_fd,
                    Instrument instrument = Instrument::none);

// Why the figures must not be used, or an empty string.
std::string find_fault(const LoadReport& load);

// True if the client of a closed loop used up its cores while the server did not: the rate is then
// the client's.
bool is_client_bound(const LoadReport& load, const ProcessUse& server, int client_cores,
                     int server_cores);

// True for builds that say something about speed.
bool is_release_build(const std::string& build);

}  // namespace collet::bench

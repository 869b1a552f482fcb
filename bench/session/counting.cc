// SPDX-License-Identifier: MIT
// counting.cc: a run for each instrument.
#include "bench/session/counting.h"

#include <algorithm>
#include <chrono>

#include <absl/strings/str_cat.h>
#include <collet/registry.h>

#include "bench/measure/runner.h"

namespace collet::bench {
namespace {

constexpr auto kWindow = std::chrono::milliseconds(300);  // counts need no more
constexpr std::int64_t kRequests = 5'000;                 // each costs a traced server up to 1 ms
constexpr std::int64_t kRequestsOfAConnection = 200;

void note(CountRecord& record, const char* what, const RunOutcome& outcome) {
  if (outcome.status == RunStatus::interrupted) record.reason = outcome.reason;
  if (outcome.status != RunStatus::failed) return;
  absl::StrAppend(&record.reason, record.reason.empty() ? "" : "; ", what, ": ", outcome.reason);
}

double per_request(std::int64_t count, const RunOutcome& outcome) {
  return static_cast<double>(count) / static_cast<double>(outcome.load->requests);
}

void count_allocations(const Cell& cell, const Settings& settings, int stop_fd,
                       CountRecord& record) {
  const RunOutcome outcome = run_once(cell, settings, stop_fd, Instrument::allocations);
  note(record, "allocations", outcome);
  if (outcome.status != RunStatus::ok) return;
  record.allocations_per_request = per_request(*outcome.allocations, outcome);
}

void count_syscalls(const Cell& cell, Settings settings, int stop_fd, CountRecord& record) {
  settings.requests = settings.unpipelined_workloads.contains(cell.workload)
                          ? kRequests
                          : std::max(kRequests, kRequestsOfAConnection * cell.connections);
  const RunOutcome outcome = run_once(cell, settings, stop_fd, Instrument::syscalls);
  note(record, "system calls", outcome);
  if (outcome.status != RunStatus::ok) return;
  double all = 0;
  for (const auto& [name, calls] : outcome.syscalls) {
    record.by_name[name] = per_request(calls, outcome);
    all += record.by_name[name];
  }
  record.syscalls_per_request = all;
}

// Tasks of a pool that is in `count` already are timed as it is: twice would be too often.
void time_hand_offs(Cell cell, const Settings& settings, int stop_fd, CountRecord& record) {
  if (name_in(cell.pool).find("count(") == std::string::npos) {
    cell.pool = absl::StrCat("count(", cell.pool, ")");
  }
  const RunOutcome outcome = run_once(cell, settings, stop_fd);
  note(record, "hand-offs", outcome);
  if (outcome.status != RunStatus::ok || !outcome.hand_off) return;
  record.handoff_p50_us = outcome.hand_off->p50_us;
  record.handoff_p99_us = outcome.hand_off->p99_us;
}

}  // namespace

std::size_t runs_of_counts(const Session& session, const std::vector<std::size_t>& cells) {
  const auto with_workers = std::ranges::count_if(cells, [&](std::size_t cell) {
    return has_workers(session.cells[cell].cell, session.settings);
  });
  return kRunsOfACount * cells.size() + static_cast<std::size_t>(with_workers);
}

bool can_be_counted(const SessionCell& cell) {
  return cell.unavailable.empty() && cell.cell.judged_by == Metric::server_cpu;
}

CountRecord count(const Session& session, std::size_t cell, int stop_fd) {
  CountRecord record;
  record.cell = cell;
  record.started_utc = utc_now();
  const Cell& one = session.cells[cell].cell;
  Settings settings = session.settings;
  settings.duration = std::min<std::chrono::nanoseconds>(settings.duration, kWindow);
  count_allocations(one, settings, stop_fd, record);
  count_syscalls(one, settings, stop_fd, record);
  if (has_workers(one, settings)) time_hand_offs(one, settings, stop_fd, record);
  return record;
}

}  // namespace collet::bench

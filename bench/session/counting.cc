// SPDX-License-Identifier: MIT
// counting.cc: two runs, each with its instrument.
#include "bench/session/counting.h"

#include <algorithm>
#include <chrono>

#include <absl/strings/str_cat.h>

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

}  // namespace

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
  return record;
}

}  // namespace collet::bench

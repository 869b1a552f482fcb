// SPDX-License-Identifier: MIT
// progress.cc: lines on stderr.
#include "bench/session/progress.h"

#include <cstdio>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>

#include "bench/show/figures.h"

namespace collet::bench {
namespace {

constexpr const char* kClearLine = "\r\x1b[K";

std::string label_of(const Cell& cell) {
  const std::string rate = cell.rate_per_s == 0 ? "" : absl::StrCat(" r=", cell.rate_per_s);
  return absl::StrFormat("%s c=%d%s %s", cell.workload, cell.connections, rate, format_cell(cell));
}

std::string verdict_of(Metric metric, const RunOutcome& outcome) {
  if (outcome.status != RunStatus::ok) return "FAILED: " + outcome.reason;
  const auto figure = measure(metric, outcome);
  return absl::StrCat(title_of(metric), " ", figure ? format_metric(metric, *figure) : "unknown",
                      ", ", format_rate(outcome.load->requests_per_s()),
                      outcome.flags.empty() ? "" : ", ", absl::StrJoin(outcome.flags, ", "));
}

}  // namespace

std::string format_time_left(std::chrono::nanoseconds left) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(left).count();
  if (seconds < 60) return absl::StrFormat("%ds", seconds);
  if (seconds < 3600) return absl::StrFormat("%dm%02ds", seconds / 60, seconds % 60);
  return absl::StrFormat("%dh%02dm", seconds / 3600, seconds / 60 % 60);
}

std::chrono::nanoseconds Progress::left() const {
  const std::size_t runs_left = runs_ - done_;
  if (done_ == 0) return expected_per_run_ * runs_left;
  return (std::chrono::steady_clock::now() - started_) / done_ * runs_left;
}

std::string Progress::position() const { return absl::StrFormat("[%d/%d]", done_, runs_); }

void Progress::begin(const Cell& cell) { begin(label_of(cell)); }

void Progress::finish(const Cell& cell, const RunOutcome& outcome) {
  finish(label_of(cell), outcome.status == RunStatus::failed, verdict_of(cell.judged_by, outcome));
}

void Progress::finish(const Cell& cell, const CountRecord& record, std::size_t runs) {
  done_ += runs - 1;
  const auto figure = [](const std::optional<double>& value) {
    return value ? format_figure(*value) : "unknown";
  };
  std::string what = absl::StrCat(figure(record.syscalls_per_request), " system calls and ",
                                  figure(record.allocations_per_request), " allocations a request");
  if (record.handoff_p50_us) {
    absl::StrAppend(&what, ", hand-off p50 ", format_microseconds(*record.handoff_p50_us));
  }
  if (!record.reason.empty()) absl::StrAppend(&what, ": ", record.reason);
  finish(label_of(cell), false, what);
}

void Progress::begin(const std::string& label) {
  if (style_ != Style::live) return;
  std::fprintf(stderr, "%s[%zu/%zu] %s   %s left", kClearLine, done_ + 1, runs_, label.c_str(),
               format_time_left(left()).c_str());
  std::fflush(stderr);
}

void Progress::finish(const std::string& label, bool failed, const std::string& verdict) {
  ++done_;
  if (style_ == Style::silent || (style_ == Style::live && !failed)) return;
  std::fprintf(stderr, "%s%s %s: %s", style_ == Style::live ? kClearLine : "", position().c_str(),
               label.c_str(), verdict.c_str());
  if (style_ == Style::lines) std::fprintf(stderr, ", %s left", format_time_left(left()).c_str());
  std::fputc('\n', stderr);
}

void Progress::end() {
  if (style_ == Style::live) std::fputs(kClearLine, stderr);
}

}  // namespace collet::bench

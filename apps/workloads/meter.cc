// SPDX-License-Identifier: MIT
// meter.cc: how the end of a client's connection is counted.
#include "apps/workloads/meter.h"

namespace collet::apps {

std::optional<Meter::Nanoseconds> Meter::take_scheduled(Nanoseconds now) {
  const auto due = next_due();
  if (!due || *due > now) return std::nullopt;
  arrivals_->advance();
  if (in_window(*due)) ++tally_.offered;
  return due;
}

void Meter::unfinished(Nanoseconds due, Nanoseconds now) noexcept {
  if (!open_loop_ || !in_window(due)) return;
  tally_.response.record(now - due);
  ++tally_.unfinished;
}

void Meter::give_up(Nanoseconds now) {
  while (const auto due = take_scheduled(window_end_)) unfinished(*due, now);
}

void Meter::closed(Failure failure, int error, std::size_t unanswered) {
  const bool out_of_patience = !patient_ && failure == Failure::timeout;
  if (ending_ && failure != Failure::wrong_bytes && !out_of_patience) failure = Failure::none;
  if (failure == Failure::none) {
    tally_.unanswered += unanswered;
  } else {
    ++tally_.failures[static_cast<std::size_t>(failure)];
    last_failure_ = failure;
    last_error_ = error;
  }
  on_client_closed(failure);
}

}  // namespace collet::apps

// SPDX-License-Identifier: MIT
// meter.cc: how the end of a client's connection is counted.
#include "apps/workloads/meter.h"

namespace collet::apps {

void Meter::closed(Failure failure, int error, std::size_t unanswered) {
  if (ending_ && failure != Failure::wrong_bytes) failure = Failure::none;
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

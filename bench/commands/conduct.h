// SPDX-License-Identifier: MIT
// conduct.h: how every command that measures behaves: towards signals, whoever watches, and builds
// that say nothing about speed.
#pragma once

#include <absl/status/status.h>

#include "bench/measure/process.h"
#include "bench/session/progress.h"

namespace collet::bench {

// Readable after SIGINT or SIGTERM, which no longer end this process.
Descriptor watch_stop_signals();

// Says which signal it was; returns the exit code for it.
int explain_signal(const Descriptor& stop);

Progress::Style progress_style(bool quiet);

// The error says what to build instead.
absl::Status check_build(bool accept_any_build);

}  // namespace collet::bench

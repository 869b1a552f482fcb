// SPDX-License-Identifier: MIT
// trace_signals.h: shows what the decorator `trace` has recorded, on SIGUSR1 and in a crash.
#pragma once

namespace collet::apps {

// For a program in which something is traced. From now on SIGUSR1 writes the traces to stderr, and
// so does what would end the process (SIGSEGV and its like), before it does.
void write_traces_on_signals() noexcept;

}  // namespace collet::apps

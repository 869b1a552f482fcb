// SPDX-License-Identifier: MIT
// trace.h: what the decorator `trace` has recorded, for programs that show it when asked or when
// they die.
#pragma once

namespace collet {

// Writes the last calls of every traced instance of this process to `fd`, oldest first. May be
// called from a signal handler, on any thread, while the instances go on.
void write_traces(int fd) noexcept;

}  // namespace collet

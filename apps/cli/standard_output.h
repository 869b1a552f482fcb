// SPDX-License-Identifier: MIT
// standard_output.h: where results go, and may get lost.
#pragma once

namespace collet::apps {

// The last thing a program does: `exit_code`, if all that was printed has left for standard output;
// else, after a sentence on standard error, 2. Whoever reads a pipe may close it: that loses
// nothing.
int end_output(const char* program, int exit_code) noexcept;

}  // namespace collet::apps

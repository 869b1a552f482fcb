// SPDX-License-Identifier: MIT
// apart.h: asks somebody else's code a question in a process of its own, which it may crash.
#pragma once

#include <functional>

#include <absl/status/status.h>

namespace collet::bench {

// What `ask` returns, from a child of this process; Aborted, with the name of the signal, if it did
// not come so far, or not within ten seconds. Only the answer outlives the child. Not for a process
// with threads.
absl::Status ask_apart(const std::function<absl::Status()>& ask);

}  // namespace collet::bench

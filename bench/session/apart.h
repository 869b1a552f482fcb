// SPDX-License-Identifier: MIT
// apart.h: asks somebody else's code a question in a process of its own, which it may crash.
#pragma once

#include <chrono>
#include <functional>
#include <string_view>

#include <absl/status/status.h>

namespace collet::bench {

// What `ask` returns, from a child of this process. Aborted, with what became of the child instead
// (`ended the process that tried it, by Segmentation fault`), if it did not come so far, or not
// within ten seconds. Only the answer outlives the child: what it prints is dropped. Not for a
// process with threads.
absl::Status ask_apart(const std::function<absl::Status()>& ask);
absl::Status ask_apart_within(std::chrono::milliseconds patience,
                              const std::function<absl::Status()>& ask);

// Whether `spec`, which `flag` named, runs, as `ask` finds out: if that is Aborted, it does not.
absl::Status try_apart(std::string_view flag, std::string_view spec,
                       const std::function<absl::Status()>& ask);

}  // namespace collet::bench

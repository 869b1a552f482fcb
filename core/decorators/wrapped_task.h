// SPDX-License-Identifier: MIT
// wrapped_task.h: a task inside another one, which does more than its work; and out again, since a
// task refused is the caller's as it was (T1).
#pragma once

#include <memory>
#include <utility>

#include <collet/task.h>

namespace collet {

// `Around` has a member `task`, and run(), which runs it. It goes with what `task` is from now on.
template <typename Around>
Around* wrap(Task& task, Around around) {
  auto made = std::make_unique<Around>(std::move(around));
  Around* const known = made.get();
  known->task = std::move(task);
  task = Task([kept = std::move(made)] { kept->run(); });
  return known;
}

// `around` is what wrap() returned.
template <typename Around>
void unwrap(Task& task, Around& around) noexcept {
  Task own = std::move(around.task);
  task = std::move(own);
}

}  // namespace collet

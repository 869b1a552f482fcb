// SPDX-License-Identifier: MIT
// describe.h: what the two backends on io_uring say of themselves alike.
#pragma once

#include <collet/option.h>

#include "backends/io_uring/uring.h"

namespace collet {

// By default the best that this kernel knows, so that the effective options say which it is.
inline OptionDescription task_run_option() noexcept {
  return {
      "taskrun",
      OptionType::integer,
      static_cast<std::int64_t>(best_task_run()),
      0,
      2,
      "how requests are finished: 0 when the loop enters the kernel to wait (Linux 6.1), 1 when "
      "it enters it for anything (5.19), 2 by interrupting it"};
}

inline TaskRun task_run_of(const OptionValues& options) noexcept {
  return static_cast<TaskRun>(options["taskrun"]);
}

// Why there is no ring.
void explain(int error, TaskRun mode, Refusal& why_not) noexcept;

// As epoll does, files whose readiness is no question are refused. Returns 0 or an errno.
int why_not_watched(int fd) noexcept;

}  // namespace collet

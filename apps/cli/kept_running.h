// SPDX-License-Identifier: MIT
// kept_running.h: says so where a plugin or a handler ends the program at work. With its own exit
// code that could look like a stop that was asked for.
#pragma once

namespace collet::apps {

// While the only one there is lives, exit() on any thread prints a sentence that begins with
// `program`, which must outlive it, and the process ends with 1. Handlers of exit() that are
// registered later come first: what they know better, they say.
class KeptRunning {
 public:
  explicit KeptRunning(const char* program) noexcept;
  ~KeptRunning();
  KeptRunning(const KeptRunning&) = delete;
  KeptRunning& operator=(const KeptRunning&) = delete;
};

}  // namespace collet::apps

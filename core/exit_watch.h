// SPDX-License-Identifier: MIT
// exit_watch.h: says so where a plugin ends the process while it is loaded or probed. With the
// plugin's own exit code that could look like success.
#pragma once

namespace collet {

// While one lives, exit() prints a sentence that names `whose`, which must outlive it, and the
// process ends with 2. One at a time, on any one thread.
class ExitWatch {
 public:
  explicit ExitWatch(const char* whose) noexcept;
  ~ExitWatch();
  ExitWatch(const ExitWatch&) = delete;
  ExitWatch& operator=(const ExitWatch&) = delete;
};

}  // namespace collet

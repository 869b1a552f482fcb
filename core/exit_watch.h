// SPDX-License-Identifier: MIT
// exit_watch.h: says so where a plugin ends the process while it is loaded, probed or made. With
// the plugin's own exit code that could look like success.
#pragma once

namespace collet {

// While one lives, exit() on its thread prints a sentence that names `whose`, which must outlive
// it, and the process ends with 2. One inside of another stands for itself.
class ExitWatch {
 public:
  explicit ExitWatch(const char* whose) noexcept;
  ~ExitWatch();
  ExitWatch(const ExitWatch&) = delete;
  ExitWatch& operator=(const ExitWatch&) = delete;

 private:
  const char* const around_;
};

}  // namespace collet

// SPDX-License-Identifier: MIT
// arena.h: threads of oneTBB. Apart from the pool, because its source is compiled without
// ThreadSanitizer: that cannot see how the distribution's libtbb hands a task over, and takes what
// oneTBB's own headers do around it for races. The pool itself stays under its eye.
#pragma once

#include <cstddef>
#include <memory>

namespace collet {

class Arena {
 public:
  // `workers` threads, beside whatever else oneTBB does in this process. Throws a std::exception
  // that says so if they cannot be had.
  explicit Arena(std::size_t workers);
  ~Arena();

  // Calls serve(with) on one of the threads. At most `workers` such calls are under way at once.
  void enqueue(void (*serve)(void*) noexcept, void* with) noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace collet

// SPDX-License-Identifier: MIT
// within.h: whether this thread is inside of a pool, running its tasks. Who waits there for the
// pool to end waits for himself.
#pragma once

namespace collet {

// While one lives, its thread is within `pool`; and within those of others around it, where a task
// of one pool runs a task of another in place.
class Within {
 public:
  explicit Within(const void* pool) noexcept : pool_(pool), outer_(innermost) { innermost = this; }
  ~Within() { innermost = outer_; }
  Within(const Within&) = delete;
  Within& operator=(const Within&) = delete;

  static bool is(const void* pool) noexcept {
    const Within* level = innermost;
    while (level != nullptr && level->pool_ != pool) level = level->outer_;
    return level != nullptr;
  }

 private:
  // Of the kind that a thread has from its beginning, also where the pool is a plugin: the other
  // kind costs a call, and g++ 12's leak sanitizer crashes at it.
  [[gnu::tls_model("initial-exec")]] static inline constinit thread_local const Within* innermost =
      nullptr;

  const void* const pool_;
  const Within* const outer_;
};

}  // namespace collet

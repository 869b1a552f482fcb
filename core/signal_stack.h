// SPDX-License-Identifier: MIT
// signal_stack.h: where a thread's signal handlers run when its own stack is used up.
#pragma once

#include <signal.h>

#include <array>
#include <cstddef>

namespace collet {

// For the thread that makes and destroys it. One that the thread has already, from a sanitizer, is
// left as it is.
class SignalStack {
 public:
  SignalStack() noexcept {
    stack_t present{};
    if (::sigaltstack(nullptr, &present) != 0 || (present.ss_flags & SS_DISABLE) == 0) return;
    stack_t mine{};
    mine.ss_sp = bytes_.data();
    mine.ss_size = bytes_.size();
    is_set_ = ::sigaltstack(&mine, nullptr) == 0;
  }
  ~SignalStack() {
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    if (is_set_) ::sigaltstack(&none, nullptr);
  }
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;

 private:
  static constexpr std::size_t kBytes = 32 * 1024;  // the kernel's own part is up to 11 of it

  std::array<std::byte, kBytes> bytes_;
  bool is_set_ = false;
};

}  // namespace collet

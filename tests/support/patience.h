// SPDX-License-Identifier: MIT
// patience.h: waiting in tests: for something that can be seen, and never for ever.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace collet::integration {

// Long enough for a slow and busy machine; only a test that fails ever waits so long.
constexpr std::chrono::seconds kPatience{30};

// Sanitizers make programs up to twenty times slower, and memory figures meaningless.
// g++ defines a macro, Clang has a feature.
#if defined(__SANITIZE_THREAD__)
#define COLLET_THREAD_SANITIZED 1
#elif defined(__has_feature)
#define COLLET_THREAD_SANITIZED __has_feature(thread_sanitizer)
#else
#define COLLET_THREAD_SANITIZED 0
#endif
constexpr bool kThreadSanitized = COLLET_THREAD_SANITIZED;
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = kThreadSanitized;
#endif

// Looks until `holds` does; false if that takes longer than `patience`.
template <typename Condition>
bool eventually(const Condition& holds, std::chrono::milliseconds patience = kPatience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

// Holds whoever comes until it is opened.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  // False if nobody opens it.
  bool pass() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

}  // namespace collet::integration

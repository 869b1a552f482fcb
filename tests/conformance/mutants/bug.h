// SPDX-License-Identifier: MIT
// bug.h: how a mutant is told which of its bugs to have. Each bug is an option of the mutant, off
// by default, and the help of the option begins with the rule that it breaks.
#pragma once

#include <unistd.h>

#include <atomic>
#include <cstring>
#include <mutex>
#include <span>
#include <thread>
#include <utility>

#include <collet/option.h>

namespace collet::mutants {

constexpr OptionDescription bug(const char* name, const char* help) {
  return {name, OptionType::boolean, 0, 0, 1, help};
}

// The one bug that is on, or none.
class Bug {
 public:
  Bug(std::span<const OptionDescription> bugs, const OptionValues& options) {
    for (const OptionDescription& one : bugs) {
      if (options[one.name] != 0) name_ = one.name;
    }
  }

  bool is(const char* name) const noexcept { return std::strcmp(name_, name) == 0; }

 private:
  const char* name_ = "";
};

// Of wakes, those that one thread makes while no other does. Any thread.
class WakesInARow {
 public:
  // Counts one more. Whether it is the one to lose.
  bool is_lost() {
    const std::lock_guard lock(mutex_);
    if (std::exchange(last_, std::this_thread::get_id()) != std::this_thread::get_id()) count_ = 0;
    return ++count_ == 15'000;
  }

 private:
  std::mutex mutex_;
  std::thread::id last_;
  int count_ = 0;
};

// A thread that is busy with nothing, until this goes.
class SpinningThread {
 public:
  SpinningThread()
      : thread_([this] {
          while (!over_) continue;
        }) {}
  ~SpinningThread() {
    over_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> over_{false};
  std::thread thread_;
};

// A thread that nobody ends.
inline void leave_thread_behind() {
  std::thread([] { ::pause(); }).detach();
}

}  // namespace collet::mutants

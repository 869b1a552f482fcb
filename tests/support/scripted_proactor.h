// SPDX-License-Identifier: MIT
// scripted_proactor.h: a Proactor without sockets, whose time and completions the test decides.
//
// Each run() takes one step of the script. When the script is over, time jumps to the deadline, so
// that no test waits for a timer; without a deadline, run() blocks until wake(), as real ones do.
#pragma once

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include <collet/proactor.h>

namespace collet {

class ScriptedProactor final : public Proactor {
 public:
  using Nanoseconds = std::chrono::nanoseconds;
  using Step = std::function<void(CompletionSink& sink)>;

  // What the next run() that has no earlier step to take does, instead of waiting.
  void then(Step step) { script_.push_back(std::move(step)); }

  // The clock moves only by this and by waiting. Loop thread only.
  void advance(Nanoseconds by) { now_ += by; }

  // What run() says from now on: whether it handed over all there was.
  void complete_passes(bool complete) { complete_ = complete; }

  // The deadlines that run() was given; min() where it was not to block.
  const std::vector<Nanoseconds>& deadlines() const { return deadlines_; }

  std::uint64_t wakes() {
    const std::lock_guard lock(mutex_);
    return wakes_;
  }

  Nanoseconds now() noexcept override { return now_; }

  bool run(Nanoseconds deadline, CompletionSink& sink) noexcept override {
    deadlines_.push_back(deadline);
    if (!script_.empty()) {
      const Step step = std::move(script_.front());
      script_.pop_front();
      step(sink);
    } else if (deadline == Nanoseconds::max()) {
      std::unique_lock lock(mutex_);
      woken_.wait(lock, [this] { return wake_pending_; });
    } else if (deadline > now_ && !is_woken()) {
      now_ = deadline;
    }
    const std::lock_guard lock(mutex_);
    wake_pending_ = false;
    return complete_;
  }

  void wake() noexcept override {
    const std::lock_guard lock(mutex_);
    ++wakes_;
    wake_pending_ = true;
    woken_.notify_one();
  }

  // There is nothing to open, so nothing can be done with a handle.
  Opened listen(const Endpoint&, const ListenOptions&, Token) noexcept override { return none(); }
  Opened connect(const Endpoint&, const Endpoint*, Token) noexcept override { return none(); }
  Opened adopt(int, Token) noexcept override { return none(); }
  Opened watch(int, Interest, Token) noexcept override { return none(); }
  int bind(Handle, Token) noexcept override { return EBADF; }
  int start(Handle) noexcept override { return EBADF; }
  int stop(Handle) noexcept override { return EBADF; }
  std::size_t send_now(Handle, std::span<const std::byte>) noexcept override { return 0; }
  int send(Handle, std::span<const std::byte>) noexcept override { return EBADF; }
  int shutdown(Handle) noexcept override { return EBADF; }
  int close(Handle, bool) noexcept override { return EBADF; }
  int release(Handle) noexcept override { return -1; }
  Endpoint endpoint(Handle, Side) noexcept override { return {}; }
  Counters counters() const noexcept override { return {}; }

 private:
  static Opened none() noexcept { return {{}, ENOSYS}; }

  bool is_woken() {
    const std::lock_guard lock(mutex_);
    return wake_pending_;
  }

  Nanoseconds now_ = std::chrono::seconds(1000);
  bool complete_ = true;
  std::deque<Step> script_;
  std::vector<Nanoseconds> deadlines_;
  std::mutex mutex_;  // of what follows
  std::condition_variable woken_;
  bool wake_pending_ = false;
  std::uint64_t wakes_ = 0;
};

}  // namespace collet

// SPDX-License-Identifier: MIT
// stop_signals.h: SIGINT and SIGTERM, as calls on an event loop.
#pragma once

#include <functional>

#include <absl/status/status.h>
#include <collet/event_loop.h>

namespace collet::apps {

// The first signal is told to the loop; a second one, 100 ms later or more, ends the process at
// once with exit code 128 + its number, whatever the loop is doing.
class StopSignals final : private CompletionHandler {
 public:
  // Blocks the two signals. Make it before any other thread, which would otherwise take them.
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // From now on `on_signal` is called with the first signal's number, once, on the loop. This
  // outlives the loop.
  absl::Status watch(EventLoop& loop, std::function<void(int)> on_signal);

 private:
  void on_completion(Completion& completion) noexcept override;

  int descriptor_ = -1;
  std::function<void(int)> on_signal_;
};

}  // namespace collet::apps

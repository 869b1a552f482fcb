// SPDX-License-Identifier: MIT
// load_run.h: one run of collet-load, from the first connection to the report.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <absl/status/status.h>
#include <collet/event_loop.h>
#include <collet/thread_pool.h>

#include "apps/cli/stop_signals.h"
#include "apps/load/client_thread.h"
#include "apps/load/options.h"
#include "apps/load/report.h"

namespace collet::apps {

// The calling thread keeps the time and the threads of the load do the rest. Phases: connections
// come up; warm-up; the measured window; the end. With a number of requests to send the window
// opens at once and closes with the last answer.
class LoadRun {
 public:
  LoadRun(const LoadOptions& options, StopSignals& signals);

  // Makes everything without connecting anything yet.
  absl::Status prepare(const Registry& registry);

  // Returns when the report has been printed. The exit code: 0 if every request was answered
  // rightly, else 1.
  int run();

 private:
  using Nanoseconds = std::chrono::nanoseconds;
  enum class Phase { connecting, warming, measuring, over };

  // How a thread's connections went, if they did not go well.
  struct Trouble {
    bool failed = false;
    Failure failure = Failure::none;
    int error = 0;
  };

  absl::StatusOr<std::unique_ptr<ClientThread>> make_thread(const Registry& registry,
                                                            std::size_t index);
  static Trouble trouble_of(const Meter& meter);
  std::string reason_of(const Trouble& trouble) const;
  void thread_up(const Trouble& trouble);
  void thread_done();
  void stop_waiting();
  void begin_warmup();
  void begin_window();
  void end_window();
  void interrupted();
  void fail(std::string why);
  void finish_threads();
  void tick();
  void count_answers();
  void show_progress(std::uint64_t answered);
  void announce(const std::string& event) const;
  bool ever_answered() const noexcept;
  std::uint64_t answered_so_far() const noexcept;
  Nanoseconds last_answer() const noexcept;
  int report();
  void explain_failures(const Tally& tally) const;

  const LoadOptions& options_;
  StopSignals& signals_;
  std::unique_ptr<EventLoop> loop_;
  std::vector<std::unique_ptr<ClientThread>> threads_;
  Phase phase_ = Phase::connecting;
  std::size_t threads_up_ = 0;
  Trouble at_first_;
  std::size_t threads_done_ = 0;
  Nanoseconds window_begin_{};
  Nanoseconds window_end_ = Nanoseconds::max();
  Nanoseconds cpu_at_begin_{};
  Nanoseconds cpu_in_window_{};
  std::uint64_t answered_at_tick_ = 0;
  std::uint64_t answered_at_count_ = 0;
  std::vector<std::uint64_t> answered_by_100ms_;
  Nanoseconds progress_at_{};  // when a request was last seen to have been answered
  bool shows_progress_ = false;
  std::string failure_;
};

}  // namespace collet::apps

// SPDX-License-Identifier: MIT
// stop_signals.cc: a signalfd for the first signal, a plain handler for the second.
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <string_view>
#include <utility>

#include <absl/strings/str_format.h>

#include "apps/cli/error_words.h"
#include "apps/cli/stop_signals.h"

namespace collet::apps {
namespace {

sigset_t stop_signals() noexcept {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

// A terminal and timeout(1) may deliver one wish twice, to the process and to its group.
constexpr std::int64_t kSameWishNs = 100'000'000;

std::int64_t now_ns() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * std::int64_t{1'000'000'000} + time.tv_nsec;
}

std::atomic<std::int64_t> first_signal_ns{0};

extern "C" void end_at_once(int signal) {
  if (now_ns() - first_signal_ns.load(std::memory_order_relaxed) < kSameWishNs) return;
  constexpr std::string_view kWords = "second signal: ending at once\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kWords.data(), kWords.size());
  ::_exit(128 + signal);
}

// A loop that is stuck in a long call would not see a second signal: from now on the kernel
// delivers it to this thread, wherever it is.
void let_next_signal_end_the_process() noexcept {
  struct sigaction action {};
  action.sa_handler = end_at_once;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  const sigset_t set = stop_signals();
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace

StopSignals::StopSignals() {
  const sigset_t set = stop_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  descriptor_ = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

StopSignals::~StopSignals() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

absl::Status StopSignals::watch(EventLoop& loop, std::function<void(int)> on_signal) {
  on_signal_ = std::move(on_signal);
  const auto [handle, error] = loop.proactor().watch(descriptor_, Interest::read, token_of(*this));
  const int failed = error != 0 ? error : loop.proactor().start(handle);
  if (failed == 0) return absl::OkStatus();
  return absl::InternalError("the backend cannot watch for signals: " + error_words(failed));
}

void StopSignals::on_completion(Completion& completion) noexcept {
  if (completion.operation != Operation::ready) return;
  signalfd_siginfo info{};
  if (::read(descriptor_, &info, sizeof info) != sizeof info || !on_signal_) return;
  first_signal_ns.store(now_ns(), std::memory_order_relaxed);
  let_next_signal_end_the_process();
  std::exchange(on_signal_, {})(static_cast<int>(info.ssi_signo));
}

}  // namespace collet::apps

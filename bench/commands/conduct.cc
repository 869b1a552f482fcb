// SPDX-License-Identifier: MIT
// conduct.cc: signals, progress and builds.
#include "bench/commands/conduct.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>

#include <absl/strings/str_cat.h>

#include "bench/commands/commands.h"
#include "bench/session/start.h"

namespace collet::bench {

Descriptor watch_stop_signals() {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGINT);
  sigaddset(&stop, SIGTERM);
  sigprocmask(SIG_BLOCK, &stop, nullptr);
  return Descriptor(signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK));
}

int explain_signal(const Descriptor& stop) {
  signalfd_siginfo signal{};
  if (read(stop.get(), &signal, sizeof signal) != sizeof signal) return kSignal + SIGINT;
  const int number = static_cast<int>(signal.ssi_signo);
  std::fprintf(stderr, "collet-bench: stopped by signal %d (%s) from process %u\n", number,
               strsignal(number), signal.ssi_pid);
  return kSignal + number;
}

Progress::Style progress_style(bool quiet) {
  if (quiet) return Progress::Style::silent;
  return isatty(STDERR_FILENO) == 1 ? Progress::Style::live : Progress::Style::lines;
}

absl::Status check_build(bool accept_any_build) {
  const std::string fault = find_build_fault();
  if (fault.empty() || accept_any_build) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("this is ", fault,
                   ", which says nothing about speed: build with `cmake --preset release`, "
                   "or give --accept-any-build to see figures that are no results"));
}

}  // namespace collet::bench

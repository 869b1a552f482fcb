// SPDX-License-Identifier: MIT
// trace_signals.cc: handlers that do nothing but write.
#include "apps/cli/trace_signals.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <initializer_list>

#include <collet/trace.h>

namespace collet::apps {
namespace {

extern "C" void write_and_go_on(int) {
  const int error = errno;
  write_traces(STDERR_FILENO);
  errno = error;
}

std::atomic<pid_t> writer{0};  // the thread that crashed first, once one has

// Threads tend to crash together: the first one writes and ends the process, the others wait for
// that. Crashed once more while it writes, it ends the process at once.
extern "C" void write_and_die(int signal) {
  const pid_t self = ::gettid();
  pid_t first = 0;
  if (writer.compare_exchange_strong(first, self)) {
    write_traces(STDERR_FILENO);
  } else if (first != self) {
    for (;;) ::pause();
  }
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

void handle(int signal, void (*handler)(int), int flags) noexcept {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

void write_traces_on_signals() noexcept {
  handle(SIGUSR1, write_and_go_on, SA_RESTART | SA_ONSTACK);
  for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE}) {
    handle(signal, write_and_die, SA_ONSTACK);
  }
}

}  // namespace collet::apps

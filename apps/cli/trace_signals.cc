// SPDX-License-Identifier: MIT
// trace_signals.cc: handlers that do nothing but write.
#include "apps/cli/trace_signals.h"

#include <unistd.h>

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

// The handler is gone by now (SA_RESETHAND): raised again, the signal takes its usual way.
extern "C" void write_and_die(int signal) {
  write_traces(STDERR_FILENO);
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
    handle(signal, write_and_die, static_cast<int>(SA_RESETHAND) | SA_ONSTACK);
  }
}

}  // namespace collet::apps

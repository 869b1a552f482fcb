// SPDX-License-Identifier: MIT
// kept_running.cc: a handler of exit(), registered once.
#include "apps/cli/kept_running.h"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace collet::apps {
namespace {

std::atomic<const char*> running{nullptr};

void speak() {
  const char* program = running.load();
  if (program == nullptr) return;
  std::fprintf(stderr, "%s: a plugin or a handler called exit() while it was at work\n", program);
  ::_exit(1);
}

}  // namespace

KeptRunning::KeptRunning(const char* program) noexcept {
  [[maybe_unused]] static const int registered = std::atexit(speak);
  running = program;
}

KeptRunning::~KeptRunning() { running = nullptr; }

}  // namespace collet::apps

// SPDX-License-Identifier: MIT
// exit_watch.cc: a handler of exit(), registered once.
#include "core/exit_watch.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace collet {
namespace {

// Handlers run on the thread that called exit().
constinit thread_local const char* watched = nullptr;

void speak() {
  if (watched == nullptr) return;
  std::fprintf(stderr,
               "\"%s\" ended the program when it was loaded, probed or made: do without it\n",
               watched);
  ::_exit(2);
}

}  // namespace

ExitWatch::ExitWatch(const char* whose) noexcept : around_(std::exchange(watched, whose)) {
  [[maybe_unused]] static const int registered = std::atexit(speak);
}

ExitWatch::~ExitWatch() { watched = around_; }

}  // namespace collet

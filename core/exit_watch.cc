// SPDX-License-Identifier: MIT
// exit_watch.cc: a handler of exit(), registered once.
#include "core/exit_watch.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace collet {
namespace {

const char* watched = nullptr;

void speak() {
  if (watched == nullptr) return;
  std::fprintf(stderr, "\"%s\" ended the program when it was loaded or probed: do without it\n",
               watched);
  ::_exit(2);
}

}  // namespace

ExitWatch::ExitWatch(const char* whose) noexcept {
  [[maybe_unused]] static const int registered = std::atexit(speak);
  watched = whose;
}

ExitWatch::~ExitWatch() { watched = nullptr; }

}  // namespace collet

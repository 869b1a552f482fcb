// SPDX-License-Identifier: MIT
// standard_output.cc: what stdio remembers of its failures.
#include "apps/cli/standard_output.h"

#include <poll.h>
#include <unistd.h>

#include <cstdio>

namespace collet::apps {
namespace {

constexpr int kLost = 2;

// Of an error at an earlier flush stdio keeps no errno; the pipe itself still knows.
bool reader_has_gone() noexcept {
  pollfd output{STDOUT_FILENO, POLLOUT, 0};
  return ::poll(&output, 1, 0) == 1 && (output.revents & (POLLERR | POLLHUP)) != 0;
}

}  // namespace

int end_output(const char* program, int exit_code) noexcept {
  const bool flushed = std::fflush(stdout) == 0;
  if ((flushed && std::ferror(stdout) == 0) || reader_has_gone()) return exit_code;
  std::fprintf(stderr,
               "%s: not all of its output could be written: standard output must be open, and its "
               "disk have room\n",
               program);
  return kLost;
}

}  // namespace collet::apps

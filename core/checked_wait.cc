// SPDX-License-Identifier: MIT
// checked_wait.cc: the end of a process whose Poller cannot count.
#include "core/checked_wait.h"

#include <cstdio>
#include <cstdlib>

namespace collet {

void end_for_too_many(std::size_t count, std::size_t room) noexcept {
  std::fprintf(
      stderr,
      "collet: wait() of a backend reported %zu events, and there is room for %zu: it must "
      "return how many it has filled in, and 0 where the system says -1\n",
      count, room);
  std::abort();
}

}  // namespace collet

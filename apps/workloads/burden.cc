// SPDX-License-Identifier: MIT
// burden.cc: spending time on purpose.
#include <thread>

#include "apps/workloads/workload.h"

namespace collet::apps {

void Burden::suffer() const {
  using Clock = std::chrono::steady_clock;
  if (work.count() != 0) {
    const auto end = Clock::now() + work;
    while (Clock::now() < end) {
    }
  }
  if (block.count() != 0) std::this_thread::sleep_for(block);
}

}  // namespace collet::apps

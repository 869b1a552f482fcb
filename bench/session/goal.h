// SPDX-License-Identifier: MIT
// goal.h: what `slo` and `advise` are about.
#pragma once

#include <chrono>

namespace collet::bench {

// What a session may ask of every cell: that this percentile of the response time stays within the
// limit. It then looks for the highest rate at which it does.
struct Goal {
  double percent = 99;  // 99 or 99.9
  std::chrono::nanoseconds limit{0};
  bool compares = false;  // then says which of the best cannot be told apart by their cost
};

}  // namespace collet::bench

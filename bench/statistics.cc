// SPDX-License-Identifier: MIT
// statistics.cc: order statistics of a few values.
#include "bench/statistics.h"

#include <algorithm>

namespace collet::bench {

Summary summarize(std::vector<double> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  const std::size_t n = values.size();
  const double median = (values[(n - 1) / 2] + values[n / 2]) / 2;
  return {n, median, values.front(), values.back()};
}

}  // namespace collet::bench

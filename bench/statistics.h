// SPDX-License-Identifier: MIT
// statistics.h: what several runs of one cell say together. The run is the unit, never the request.
#pragma once

#include <cstddef>
#include <vector>

namespace collet::bench {

struct Summary {
  std::size_t n = 0;
  double median = 0;  // of an even number: the mean of the middle two
  double min = 0;
  double max = 0;
};

// All zero for no values.
Summary summarize(std::vector<double> values);

}  // namespace collet::bench

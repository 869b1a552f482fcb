// SPDX-License-Identifier: MIT
// arrivals.cc: uniform due times from the request's number, so that no rounding adds up.
#include "apps/workloads/arrivals.h"

#include <cmath>

namespace collet::apps {

Arrivals::Arrivals(const ArrivalPlan& plan, Nanoseconds begin)
    : plan_(plan), begin_(begin), due_(begin), random_(plan.part + 1) {
  if (plan_.spacing == Spacing::uniform) {
    due_ += Nanoseconds(std::llround(static_cast<double>(plan_.part) * 1e9 / plan_.rate_per_s));
  } else {
    advance();
  }
}

void Arrivals::advance() {
  const double mean_ns = 1e9 / plan_.rate_per_s;  // between requests of all parts
  if (plan_.spacing == Spacing::uniform) {
    const std::uint64_t number = ++index_ * plan_.parts + plan_.part;
    due_ = begin_ + Nanoseconds(std::llround(static_cast<double>(number) * mean_ns));
  } else {
    poisson_ns_ += gap_(random_) * mean_ns * static_cast<double>(plan_.parts);
    due_ = begin_ + Nanoseconds(std::llround(poisson_ns_));
  }
}

}  // namespace collet::apps

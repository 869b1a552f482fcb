// SPDX-License-Identifier: MIT
// arrivals.h: when the requests of an open loop are due, whether the server keeps up or not.
//
// A schedule is a generator, not a queue: the request to be sent next and the time it was due are
// all that is kept, however far behind its time it is. So an overload costs no memory.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>

namespace collet::apps {

enum class Spacing : std::uint8_t {
  uniform,  // equal gaps
  poisson,  // independent arrivals: exponential gaps
};

// The part of one thread of `rate_per_s` requests over all. Uniform parts interleave, so that
// threads do not send at the same moments; Poisson parts are Poisson again.
struct ArrivalPlan {
  double rate_per_s = 0;  // over all parts; 0: closed loop, no schedule
  Spacing spacing = Spacing::uniform;
  std::size_t parts = 1;
  std::size_t part = 0;
};

class Arrivals {
 public:
  using Nanoseconds = std::chrono::nanoseconds;

  Arrivals(const ArrivalPlan& plan, Nanoseconds begin);

  // When the next request is due; advance() moves on to the one after.
  Nanoseconds due() const noexcept { return due_; }
  void advance();

 private:
  ArrivalPlan plan_;
  Nanoseconds begin_;
  Nanoseconds due_;
  std::uint64_t index_ = 0;  // of the next request, in this part
  double poisson_ns_ = 0;    // since begin_
  std::mt19937_64 random_;
  std::exponential_distribution<double> gap_;
};

}  // namespace collet::apps

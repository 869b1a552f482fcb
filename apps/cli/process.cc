// SPDX-License-Identifier: MIT
// process.cc: limits, affinity and usage of this process.
#include <sys/resource.h>
#include <sys/time.h>

#include <algorithm>

#include "apps/cli/process.h"

namespace collet::apps {
namespace {

std::chrono::nanoseconds nanoseconds_of(const timeval& time) noexcept {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

}  // namespace

void raise_descriptor_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::chrono::nanoseconds cpu_time() noexcept {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return nanoseconds_of(usage.ru_utime) + nanoseconds_of(usage.ru_stime);
}

}  // namespace collet::apps

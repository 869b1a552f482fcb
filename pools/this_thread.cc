// SPDX-License-Identifier: MIT
// this_thread.cc: names and CPUs of threads, as pthreads has them.
#include "pools/this_thread.h"

#include <pthread.h>
#include <sched.h>

#include <cstdio>

namespace collet {

void name_this_thread(const char* pool, std::size_t index) noexcept {
  char name[64];
  std::snprintf(name, sizeof name, "collet-%s-%zu", pool, index);
  name[15] = '\0';
  ::pthread_setname_np(::pthread_self(), name);
}

void pin_this_thread(std::size_t index) noexcept {
  cpu_set_t allowed;
  if (::pthread_getaffinity_np(::pthread_self(), sizeof allowed, &allowed) != 0) return;
  std::size_t left = index % static_cast<std::size_t>(CPU_COUNT(&allowed));
  std::size_t cpu = 0;
  while (!CPU_ISSET(cpu, &allowed) || left-- > 0) ++cpu;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  ::pthread_setaffinity_np(::pthread_self(), sizeof one, &one);
}

}  // namespace collet

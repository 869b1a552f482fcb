// SPDX-License-Identifier: MIT
// builtin.cc: the one table of built-in backends, in the order `auto` tries them.
#include <collet/builtin.h>
#include <collet/registry.h>

#include "backends/backends.h"

namespace collet {

void add_builtin_backends(Registry& registry) {
  for (const BackendDescription* description :
       {&kEpoll, &kAsioWait, &kAsio, &io_uring_backend(), &io_uring_poll_backend()}) {
    registry.add(*description);
  }
}

}  // namespace collet

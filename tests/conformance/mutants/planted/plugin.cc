// SPDX-License-Identifier: MIT
// plugin.cc: a backend or pool of collet with a bug, as a plugin. COLLET_SUBJECT is its
// description's name.
#include <collet/plugin.h>

#include "backends/backends.h"
#include "pools/pools.h"

namespace {

// Under a name of its own, or programs that have it built in would refuse it.
auto renamed() {
  auto description = collet::COLLET_SUBJECT;
  description.name = "planted";
  return description;
}

}  // namespace

COLLET_PLUGIN(renamed(), "0.1")

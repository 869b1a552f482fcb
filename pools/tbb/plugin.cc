// SPDX-License-Identifier: MIT
// plugin.cc: the tbb pool once more, as a plugin, which proves the interface every day.
#include <collet/plugin.h>

#include "pools/pools.h"

namespace {

// Under a name of its own, or programs that have it built in would refuse it.
collet::PoolDescription renamed() {
  collet::PoolDescription description = collet::kTbbPool;
  description.name = "tbb_plugin";
  return description;
}

}  // namespace

COLLET_PLUGIN(renamed(), "0.1")

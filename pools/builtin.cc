// SPDX-License-Identifier: MIT
// builtin.cc: the one table of built-in pools.
#include <collet/builtin.h>
#include <collet/registry.h>

#include "pools/pools.h"

namespace collet {

void add_builtin_pools(Registry& registry) {
  for (const PoolDescription* pool :
       {&kInlinePool, &kMutexPool, &kTbbPool, &kStealingPool, &kAsioPool}) {
    registry.add(*pool);
  }
}

}  // namespace collet

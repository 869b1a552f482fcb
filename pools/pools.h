// SPDX-License-Identifier: MIT
// pools.h: the pools that come with collet. Everyone but builtin.cc reaches them by name.
#pragma once

#include <collet/description.h>

namespace collet {

extern const PoolDescription kInlinePool;
extern const PoolDescription kMutexPool;
extern const PoolDescription kTbbPool;
extern const PoolDescription kStealingPool;
extern const PoolDescription kAsioPool;

}  // namespace collet

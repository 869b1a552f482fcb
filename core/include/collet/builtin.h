// SPDX-License-Identifier: MIT
// builtin.h: what comes with collet. Call these from main(), in the order `auto` should try.
#pragma once

namespace collet {

class Registry;

void add_builtin_backends(Registry& registry);  // library collet::backends
void add_builtin_pools(Registry& registry);     // library collet::pools

}  // namespace collet

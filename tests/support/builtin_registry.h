// SPDX-License-Identifier: MIT
// builtin_registry.h: every built-in backend and pool, for tests that choose by name or try all.
#pragma once

#include <collet/builtin.h>
#include <collet/registry.h>

namespace collet {

inline const Registry& registry() {
  static const Registry* filled = [] {
    auto* all = new Registry();
    add_builtin_backends(*all);
    add_builtin_pools(*all);
    return all;
  }();
  return *filled;
}

}  // namespace collet

// SPDX-License-Identifier: MIT
// decorators.cc: which there are.
#include <collet/decorator.h>

namespace collet {

std::span<const BackendDecorator* const> backend_decorators() noexcept { return {}; }
std::span<const PoolDecorator* const> pool_decorators() noexcept { return {}; }

}  // namespace collet

// SPDX-License-Identifier: MIT
// decorators.cc: which there are.
#include "core/decorators/decorators.h"

namespace collet {
namespace {

constexpr const BackendDecorator* kOfBackends[] = {&kTrace, &kFault, &kCount};
constexpr const PoolDecorator* kOfPools[] = {&kTracePool, &kFaultPool, &kCountPool};

}  // namespace

std::span<const BackendDecorator* const> backend_decorators() noexcept { return kOfBackends; }
std::span<const PoolDecorator* const> pool_decorators() noexcept { return kOfPools; }

}  // namespace collet

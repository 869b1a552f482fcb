// SPDX-License-Identifier: MIT
// decorators.h: the decorators that every registry has.
#pragma once

#include <collet/decorator.h>

namespace collet {

extern const BackendDecorator kTrace;
extern const BackendDecorator kFault;
extern const BackendDecorator kCount;
extern const PoolDecorator kTracePool;
extern const PoolDecorator kFaultPool;
extern const PoolDecorator kCountPool;

}  // namespace collet

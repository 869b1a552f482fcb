// SPDX-License-Identifier: MIT
// decorators.h: the decorators that every registry has.
#pragma once

#include <collet/decorator.h>

namespace collet {

extern const BackendDecorator kFault;
extern const PoolDecorator kFaultPool;

}  // namespace collet

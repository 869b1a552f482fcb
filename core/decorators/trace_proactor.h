// SPDX-License-Identifier: MIT
// trace_proactor.h: remembers the operations of a Proactor and what they led to. Reading the clock
// and the counters is not worth an entry.
#pragma once

#include <memory>

#include <collet/decorator.h>

namespace collet {

std::unique_ptr<Proactor> make_trace_proactor(std::unique_ptr<Proactor> proactor,
                                              const Wrapping& how);

}  // namespace collet

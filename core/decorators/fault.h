// SPDX-License-Identifier: MIT
// fault.h: the two halves of the decorator that makes a backend meet what a kernel may do.
#pragma once

#include <memory>

#include <collet/decorator.h>

namespace collet {

std::unique_ptr<Poller> make_fault_poller(std::unique_ptr<Poller> poller, const Wrapping& how);
std::unique_ptr<Proactor> make_fault_proactor(std::unique_ptr<Proactor> proactor,
                                              const Wrapping& how);

}  // namespace collet

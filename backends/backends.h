// SPDX-License-Identifier: MIT
// backends.h: the built-in backends, each defined in its own folder and listed in builtin.cc.
#pragma once

#include <collet/description.h>

namespace collet {

extern const BackendDescription kEpoll;
extern const BackendDescription kAsioWait;
extern const BackendDescription kAsio;

// What their options are by default depends on the kernel.
const BackendDescription& io_uring_backend();
const BackendDescription& io_uring_poll_backend();

}  // namespace collet

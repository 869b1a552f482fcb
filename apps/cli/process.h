// SPDX-License-Identifier: MIT
// process.h: what the programs ask of the operating system about themselves.
#pragma once

#include <chrono>

namespace collet::apps {

// Lets this process have as many descriptors as it may.
void raise_descriptor_limit() noexcept;

// User and system time of all threads so far.
std::chrono::nanoseconds cpu_time() noexcept;

}  // namespace collet::apps

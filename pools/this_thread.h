// SPDX-License-Identifier: MIT
// this_thread.h: what a worker does to its thread before the first task.
#pragma once

#include <cstddef>

namespace collet {

// Names the calling thread `collet-<pool>-<index>`, as far as the kernel's 15 letters reach.
void name_this_thread(const char* pool, std::size_t index) noexcept;

// Keeps it on one of the CPUs that it may use, the next one for the next index. Where the kernel
// says no, it goes on as before: where a thread runs is a matter of speed only.
void pin_this_thread(std::size_t index) noexcept;

}  // namespace collet

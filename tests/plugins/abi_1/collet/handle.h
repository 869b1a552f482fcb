// SPDX-License-Identifier: MIT
// handle.h: how the two sides of a seam name things to each other.
#pragma once

#include <cstdint>

namespace collet {

// The caller's own value, given when something is watched or opened and returned with everything
// that happens to it. A backend never looks inside.
enum class Token : std::uint64_t {};

// The backend's name for a listener, stream or watch. Never a descriptor and never a pointer:
// `generation` changes whenever `index` is used again, so a handle that outlived what it named is
// recognised instead of reaching a stranger. A default-constructed handle names nothing.
struct Handle {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;

  explicit operator bool() const noexcept { return generation != 0; }
  friend bool operator==(Handle, Handle) = default;
};

}  // namespace collet

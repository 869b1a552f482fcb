// SPDX-License-Identifier: MIT
// planted.h: included by the copies of collet's own files that bugs.py has put bugs into. One
// program has them all, and the environment says which of them is there.
#pragma once

#include <cstdlib>
#include <cstring>

namespace collet {

// Whether COLLET_PLANTED, as it was when this was first called, names the bug.
inline bool planted(const char* bug) noexcept {
  static const char* const chosen = std::getenv("COLLET_PLANTED");
  return chosen != nullptr && std::strcmp(chosen, bug) == 0;
}

}  // namespace collet

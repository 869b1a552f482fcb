// SPDX-License-Identifier: MIT
// printable.h: what somebody else wrote, on one line, without what a terminal would obey.
#pragma once

#include <span>
#include <string>

namespace collet {

// Question marks take the place of control characters: those of ASCII, and those from U+0080 to
// U+009F, which terminals obey as well.
void make_printable(std::span<char> text) noexcept;

std::string printable(std::string text);

}  // namespace collet

// SPDX-License-Identifier: MIT
// printable.cc: knows control characters, as UTF-8 too.
#include "core/printable.h"

#include <cstddef>

namespace collet {

void make_printable(std::span<char> text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto letter = static_cast<unsigned char>(text[i]);
    if (letter < 0x20 || letter == 0x7f) text[i] = '?';
    if (letter != 0xc2 || i + 1 == text.size()) continue;
    const auto next = static_cast<unsigned char>(text[i + 1]);
    if (next < 0x80 || next > 0x9f) continue;
    text[i] = '?';
    text[i + 1] = '?';
  }
}

std::string printable(std::string text) {
  make_printable(text);
  return text;
}

}  // namespace collet

// SPDX-License-Identifier: MIT
// last_words.h: what is printed when the subject crashes, and takes the program along.
#pragma once

#include <string>

namespace collet::conformance {

// Lets a crash print the words before it ends the process as it would have.
void say_last_words_on_crash();

// Replaces the words; not while another thread may crash.
void set_last_words(const std::string& words);

}  // namespace collet::conformance

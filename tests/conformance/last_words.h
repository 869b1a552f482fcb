// SPDX-License-Identifier: MIT
// last_words.h: what is said when the subject crashes or calls exit(), and takes the program along.
#pragma once

#include <functional>
#include <string>

namespace collet::conformance {

// Lets a crash print the words before it ends the process as it would have.
void say_last_words_on_crash();

// Replaces the words; not while another thread may crash.
void set_last_words(const std::string& words);

// Calls `speak` when exit() does what it does before the process ends, on its thread; once.
void speak_at_exit(std::function<void()> speak);

}  // namespace collet::conformance

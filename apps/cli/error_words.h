// SPDX-License-Identifier: MIT
// error_words.h: an errno as a person reads it.
#pragma once

#include <string>

namespace collet::apps {

// `No space left on device (ENOSPC)`.
std::string error_words(int error);

}  // namespace collet::apps

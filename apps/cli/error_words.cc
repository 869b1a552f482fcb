// SPDX-License-Identifier: MIT
#include "apps/cli/error_words.h"

#include <cstring>

namespace collet::apps {

std::string error_words(int error) {
  const char* name = ::strerrorname_np(error);
  const char* words = ::strerrordesc_np(error);
  if (name == nullptr || words == nullptr) return "errno " + std::to_string(error);
  return std::string(words) + " (" + name + ")";
}

}  // namespace collet::apps

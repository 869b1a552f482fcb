// SPDX-License-Identifier: MIT
// log.h: lines for the operator, on stderr. An error is logged once, where it is detected.
#pragma once

#include <string>

namespace collet::apps {

void log_info(const std::string& text);
void log_warning(const std::string& text);
void log_error(const std::string& text);

}  // namespace collet::apps

// SPDX-License-Identifier: MIT
// templates.h: what collet-new-plugin writes, before names are put in. The files lie in templates/,
// but for that of a Poller, which is backends/example; all of them are compiled with everything
// else, and become part of the program.
#pragma once

#include <string_view>

namespace collet::apps {

// Empty if there is none.
std::string_view template_named(std::string_view file) noexcept;

}  // namespace collet::apps

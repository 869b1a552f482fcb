// SPDX-License-Identifier: MIT
// report_assets.h: what bench/report/ was built to. The definitions are made by the build.
#pragma once

#include <string_view>

namespace collet::bench {

std::string_view report_style() noexcept;
std::string_view report_script() noexcept;  // empty if built without Node

}  // namespace collet::bench

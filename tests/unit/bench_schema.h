// SPDX-License-Identifier: MIT
// bench_schema.h: a JSON Schema of the repository, as a judge of lines.
#pragma once

#include <string>

namespace collet::bench {

// What is wrong with a line of JSON by the schema in that file, or an empty string.
std::string find_breach(const std::string& schema_path, const std::string& line);

}  // namespace collet::bench

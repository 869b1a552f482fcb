// SPDX-License-Identifier: MIT
// values.h: what several files and exports write alike, as JSON. Unknown is null.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "bench/measure/runner.h"
#include "bench/session/environment.h"
#include "bench/session/results.h"
#include "bench/statistics/comparison.h"
#include "bench/statistics/statistics.h"

namespace collet::bench {

using Json = nlohmann::ordered_json;  // keeps the order of keys: two files can be diffed

Json or_null(const std::string& text);  // null if empty
Json or_null(const std::optional<std::string>& text);
Json or_null(const std::optional<std::int64_t>& value);
Json or_null(const std::optional<double>& value);
std::string text_of(const Json& json);  // empty if null

// These throw std::invalid_argument, where the library would cut 1.7 to 1 and take -1 for a large
// number.
void check_counts(const Json& json);        // each number in it is whole, and none is negative
void check_not_negative(const Json& json);  // none is negative
RunStatus run_status_of(const Json& json);  // it is `ok` or `failed`

// On one line. A program's last words may hold any bytes; they must not cost the line.
std::string dump(const Json& json);

Json to_json(const Facts& facts);
Facts to_facts(const Json& json);

Json to_json(const std::vector<Program>& programs);
std::vector<Program> to_programs(const Json& json);

Json to_json(const std::optional<Interval>& interval);
Json to_json(const Summary& summary);        // null without values
Json to_json(const Comparison& comparison);  // null without pairs

}  // namespace collet::bench

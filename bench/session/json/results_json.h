// SPDX-License-Identifier: MIT
// results_json.h: what the lines of results.jsonl have in common. Every key says its unit.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>

#include <nlohmann/json.hpp>

#include "bench/json/values.h"
#include "bench/session/results.h"

namespace collet::bench {

constexpr const char* kSchema = "collet-bench/3";

// Where zero stands for none.
inline Json or_null_if_zero(std::int64_t value) { return value == 0 ? Json(nullptr) : Json(value); }

template <typename T>
std::optional<T> optional_of(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return json.get<T>();
}

Json to_json(const Cell& cell);

// Within what a flag allows: who reads it allocates as much.
inline int blocks_of(const Json& json) {
  check_counts(json.at("blocks"));
  const int blocks = json.at("blocks").get<int>();
  if (blocks < 1 || blocks > 10'000) {
    throw std::invalid_argument("its blocks are not from 1 to 10000");
  }
  return blocks;
}

// These throw what nlohmann's library or std::invalid_argument says.
void read_session(const Json& json, Session& session);
void read_rates(const Json& json, Session& session);
CapacityRun to_capacity_run(const Json& json);
RunRecord to_record(const Json& json, const Session& session);
CountRecord to_count(const Json& json, const Session& session);

}  // namespace collet::bench

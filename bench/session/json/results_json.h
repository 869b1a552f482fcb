// SPDX-License-Identifier: MIT
// results_json.h: what the lines of results.jsonl have in common. Every key says its unit.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>

#include <nlohmann/json.hpp>

#include "bench/session/results.h"

namespace collet::bench {

using Json =
    nlohmann::ordered_json;  // keeps the order of keys: lines of two sessions can be diffed

constexpr const char* kSchema = "collet-bench/3";

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

inline Json or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

// Where zero stands for none.
inline Json or_null_if_zero(std::int64_t value) { return value == 0 ? Json(nullptr) : Json(value); }

template <typename T>
std::optional<T> optional_of(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return json.get<T>();
}

inline std::string text_of(const Json& json) {
  return json.is_null() ? "" : json.get<std::string>();
}

// A program's last words may hold any bytes; they must not cost the line.
inline std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json to_json(const Cell& cell);

// Within what a flag allows: who reads it allocates as much.
inline int blocks_of(const Json& json) {
  const int blocks = json.at("blocks").get<int>();
  if (blocks < 1 || blocks > 10'000) {
    throw std::invalid_argument("its blocks are not from 1 to 10000");
  }
  return blocks;
}

// These throw what nlohmann's library or std::invalid_argument says.
void read_session(const Json& json, Session& session);
RunRecord to_record(const Json& json, const Session& session);
CountRecord to_count(const Json& json, const Session& session);

}  // namespace collet::bench

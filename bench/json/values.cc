// SPDX-License-Identifier: MIT
// values.cc: values to JSON and back.
#include "bench/json/values.h"

#include <stdexcept>
#include <utility>

#include <nlohmann/json.hpp>

namespace collet::bench {
namespace {

template <typename T>
Json value_or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

}  // namespace

Json or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }
Json or_null(const std::optional<std::string>& text) { return value_or_null(text); }
Json or_null(const std::optional<std::int64_t>& value) { return value_or_null(value); }
Json or_null(const std::optional<double>& value) { return value_or_null(value); }

std::string text_of(const Json& json) { return json.is_null() ? "" : json.get<std::string>(); }

void check_counts(const Json& json) {
  if (json.is_number() && !json.is_number_unsigned()) {
    throw std::invalid_argument("a count or time is no whole number from 0 on: " + json.dump());
  }
  if (!json.is_structured()) return;
  for (const Json& member : json) check_counts(member);
}

void check_not_negative(const Json& json) {
  if (json.is_number() && json.get<double>() < 0) {
    throw std::invalid_argument("a figure is negative: " + json.dump());
  }
  if (!json.is_structured()) return;
  for (const Json& member : json) check_not_negative(member);
}

RunStatus run_status_of(const Json& json) {
  const auto name = json.get<std::string>();
  if (name == "ok") return RunStatus::ok;
  if (name == "failed") return RunStatus::failed;
  throw std::invalid_argument("the status \"" + name + "\" is unknown");
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json to_json(const Facts& facts) {
  Json json = Json::object();
  for (const Fact& fact : facts) {
    if (const auto* number = std::get_if<std::int64_t>(&fact.value)) {
      json[fact.name] = *number;
    } else {
      const auto* text = std::get_if<std::string>(&fact.value);
      json[fact.name] = text == nullptr ? Json(nullptr) : Json(*text);
    }
  }
  return json;
}

Facts to_facts(const Json& json) {
  Facts facts;
  for (const auto& [name, value] : json.items()) {
    Fact fact{name, {}};
    if (value.is_number_integer()) fact.value = value.get<std::int64_t>();
    if (value.is_string()) fact.value = value.get<std::string>();
    facts.push_back(std::move(fact));
  }
  return facts;
}

Json to_json(const std::vector<Program>& programs) {
  Json json = Json::array();
  for (const Program& program : programs) {
    json.push_back(
        {{"name", program.name}, {"path", program.path}, {"sha256", or_null(program.sha256)}});
  }
  return json;
}

std::vector<Program> to_programs(const Json& json) {
  std::vector<Program> programs;
  for (const Json& one : json) {
    Program program{one.at("name").get<std::string>(), one.at("path").get<std::string>(), {}};
    if (!one.at("sha256").is_null()) program.sha256 = one.at("sha256").get<std::string>();
    programs.push_back(std::move(program));
  }
  return programs;
}

Json to_json(const std::optional<Interval>& interval) {
  if (!interval) return nullptr;
  return {{"low", interval->low}, {"high", interval->high}, {"coverage", interval->coverage}};
}

Json to_json(const Summary& summary) {
  if (summary.n == 0) return nullptr;
  return {{"n", summary.n},
          {"median", summary.median},
          {"min", summary.min},
          {"max", summary.max},
          {"interval", to_json(summary.interval)}};
}

Json to_json(const Comparison& comparison) {
  if (comparison.n == 0) return nullptr;
  return {{"n", comparison.n},
          {"ratio", comparison.ratio},
          {"interval", to_json(comparison.interval)},
          {"p", comparison.p},
          {"adjusted_p", comparison.adjusted_p},
          {"verdict", to_string(comparison.verdict)},
          {"indicative", comparison.indicative}};
}

}  // namespace collet::bench

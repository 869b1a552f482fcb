// SPDX-License-Identifier: MIT
// bench_schema.cc: valijson's judgement.
#include "bench_schema.h"

#include <fstream>

#include <nlohmann/json.hpp>

#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

namespace collet::bench {

std::string find_breach(const std::string& schema_path, const std::string& line) {
  std::ifstream file(schema_path);
  const auto json = nlohmann::json::parse(file);
  valijson::Schema schema;
  valijson::SchemaParser().populateSchema(valijson::adapters::NlohmannJsonAdapter(json), schema);
  const auto parsed = nlohmann::json::parse(line);
  const valijson::adapters::NlohmannJsonAdapter target(parsed);
  valijson::ValidationResults results;
  valijson::Validator validator(valijson::Validator::kStrongTypes);
  if (validator.validate(schema, target, &results)) return "";
  std::string text = "invalid";
  for (valijson::ValidationResults::Error error; results.popError(error);) {
    text += "; " + error.description;
  }
  return text;
}

}  // namespace collet::bench

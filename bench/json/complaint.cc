// SPDX-License-Identifier: MIT
// complaint.cc: the kinds of exceptions that reading JSON ends in. Names of keys and types are all
// that is taken from the library's own words.
#include "bench/json/complaint.h"

#include <string_view>

#include <absl/strings/str_format.h>
#include <nlohmann/json.hpp>

namespace collet::bench {
namespace {

constexpr int kNoSuchKey = 403;

// What stands between the two, or nothing.
std::string_view between(std::string_view text, std::string_view before, std::string_view after) {
  const auto begin = text.find(before);
  if (begin == text.npos) return {};
  text.remove_prefix(begin + before.size());
  return text.substr(0, text.find(after));
}

// "type must be number, but is string"
std::string explain_type(std::string_view words) {
  const std::string_view wanted = between(words, "type must be ", ",");
  const std::string_view found = between(words, "but is ", "\n");
  if (wanted.empty() || found.empty()) return "one of its values is not of the type it should be";
  return absl::StrFormat("one of its values should be of type %s, and is %s", wanted, found);
}

}  // namespace

std::string explain_json(const std::exception& error) {
  using Json = nlohmann::json;
  const std::string_view words = error.what();
  if (const auto* parse = dynamic_cast<const Json::parse_error*>(&error)) {
    return absl::StrFormat("it is not JSON: it breaks at byte %d", parse->byte);
  }
  if (const auto* range = dynamic_cast<const Json::out_of_range*>(&error)) {
    const std::string_view key = between(words, "key '", "' not found");
    if (range->id == kNoSuchKey && !key.empty()) return absl::StrFormat("it has no \"%s\"", key);
    return "one of its numbers is too large";
  }
  if (dynamic_cast<const Json::type_error*>(&error) != nullptr) return explain_type(words);
  if (dynamic_cast<const Json::exception*>(&error) != nullptr)
    return "its values are not as written";
  return std::string(words);
}

}  // namespace collet::bench

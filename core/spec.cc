// SPDX-License-Identifier: MIT
// spec.cc: from text to names and values.
#include "core/spec.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <collet/quantity.h>
#include <collet/registry.h>

namespace collet {
namespace {

std::string describe_values(const OptionDescription& option) {
  const char* kind = nullptr;
  switch (option.type) {
    case OptionType::boolean:
      return "true or false";
    case OptionType::integer:
      kind = "a whole number";
      break;
    case OptionType::bytes:
      kind = "a size";
      break;
    case OptionType::duration:
      kind = "a duration";
      break;
    case OptionType::ratio:
      kind = "a number";
      break;
  }
  return absl::StrFormat("%s from %s to %s", kind, format_value(option.type, option.minimum),
                         format_value(option.type, option.maximum));
}

template <typename StatusOrValue>
std::optional<std::int64_t> value_or_nothing(const StatusOrValue& parsed) {
  if (!parsed.ok()) return std::nullopt;
  if constexpr (requires { parsed->count(); }) {
    return parsed->count();
  } else {
    return *parsed;
  }
}

std::optional<std::int64_t> parse_value(OptionType type, std::string_view text) {
  switch (type) {
    case OptionType::boolean:
      if (text == "true") return 1;
      if (text == "false") return 0;
      return std::nullopt;
    case OptionType::bytes:
      return value_or_nothing(parse_bytes(text));
    case OptionType::duration:
      return value_or_nothing(parse_duration(text));
    case OptionType::ratio:
      return value_or_nothing(parse_ratio(text));
    case OptionType::integer:
      break;
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

SpecPart part_of(std::string_view text, const char* kind) {
  SpecPart part{.kind = kind, .name = text, .options = {}};
  if (const auto colon = text.find(':'); colon != text.npos) {
    part.name = text.substr(0, colon);
    part.options = text.substr(colon + 1);
    part.has_options = true;
  }
  return part;
}

// Where the name in front ends because a decorator's parenthesis begins: not inside a path, which
// may have parentheses of its own.
std::size_t find_opening(std::string_view text) noexcept {
  const auto end = text.find_first_of("(:/");
  return end != text.npos && text[end] == '(' ? end : text.npos;
}

// The `)` that belongs to the `(` before `text`, or its size.
std::size_t find_closing(std::string_view text) noexcept {
  int open = 1;
  const auto closes = [&open](char c) {
    open += c == '(' ? 1 : c == ')' ? -1 : 0;
    return open == 0;
  };
  return static_cast<std::size_t>(std::find_if(text.begin(), text.end(), closes) - text.begin());
}

const OptionDescription* find_option(std::span<const OptionDescription> described,
                                     std::string_view name) {
  const auto found = std::find_if(described.begin(), described.end(),
                                  [name](const OptionDescription& o) { return name == o.name; });
  return found == described.end() ? nullptr : &*found;
}

absl::Status no_such_option(const Spec& spec, const SpecPart& part, std::string_view name) {
  std::string remedy;
  for (const SpecPart& other : spec.parts) {
    if (find_option(other.described, name) == nullptr) continue;
    const bool inside = &other > &part;
    remedy = absl::StrFormat("; %s \"%s\" has one: write it %s the parenthesis", other.kind,
                             other.name, inside ? "inside" : "behind");
  }
  const bool has_none = part.described.empty();
  return invalid("%s: %s \"%s\" has no option \"%s\"; it has %s%s", spec.flag, part.kind, part.name,
                 name, has_none ? "none" : list_names(part.described), remedy);
}

absl::Status set_option(const Spec& spec, const SpecPart& part, std::string_view assignment,
                        std::vector<OptionValue>& values, std::vector<bool>& given) {
  const auto equals = assignment.find('=');
  const std::string_view name = assignment.substr(0, equals);
  if (equals == assignment.npos || name.empty()) {
    return invalid("%s: \"%s\" in \"%s\" is no option: write name:key=value,key=value", spec.flag,
                   assignment, spec.text);
  }
  const OptionDescription* option = find_option(part.described, name);
  if (option == nullptr) return no_such_option(spec, part, name);
  const auto index = static_cast<std::size_t>(option - part.described.data());
  if (given[index]) {
    return invalid("%s: option \"%s\" is given twice in \"%s\"; give it once", spec.flag, name,
                   spec.text);
  }
  const std::string_view text = assignment.substr(equals + 1);
  const auto value = parse_value(option->type, text);
  if (!value || *value < option->minimum || *value > option->maximum) {
    return invalid("%s: option \"%s\" of %s \"%s\" cannot be \"%s\"; it takes %s", spec.flag, name,
                   part.kind, part.name, text, describe_values(*option));
  }
  values[index].value = *value;
  given[index] = true;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Spec> take_apart(std::string_view text, std::string_view flag, const char* kind) {
  constexpr const char* kGrammar = "write decorator(name:key=value):key=value";
  Spec spec{.flag = flag, .text = text, .parts = {}};
  std::string_view rest = text;
  for (auto open = find_opening(rest); open != rest.npos; open = find_opening(rest)) {
    const std::string_view within = rest.substr(open + 1);
    const auto close = find_closing(within);
    if (close == within.size()) {
      return invalid("%s: \"%s\" lacks a \")\": %s", flag, text, kGrammar);
    }
    const std::string_view behind = within.substr(close + 1);
    if (!behind.empty() && behind.front() != ':') {
      return invalid("%s: \"%s\" in \"%s\" follows a \")\" without a colon: %s", flag, behind, text,
                     kGrammar);
    }
    SpecPart decorator = part_of(behind, "decorator");
    decorator.name = rest.substr(0, open);
    spec.parts.push_back(decorator);
    rest = within.substr(0, close);
  }
  const bool is_path = rest.substr(0, rest.find(':')).find('/') != rest.npos;
  if (!is_path && rest.find(')') != rest.npos) {
    return invalid("%s: \"%s\" has a \")\" too many: %s", flag, text, kGrammar);
  }
  spec.parts.push_back(part_of(rest, kind));
  return spec;
}

std::vector<OptionValue> default_values(std::span<const OptionDescription> described) {
  std::vector<OptionValue> values;
  values.reserve(described.size());
  for (const OptionDescription& option : described) {
    values.push_back({option.name, option.default_value});
  }
  return values;
}

absl::StatusOr<std::vector<OptionValue>> read_options(const Spec& spec, const SpecPart& part) {
  std::vector<OptionValue> values = default_values(part.described);
  std::vector<bool> given(part.described.size());
  std::string_view rest = part.options;
  bool more = part.has_options;
  while (more) {
    const auto comma = rest.find(',');
    const auto status = set_option(spec, part, rest.substr(0, comma), values, given);
    if (!status.ok()) return status;
    more = comma != rest.npos;
    if (more) rest.remove_prefix(comma + 1);
  }
  return values;
}

std::string_view innermost_in(std::string_view spec) noexcept {
  bool is_decorated = false;
  for (auto open = find_opening(spec); open != spec.npos; open = find_opening(spec)) {
    spec.remove_prefix(open + 1);
    is_decorated = true;
  }
  spec = spec.substr(0, spec.find(':'));
  return is_decorated ? spec.substr(0, find_closing(spec)) : spec;
}

std::string name_in(std::string_view spec) {
  std::string name;
  bool in_options = false;
  for (const char c : spec) {
    in_options = c == ':' || (in_options && c != ')');
    if (!in_options) name += c;
  }
  return name;
}

std::string format_value(OptionType type, std::int64_t value) {
  switch (type) {
    case OptionType::boolean:
      return value != 0 ? "true" : "false";
    case OptionType::bytes:
      return format_bytes(value);
    case OptionType::duration:
      return format_duration(std::chrono::nanoseconds(value));
    case OptionType::ratio:
      return format_ratio(value);
    case OptionType::integer:
      break;
  }
  return absl::StrFormat("%d", value);
}

std::string format_part(std::string_view name, std::span<const OptionDescription> described,
                        std::span<const OptionValue> values) {
  std::string text(name);
  char separator = ':';
  for (std::size_t i = 0; i < values.size(); ++i) {
    text += std::exchange(separator, ',');
    text +=
        absl::StrFormat("%s=%s", values[i].name, format_value(described[i].type, values[i].value));
  }
  return text;
}

}  // namespace collet

// SPDX-License-Identifier: MIT
// spec.h: a spec taken apart, and its options read.
//
// A spec is `name`, `name:key=value,key=value`, or a decorator around another one:
// `trace(fault(epoll:events=64):seed=7)`. Every error is a sentence for whoever typed it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/str_format.h>
#include <collet/option.h>

namespace collet {

// One name in a spec with the options behind it.
struct SpecPart {
  const char* kind = "";  // backend, pool or decorator
  std::string_view name;
  std::string_view options;
  bool has_options = false;
  std::span<const OptionDescription> described{};  // what it can be told, once that is known
};

struct Spec {
  std::string_view flag;        // who asked: --backend
  std::string_view text;        // as typed
  std::vector<SpecPart> parts;  // outermost first; only the last is no decorator

  const SpecPart& inner() const noexcept { return parts.back(); }
};

// `kind`: what the innermost name is of.
absl::StatusOr<Spec> take_apart(std::string_view text, std::string_view flag, const char* kind);

std::vector<OptionValue> default_values(std::span<const OptionDescription> described);

// The defaults of `part`, and what the spec says over them.
absl::StatusOr<std::vector<OptionValue>> read_options(const Spec& spec, const SpecPart& part);

// `name:key=value`, or the name alone where there is nothing to set.
std::string format_part(std::string_view name, std::span<const OptionDescription> described,
                        std::span<const OptionValue> values);

template <typename... Args>
absl::Status invalid(const absl::FormatSpec<Args...>& format, const Args&... args) {
  return absl::InvalidArgumentError(absl::StrFormat(format, args...));
}

// Names of described things, and `more` where given: "epoll, asio, auto".
template <typename Described>
std::string list_names(const Described& described, std::string_view more = {}) {
  std::string list;
  const auto append = [&list](std::string_view name) {
    if (name.empty()) return;
    if (!list.empty()) list += ", ";
    list += name;
  };
  for (const auto& one : described) {
    if constexpr (std::is_pointer_v<std::remove_cvref_t<decltype(one)>>) {
      append(one->name);
    } else {
      append(one.name);
    }
  }
  append(more);
  return list;
}

}  // namespace collet

// SPDX-License-Identifier: MIT
// environment.h: where and how figures were taken; they mean nothing without it. Looked at once a
// session.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace collet::bench {

// Named as in results.jsonl, with the unit in the name; without a value it is unknown here.
struct Fact {
  std::string name;
  std::variant<std::monostate, std::int64_t, std::string> value;

  bool operator==(const Fact&) const = default;
};

using Facts = std::vector<Fact>;

// The machine, its settings, what the build was told, and which libraries are loaded.
Facts look_around();

// Sentences on what differs between the machines of two sessions, so that their figures do not
// compare. That the sources, the compiler or the load of the machine differ is what comparisons
// are made for.
std::vector<std::string> find_differences(const Facts& a, const Facts& b);

struct Build {
  std::string type;        // CMAKE_BUILD_TYPE
  std::string sanitizers;  // empty for none
};

Build this_build();

// In hexadecimal; null if the file or the program sha256sum is missing.
std::optional<std::string> sha256_of(const std::string& path);

// Such as 2026-03-01T12:00:05Z.
std::string utc_now();

// The value after `key` and a colon in /proc/cpuinfo.
std::optional<std::string> cpuinfo_field(const std::string& text, const std::string& key);

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// bug.h: how a mutant is told which of its bugs to have. Each bug is an option of the mutant, off
// by default, and the help of the option begins with the rule that it breaks.
#pragma once

#include <cstring>
#include <span>

#include <collet/option.h>

namespace collet::mutants {

constexpr OptionDescription bug(const char* name, const char* help) {
  return {name, OptionType::boolean, 0, 0, 1, help};
}

// The one bug that is on, or none.
class Bug {
 public:
  Bug(std::span<const OptionDescription> bugs, const OptionValues& options) {
    for (const OptionDescription& one : bugs) {
      if (options[one.name] != 0) name_ = one.name;
    }
  }

  bool is(const char* name) const noexcept { return std::strcmp(name_, name) == 0; }

 private:
  const char* name_ = "";
};

}  // namespace collet::mutants

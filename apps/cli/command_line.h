// SPDX-License-Identifier: MIT
// command_line.h: the flags of a program. Every mistake becomes one sentence that names the flag,
// what was given and what would work.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

namespace collet::apps {

// Declares flags bound to variables, whose values so far are the defaults, then reads argv.
class CommandLine {
 public:
  // Names are as typed: "-c,--connections" or "--quiet".
  CommandLine(std::string program, std::string summary);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  void flag(const std::string& names, bool& value, const std::string& help);
  void option(const std::string& names, const std::string& value_name, std::string& value,
              const std::string& help);
  // One that may be given any number of times, with one value each.
  void options(const std::string& names, const std::string& value_name,
               std::vector<std::string>& values, const std::string& help);
  void positional(const std::string& name, std::string& value, const std::string& help);

  // A flag that names a file of further flags, a `name = "value"` a line.
  void config_file(const std::string& names, const std::string& help);

  // On success the text for standard output of a program that is to do nothing else (--help), or
  // nothing. The command line wins over the file; an option that is given twice is an error.
  absl::StatusOr<std::string> parse(int argc, const char* const* argv);

  // Whether it was given at all, on the command line or in the file. `name`: one of its names.
  bool given(const std::string& name) const;

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

// The values of flags, as quantity.h reads them.
absl::StatusOr<std::chrono::nanoseconds> duration_of(std::string_view flag, std::string_view text);
absl::StatusOr<std::int64_t> bytes_of(std::string_view flag, std::string_view text,
                                      std::int64_t minimum, std::int64_t maximum);
absl::StatusOr<std::int64_t> count_of(std::string_view flag, std::string_view text,
                                      std::int64_t minimum, std::int64_t maximum);

}  // namespace collet::apps

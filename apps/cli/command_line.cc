// SPDX-License-Identifier: MIT
// command_line.cc: CLI11, and its complaints in our words. The only file that includes it.
#include <span>

#include <CLI/CLI.hpp>

#include <absl/status/status.h>
#include <absl/strings/str_format.h>
#include <collet/quantity.h>

#include "apps/cli/command_line.h"

namespace collet::apps {
namespace {

// CLI11 puts the option's name first in its messages: "--loops: 1 required TEXT missing".
std::string name_in(const std::string& message) { return message.substr(0, message.find(':')); }

// The word that begins with a dash: "Could not convert: --quiet = maybe".
std::string flag_in(const std::string& message) {
  const auto begin = message.find('-');
  if (begin == message.npos) return message;
  return message.substr(begin, message.find_first_of(" :", begin) - begin);
}

// What in the file was not understood: "INI was not able to parse threads"; of a section, with
// ".++".
std::string entry_in(std::string message) {
  constexpr std::string_view kBefore = "INI was not able to parse ";
  constexpr std::string_view kSection = ".++";
  if (message.starts_with(kBefore)) message.erase(0, kBefore.size());
  if (const auto end = message.find(": This option is not allowed"); end != message.npos) {
    message.erase(end);
  }
  if (message.ends_with(kSection)) {
    message = "[" + message.substr(0, message.size() - kSection.size()) + "]";
  }
  return message;
}

// "1", "2"
std::string quoted(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) {
    text += absl::StrFormat("%s\"%s\"", text.empty() ? "" : ", ", value);
  }
  return text;
}

absl::Status in_range(std::string_view flag, std::string_view text, std::int64_t value,
                      std::int64_t minimum, std::int64_t maximum) {
  if (value >= minimum && value <= maximum) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "%s: \"%s\" is out of range: from %d to %d work", flag, text, minimum, maximum));
}

absl::Status name_flag(std::string_view flag, const absl::Status& status) {
  return absl::InvalidArgumentError(absl::StrFormat(
      "%s: %s", flag, std::string_view(status.message().data(), status.message().size())));
}

}  // namespace

struct CommandLine::Parser {
  Parser(std::string program, std::string summary) : app(std::move(summary), std::move(program)) {}

  std::string config_path() const {
    return app.get_config_ptr() == nullptr ? std::string()
                                           : app.get_config_ptr()->as<std::string>();
  }

  absl::Status explain(const CLI::ParseError& error) const {
    const std::string message = error.what();
    const auto invalid = [](const std::string& text) { return absl::InvalidArgumentError(text); };
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
      const std::string name = name_in(message);
      if (message.ends_with("missing")) return invalid(name + ": a value must follow it");
      return invalid(name + ": it has the values " + quoted(app.get_option(name)->results()) +
                     ": give it once, with one; in a file, quote a value with commas");
    }
    if (dynamic_cast<const CLI::FileError*>(&error) != nullptr) {
      return invalid("--config: \"" + config_path() + "\" cannot be read: name a readable file");
    }
    if (dynamic_cast<const CLI::ConfigError*>(&error) != nullptr) {
      return invalid("--config: \"" + entry_in(message) + "\" in \"" + config_path() +
                     "\" is no option of this program: --help lists them");
    }
    if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr) {
      return invalid(flag_in(message) + ": it is given or not, and takes no value");
    }
    return invalid(message + ": --help shows what would work");
  }

  absl::Status refuse_leftovers() const {
    const std::vector<std::string> extra = app.remaining();
    if (extra.empty()) return absl::OkStatus();
    const char* what = extra.front().starts_with("-") ? "is no option" : "is one argument too many";
    return absl::InvalidArgumentError(absl::StrFormat("\"%s\" %s of %s: --help lists what it takes",
                                                      extra.front(), what, app.get_name()));
  }

  // A switch may be turned off, in a file; and no option has an empty value.
  absl::Status refuse_odd_values() const {
    for (const CLI::Option* flag : flags) {
      for (const std::string& value : flag->results()) {
        if (value == "true" || value == "false") continue;
        return absl::InvalidArgumentError(flag->get_name() +
                                          ": it is given or not, and takes no value");
      }
    }
    for (const CLI::Option* option : app.get_options()) {
      if (option->results() != std::vector<std::string>{""}) continue;
      return absl::InvalidArgumentError(absl::StrFormat(
          "%s: \"\" is no value: give one, or leave it out for the default", option->get_name()));
    }
    return absl::OkStatus();
  }

  CLI::App app;
  std::vector<CLI::Option*> flags;
};

CommandLine::CommandLine(std::string program, std::string summary)
    : parser_(std::make_unique<Parser>(std::move(program), std::move(summary))) {
  parser_->app.allow_extras();
  parser_->app.set_version_flag("--version", parser_->app.get_name() + " " COLLET_VERSION,
                                "print the version and end");
  parser_->app.allow_config_extras(CLI::config_extras_mode::error);
}
CommandLine::~CommandLine() = default;

void CommandLine::flag(const std::string& names, bool& value, const std::string& help) {
  parser_->flags.push_back(parser_->app.add_flag(names, value, help));
}

void CommandLine::option(const std::string& names, const std::string& value_name,
                         std::string& value, const std::string& help) {
  auto* option = parser_->app.add_option(names, value, help);
  option->option_text(value.empty() ? value_name : value_name + " [" + value + "]");
}

void CommandLine::options(const std::string& names, const std::string& value_name,
                          std::vector<std::string>& values, const std::string& help) {
  parser_->app.add_option(names, values, help)->allow_extra_args(false)->option_text(value_name);
}

void CommandLine::positional(const std::string& name, std::string& value, const std::string& help) {
  parser_->app.add_option(name, value, help)->option_text("");
}

void CommandLine::config_file(const std::string& names, const std::string& help) {
  parser_->app.set_config(names, "", help)->option_text("FILE");
}

absl::StatusOr<std::string> CommandLine::parse(int argc, const char* const* argv) {
  for (const std::string_view argument : std::span(argv, static_cast<std::size_t>(argc))) {
    if (!argument.starts_with("--") || !argument.ends_with("=")) continue;
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: a value must follow it", argument.substr(0, argument.size() - 1)));
  }
  try {
    parser_->app.parse(argc, argv);
  } catch (const CLI::CallForVersion&) {
    return parser_->app.version() + "\n";
  } catch (const CLI::Success&) {
    return parser_->app.help();
  } catch (const CLI::ParseError& error) {
    return parser_->explain(error);
  }
  if (auto status = parser_->refuse_leftovers(); !status.ok()) return status;
  if (auto status = parser_->refuse_odd_values(); !status.ok()) return status;
  return std::string();
}

bool CommandLine::given(const std::string& name) const { return parser_->app.count(name) > 0; }

absl::StatusOr<std::chrono::nanoseconds> duration_of(std::string_view flag, std::string_view text) {
  constexpr std::chrono::hours kLongest{24 * 365};  // beyond it sums of times overflow
  auto value = parse_duration(text);
  if (!value.ok()) return name_flag(flag, value.status());
  if (*value <= kLongest) return value;
  return absl::InvalidArgumentError(
      absl::StrFormat("%s: \"%s\" is out of range: at most 8760h works", flag, text));
}

absl::StatusOr<std::int64_t> bytes_of(std::string_view flag, std::string_view text,
                                      std::int64_t minimum, std::int64_t maximum) {
  auto value = parse_bytes(text);
  if (!value.ok()) return name_flag(flag, value.status());
  if (auto status = in_range(flag, text, *value, minimum, maximum); !status.ok()) return status;
  return value;
}

absl::StatusOr<std::int64_t> count_of(std::string_view flag, std::string_view text,
                                      std::int64_t minimum, std::int64_t maximum) {
  auto value = parse_count(text);
  if (!value.ok()) return name_flag(flag, value.status());
  if (auto status = in_range(flag, text, *value, minimum, maximum); !status.ok()) return status;
  return value;
}

}  // namespace collet::apps

// SPDX-License-Identifier: MIT
// options.cc: the flags of collet-conform, from text to what they mean.
#include "tests/conformance/options.h"

#include <random>

#include <absl/status/status.h>
#include <absl/strings/str_format.h>

#include "apps/cli/command_line.h"

namespace collet::conformance {
namespace {

struct Text {
  std::string backend;
  std::string pool;
  std::string rule;
  std::string seed;
  std::string timeout = "120s";
  bool json = false;
  bool list = false;
};

void declare(apps::CommandLine& line, Text& text) {
  line.option("--backend", "SPEC", text.backend, "judge this backend, a plugin's file included");
  line.option("--pool", "SPEC", text.pool, "judge this pool, with 1, 2 and 4 workers");
  line.option("--rule", "RULE", text.rule, "judge one rule only, such as P1.2");
  line.option("--seed", "N", text.seed, "of what is random; a broken rule prints it");
  line.option("--timeout", "TIME", text.timeout, "give a rule up, as broken, after that long");
  line.flag("--json", text.json, "JSON lines: one for each rule, then a summary");
  line.flag("--list", text.list, "print all rules and end");
}

absl::Status invalid(const std::string& text) { return absl::InvalidArgumentError(text); }

std::string list_of_rules() {
  std::string text;
  for (const Rule& rule : all_rules()) {
    text += absl::StrFormat("%-6s %s\n", rule.name, rule.text);
  }
  return text;
}

// A word as a shell reads it.
std::string shell_word(const std::string& word) {
  constexpr const char* kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@%";
  if (word.find_first_not_of(kPlain) == word.npos) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

absl::Status read_subject(const Text& text, apps::Kit& kit, ConformOptions& options) {
  if (text.backend.empty() == text.pool.empty()) {
    if (text.backend.empty()) return invalid("--backend or --pool: name one, to be judged");
    return invalid(absl::StrFormat(
        "--pool: \"%s\" cannot be judged together with --backend \"%s\": leave out one of them",
        text.pool, text.backend));
  }
  if (!text.backend.empty()) {
    auto backend = kit.backend(text.backend);
    if (!backend.ok()) return backend.status();
    options.backend = *std::move(backend);
    options.report.subject = text.backend;
    return absl::OkStatus();
  }
  auto pool = kit.pool(text.pool);
  if (!pool.ok()) return pool.status();
  options.pool = *std::move(pool);
  options.report.subject = text.pool;
  return absl::OkStatus();
}

absl::Status read_rules(const Text& text, ConformOptions& options) {
  const bool of_pools = options.pool.has_value();
  bool exists = false;
  for (const Rule& rule : all_rules()) {
    if (!text.rule.empty() && rule.name != text.rule) continue;
    exists = true;
    if ((rule.number.seam == 'T') == of_pools) options.rules.push_back(&rule);
  }
  if (!exists) {
    return invalid(
        absl::StrFormat("--rule: no rule is named \"%s\": --list prints all of them", text.rule));
  }
  if (!options.rules.empty()) return absl::OkStatus();
  return invalid(absl::StrFormat("--rule: \"%s\" is not about %s: it needs %s", text.rule,
                                 of_pools ? "pools" : "backends",
                                 of_pools ? "--backend" : "--pool"));
}

absl::Status read_numbers(const Text& text, ReportOptions& options) {
  options.seed = std::random_device()();
  if (!text.seed.empty()) {
    const auto seed = apps::count_of("--seed", text.seed, 0, INT64_MAX);
    if (!seed.ok()) return seed.status();
    options.seed = static_cast<std::uint64_t>(*seed);
  }
  const auto limit = apps::duration_of("--timeout", text.timeout);
  if (!limit.ok()) return limit.status();
  if (limit->count() == 0) return invalid("--timeout: \"0\" gives no rule time to end: try 120s");
  options.limit = *limit;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ConformCommand> parse_conform_command(int argc, const char* const* argv,
                                                     apps::Kit& kit) {
  apps::CommandLine line("collet-conform",
                         "Judges a backend or a pool against the rules in the headers.");
  Text text;
  declare(line, text);
  apps::PluginFlags plugins;
  plugins.declare(line);
  auto print = line.parse(argc, argv);
  if (!print.ok()) return print.status();
  if (!print->empty()) return *print;
  if (text.list) return list_of_rules();
  if (auto status = kit.load(plugins); !status.ok()) return status;

  ConformOptions options;
  if (auto status = read_subject(text, kit, options); !status.ok()) return status;
  if (auto status = read_rules(text, options); !status.ok()) return status;
  if (auto status = read_numbers(text, options.report); !status.ok()) return status;
  options.report.rules = options.rules.size();
  options.report.json = text.json;
  options.report.command = shell_word(argv[0]);
  for (const std::string& word : plugins.as_arguments()) {
    options.report.command += " " + shell_word(word);
  }
  options.report.command += options.backend.has_value() ? " --backend " : " --pool ";
  options.report.command += shell_word(options.report.subject);
  return options;
}

}  // namespace collet::conformance

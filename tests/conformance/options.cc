// SPDX-License-Identifier: MIT
// options.cc: the flags of collet-conform, from text to what they mean.
#include "tests/conformance/options.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <random>
#include <string_view>
#include <utility>

#include <absl/status/status.h>
#include <absl/strings/str_format.h>

#include "apps/cli/command_line.h"
#include "apps/workloads/workload.h"

namespace collet::conformance {
namespace {

struct Text {
  std::string backend;
  std::string pool;
  std::string workload;
  std::string rule;
  std::string seed;
  std::string timeout = "120s";
  bool brief = false;
  bool full = false;
  bool json = false;
  bool list = false;
};

void declare(apps::CommandLine& line, Text& text) {
  line.option("--backend", "SPEC", text.backend, "judge this backend, a plugin's file included");
  line.option("--pool", "SPEC", text.pool, "judge this pool, with 1, 2 and 4 workers");
  line.option("--workload", "SPEC", text.workload, "judge this workload, a plugin's file or name");
  line.option("--rule", "RULE", text.rule, "judge one rule only, such as P1.2");
  line.option("--seed", "N", text.seed, "of what is random; a broken rule prints it");
  line.option("--timeout", "TIME", text.timeout,
              "give a rule up, as broken, after that long; the rest is not judged");
  line.flag("--brief", text.brief, "a tenth of the time for what is repeated for seconds");
  line.flag("--full", text.full, "no limit of time for it: a million wakes are a million");
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

// What can be judged, and by rules of which letters.
struct Kind {
  const char* flag;
  const char* plural;
  const char* seams;
  std::string Text::*spec;
};
constexpr Kind kKinds[] = {{"--backend", "backends", "PR", &Text::backend},
                           {"--pool", "pools", "T", &Text::pool},
                           {"--workload", "workloads", "W", &Text::workload}};

// The one kind that is asked for.
absl::StatusOr<const Kind*> read_kind(const Text& text) {
  const Kind* asked = nullptr;
  for (const Kind& kind : kKinds) {
    if ((text.*kind.spec).empty()) continue;
    if (asked != nullptr) {
      return invalid(absl::StrFormat(
          "%s: \"%s\" cannot be judged together with %s \"%s\": leave out one of them", kind.flag,
          text.*kind.spec, asked->flag, text.*asked->spec));
    }
    asked = &kind;
  }
  if (asked != nullptr) return asked;
  return invalid("--backend, --pool or --workload: name one, to be judged");
}

absl::StatusOr<SessionWorkload> read_workload(const std::string& spec, apps::Kit& kit) {
  const auto resolved = kit.resolve(spec, "--workload");
  if (!resolved.ok()) return resolved.status();
  if (apps::find_workload(resolved->substr(0, resolved->find(':'))).ok()) {
    return invalid(absl::StrFormat(
        "--workload: \"%s\" comes with collet, whose own tests are about it: only workloads out of "
        "plugins are judged",
        spec));
  }
  if (kit.registry().workloads().empty()) {
    return invalid(absl::StrFormat(
        "--workload: \"%s\" is in no plugin that is loaded: name the plugin's file", spec));
  }
  return kit.registry().workload(*resolved, "--workload");
}

template <typename Chosen>
absl::Status take(absl::StatusOr<Chosen> chosen, std::optional<Chosen>& into) {
  if (!chosen.ok()) return chosen.status();
  into = *std::move(chosen);
  return absl::OkStatus();
}

absl::Status read_subject(const Text& text, const Kind& kind, apps::Kit& kit,
                          ConformOptions& options) {
  const std::string& spec = text.*kind.spec;
  options.report.subject = spec;
  if (kind.spec == &Text::backend) return take(kit.backend(spec), options.backend);
  if (kind.spec == &Text::pool) return take(kit.pool(spec), options.pool);
  return take(read_workload(spec, kit), options.workload);
}

bool is_of(const Rule& rule, const Kind& kind) {
  return std::string_view(kind.seams).find(rule.number.seam) != std::string_view::npos;
}

absl::Status read_rules(const Text& text, const Kind& kind, ConformOptions& options) {
  const Rule* named = nullptr;
  for (const Rule& rule : all_rules()) {
    if (!text.rule.empty() && rule.name != text.rule) continue;
    named = &rule;
    if (is_of(rule, kind)) options.rules.push_back(&rule);
  }
  if (named == nullptr) {
    return invalid(
        absl::StrFormat("--rule: no rule is named \"%s\": --list prints all of them", text.rule));
  }
  if (!options.rules.empty()) return absl::OkStatus();
  const auto* other = std::find_if(std::begin(kKinds), std::end(kKinds),
                                   [&](const Kind& one) { return is_of(*named, one); });
  return invalid(absl::StrFormat("--rule: \"%s\" is not about %s: it needs %s", text.rule,
                                 kind.plural, other->flag));
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
                         "Judges a backend, pool or workload against the rules in the headers.");
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
  const auto kind = read_kind(text);
  if (!kind.ok()) return kind.status();
  if (auto status = read_subject(text, **kind, kit, options); !status.ok()) return status;
  if (auto status = read_rules(text, **kind, options); !status.ok()) return status;
  if (auto status = read_numbers(text, options.report); !status.ok()) return status;
  if (text.brief && text.full) return invalid("--brief: cannot be had together with --full");
  if (text.brief) options.length = Length::brief;
  if (text.full) options.length = Length::full;
  options.report.rules = options.rules;
  options.report.json = text.json;
  options.report.command = shell_word(argv[0]);
  for (const std::string& word : plugins.as_arguments()) {
    options.report.command += " " + shell_word(word);
  }
  options.report.command +=
      absl::StrFormat(" %s %s", (*kind)->flag, shell_word(options.report.subject));
  if (text.timeout != Text().timeout) options.report.command += " --timeout " + text.timeout;
  if (text.brief) options.report.command += " --brief";
  if (text.full) options.report.command += " --full";
  if (text.json) options.report.command += " --json";
  return options;
}

}  // namespace collet::conformance

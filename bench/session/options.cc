// SPDX-License-Identifier: MIT
// options.cc: text to options, flag by flag.
#include "bench/session/options.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_split.h>

#include "apps/cli/command_line.h"
#include "bench/session/plan.h"

namespace collet::bench {
namespace {

constexpr std::int64_t kMostConnections = 1'000'000;
constexpr std::int64_t kMostPayloadBytes = 64 << 20;
constexpr std::int64_t kMostRate = 10'000'000;
constexpr int kMostPercent = 1'000;
constexpr std::int64_t kMostSeed = (std::int64_t{1} << 53) - 1;  // exact in every JSON reader

// The flags as typed; what is empty was not given.
struct Texts {
  std::string profile;  // of the command if empty
  std::string backends, pools, workloads, placements, baseline, seed, output, bin_dir, payload;
  std::string rates;     // of the profile if empty
  std::string arrivals;  // uniform if empty
  std::string p99, p999;
  std::string connections, duration, warmup, reps, repeats;  // empty: as the profile says
  std::vector<std::string> externals;
  std::string pipeline = "1";
  std::string loops = "1";
  std::string workers = "1";
  std::string client_threads = "1";
  std::string work = "0";
  std::string block = "0";
  std::string format = "table";
  bool no_baselines = false;
  bool accept_any_build = false;
  bool count = false;
  bool quiet = false;
};

struct Profile {
  std::string_view name;
  const char* connections;
  const char* warmup;
  const char* duration;
  const char* reps;
  const char* repeats;
  const char* rates;  // none: a closed loop
  bool counts;        // system calls and the like
};

// smoke: that everything starts and answers rightly, in less than a minute; no verdicts. quick:
// what a developer waits for. full: enough blocks for verdicts that hold (comparison.h). curve:
// a quiet server to one that cannot keep up. goal: windows that are long enough for p99.
constexpr const char* kRatesOfCurve = "10%,25%,40%,55%,70%,80%,90%,100%";
constexpr Profile kProfiles[] = {{"smoke", "16", "200ms", "500ms", "1", "0", "", false},
                                 {"quick", "64", "200ms", "800ms", "6", "2", "", false},
                                 {"full", "1,64,256", "500ms", "1600ms", "11", "2", "", true},
                                 {"curve", "64", "500ms", "2s", "3", "2", kRatesOfCurve, false},
                                 {"goal", "64", "300ms", "1s", "6", "2", "", false}};

// The profile is what its flags are by default.
struct Command {
  std::string_view name;
  const char* summary;
  const char* profile;
  const char* workloads;
  bool has_goal;
};

constexpr Command kCommands[] = {
    {"run", "Measures every backend with every pool, in fresh processes.", "quick", "echo,greet",
     false},
    {"plan",
     "Says what `run` with the same flags would measure, in what order and for how long; writes "
     "nothing.",
     "quick", "echo,greet", false},
    {"curve", "Measures every pair at several rates: latency against load.", "curve", "echo",
     false},
    {"slo", "Looks for the highest rate at which each pair holds --p99 or --p999.", "goal", "echo",
     true},
    {"advise", "Looks for those rates, and compares the best pairs at one of them.", "goal", "echo",
     true}};

const Command& command_of(std::string_view name) {
  const auto* found = std::ranges::find(kCommands, name, &Command::name);
  return found == std::end(kCommands) ? kCommands[0] : *found;
}

const Profile* find_profile(std::string_view name) {
  const auto* found = std::ranges::find(kProfiles, name, &Profile::name);
  return found == std::end(kProfiles) ? nullptr : found;
}

constexpr const char* kProfileNames = "smoke|quick|full|curve|goal";

void declare_goal(apps::CommandLine& line, Texts& texts) {
  line.option("--p99", "TIME", texts.p99,
              "The limit of p99 of the response time; this one or --p999 must be given");
  line.option("--p999", "TIME", texts.p999, "Of p99.9 instead");
}

void declare_rates(apps::CommandLine& line, const char* rates, Texts& texts) {
  line.option("-R,--rate", "RATE,...", texts.rates,
              "A table for each: an open loop with so many requests/s over all connections, such "
              "as 20k, or 40% of what the baseline reaches in a closed loop; or `closed` [" +
                  std::string(*rates == '\0' ? "closed" : rates) + "]");
  line.option("--baseline", "NAME", texts.baseline,
              "What all is compared to: BACKEND/POOL or an external server [epoll/inline]");
  line.flag("--count", texts.count,
            "Afterwards count system calls and allocations too, and time how long tasks wait in a "
            "pool; --profile full does");
}

void declare(apps::CommandLine& line, const Command& command, Texts& texts) {
  const Profile& profile = *find_profile(command.profile);
  const auto by_default = [](const char* help, const char* value) {
    return absl::StrCat(help, " [", value, "]");
  };
  line.option("--profile", kProfileNames, texts.profile,
              by_default("Defaults of -c, -d, --warmup, --reps, --max-repeats and --rate",
                         command.profile));
  line.option("--backend", "SPEC,...", texts.backends, "Columns: backends [all]");
  line.option("--pool", "SPEC,...", texts.pools, "Rows: thread pools [all]");
  line.option("--workload", "SPEC,...", texts.workloads,
              by_default("A table for each", command.workloads));
  line.option("-c,--connections", "N,...", texts.connections,
              by_default("A table for each", profile.connections));
  line.option("--placement", "PLACE,...", texts.placements,
              "A table for each: split, shared or wide [split]");
  line.options("--external", "NAME=COMMAND", texts.externals,
               "A row for another server, whose command says where the {port} goes; repeatable");
  line.option("--payload", "BYTES,...", texts.payload,
              "A table for each: size of a request [the workload's own]");
  line.option("--arrivals", "uniform|poisson", texts.arrivals,
              "When the requests of an open loop are due [uniform]");
  line.option("--pipeline", "N", texts.pipeline,
              "Requests at once on a connection, where possible");
  line.option("-d,--duration", "TIME", texts.duration,
              by_default("Measured window of a run", profile.duration));
  line.option("--warmup", "TIME", texts.warmup,
              by_default("Load before the window", profile.warmup));
  line.option("--reps", "N", texts.reps,
              by_default("Blocks, each of which runs every cell once", profile.reps));
  line.option(
      "--max-repeats", "N", texts.repeats,
      by_default("Times that a noisy run is repeated, at the end of its block", profile.repeats));
  line.option("--loops", "N", texts.loops, "Event loops of the server");
  line.option("--workers", "N", texts.workers, "Workers of pools that have any");
  line.option("--client-threads", "N", texts.client_threads, "Threads of the load client");
  line.option("--work", "TIME", texts.work, "CPU that the handler burns for each request");
  line.option("--block", "TIME", texts.block, "Sleep of the handler for each request");
  line.flag("--no-baselines", texts.no_baselines, "Leave out the servers written by hand");
  line.option("--seed", "N", texts.seed, "Of the order of runs [drawn, and recorded]");
  line.option("-o,--output", "DIR", texts.output,
              "Where results.jsonl is written [a new one in results/]");
  line.option("--format", std::string(kFormatNames), texts.format, "What goes to standard output");
  line.option("--bin-dir", "DIR", texts.bin_dir, "Where the programs are [near this one]");
  line.flag("--accept-any-build", texts.accept_any_build,
            "Run debug and sanitizer builds, whose figures are NOT A RESULT");
  line.flag("-q,--quiet", texts.quiet, "No progress on standard error");
}

absl::Status invalid(const std::string& sentence) { return absl::InvalidArgumentError(sentence); }

// Two ways to write one number are one number.
template <typename T>
absl::Status check_values(const char* flag, const std::string& text, const std::vector<T>& values) {
  for (const T& value : values) {
    if (std::ranges::count(values, value) == 1) continue;
    return invalid(absl::StrFormat("%s: \"%s\" has one value twice: name it once", flag, text));
  }
  return absl::OkStatus();
}

absl::Status apply_profile(const Command& command, Texts& texts, Options& options) {
  const Profile* profile = find_profile(texts.profile);
  if (profile == nullptr) {
    return invalid("--profile: \"" + texts.profile +
                   "\" is unknown: use smoke, quick, full, curve or goal");
  }
  options.profile = profile->name;
  const char* rates =
      *profile->rates == '\0' ? find_profile(command.profile)->rates : profile->rates;
  options.settings.counts = profile->counts || texts.count;
  for (const auto& [text, value] :
       {std::pair{&texts.connections, profile->connections},
        std::pair{&texts.warmup, profile->warmup}, std::pair{&texts.duration, profile->duration},
        std::pair{&texts.reps, profile->reps}, std::pair{&texts.repeats, profile->repeats},
        std::pair{&texts.rates, rates}}) {
    if (text->empty()) *text = value;
  }
  return absl::OkStatus();
}

absl::Status read_externals(const Texts& texts, Options& options) {
  for (const std::string& text : texts.externals) {
    auto external = parse_external(text, "--external");
    if (!external.ok()) return external.status();
    if (options.settings.find_external(external->name) != nullptr) {
      return invalid("--external: \"" + external->name + "\" is named twice: name it once");
    }
    options.settings.externals.push_back(*std::move(external));
  }
  return absl::OkStatus();
}

absl::StatusOr<Rate> parse_rate(const std::string& text) {
  if (text == "closed") return Rate{};
  if (!text.ends_with('%')) {
    const auto per_s = apps::count_of("--rate", text, 1, kMostRate);
    if (per_s.ok()) return Rate{*per_s, 0};
    return invalid(absl::StrFormat("%s; or a share such as 40%%, or closed",
                                   std::string(per_s.status().message())));
  }
  const auto percent = apps::count_of("--rate", text.substr(0, text.size() - 1), 1, kMostPercent);
  if (!percent.ok()) {
    return invalid(absl::StrFormat(
        "--rate: \"%s\" is no share of the closed loop: write a whole number from 1%% to %d%%",
        text, kMostPercent));
  }
  return Rate{0, static_cast<int>(*percent)};
}

absl::Status read_lists(const Texts& texts, Options& options) {
  if (!texts.backends.empty()) options.backends = split_specs(texts.backends);
  if (!texts.pools.empty()) options.pools = split_specs(texts.pools);
  options.workloads = split_specs(texts.workloads);
  std::vector<std::string> placements;
  if (!texts.placements.empty()) placements = absl::StrSplit(texts.placements, ',');
  std::vector<std::string> payloads;
  if (!texts.payload.empty()) payloads = absl::StrSplit(texts.payload, ',');
  std::vector<std::string> rates;
  if (!texts.rates.empty()) rates = absl::StrSplit(texts.rates, ',');
  const std::vector<std::string> connections = absl::StrSplit(texts.connections, ',');
  for (const auto& status :
       {check_list("--backend", texts.backends, options.backends),
        check_list("--pool", texts.pools, options.pools),
        check_list("--workload", texts.workloads, options.workloads),
        check_list("--placement", texts.placements, placements),
        check_list("--payload", texts.payload, payloads), check_list("--rate", texts.rates, rates),
        check_list("--connections", texts.connections, connections)}) {
    if (!status.ok()) return status;
  }
  for (const std::string& text : connections) {
    const auto count = apps::count_of("--connections", text, 1, kMostConnections);
    if (!count.ok()) return count.status();
    options.connections.push_back(static_cast<int>(*count));
  }
  for (const std::string& text : payloads) {
    const auto payload = apps::bytes_of("--payload", text, 1, kMostPayloadBytes);
    if (!payload.ok()) return payload.status();
    options.payload_bytes.push_back(*payload);
  }
  for (const std::string& text : rates) {
    const auto rate = parse_rate(text);
    if (!rate.ok()) return rate.status();
    options.rates.push_back(*rate);
  }
  for (const auto& status : {check_values("--connections", texts.connections, options.connections),
                             check_values("--payload", texts.payload, options.payload_bytes),
                             check_values("--rate", texts.rates, options.rates)}) {
    if (!status.ok()) return status;
  }
  for (const std::string& text : placements) {
    const auto placement = parse_placement(text);
    if (!placement.ok()) return placement.status();
    options.placements.push_back(*placement);
  }
  return absl::OkStatus();
}

absl::Status read_counts(const Texts& texts, Options& options) {
  struct Count {
    const char* flag;
    const std::string& text;
    std::int64_t minimum;
    std::int64_t maximum;
    int& value;
  };
  Settings& settings = options.settings;
  for (const Count& count :
       {Count{"--reps", texts.reps, 1, 10'000, settings.blocks},
        Count{"--max-repeats", texts.repeats, 0, 100, settings.max_repeats},
        Count{"--pipeline", texts.pipeline, 1, 65'536, options.pipeline},
        Count{"--loops", texts.loops, 1, 1'024, settings.loops},
        Count{"--workers", texts.workers, 1, 1'024, settings.workers},
        Count{"--client-threads", texts.client_threads, 1, 1'024, settings.client_threads}}) {
    const auto value = apps::count_of(count.flag, count.text, count.minimum, count.maximum);
    if (!value.ok()) return value.status();
    count.value = static_cast<int>(*value);
  }
  if (!texts.seed.empty()) {
    const auto seed = apps::count_of("--seed", texts.seed, 0, kMostSeed);
    if (!seed.ok()) return seed.status();
    options.seed = static_cast<std::uint64_t>(*seed);
  }
  return absl::OkStatus();
}

absl::Status read_durations(const Texts& texts, Options& options) {
  struct Duration {
    const char* flag;
    const std::string& text;
    std::chrono::nanoseconds& value;
  };
  for (const Duration& duration :
       {Duration{"--duration", texts.duration, options.settings.duration},
        Duration{"--warmup", texts.warmup, options.settings.warmup},
        Duration{"--work", texts.work, options.work},
        Duration{"--block", texts.block, options.block}}) {
    const auto value = apps::duration_of(duration.flag, duration.text);
    if (!value.ok()) return value.status();
    duration.value = *value;
  }
  if (options.settings.duration.count() == 0) {
    return invalid("--duration: \"" + texts.duration +
                   "\" measures nothing: 1s or more works well");
  }
  return absl::OkStatus();
}

absl::Status read_arrivals(const Texts& texts, bool has_goal, Options& options) {
  if (texts.arrivals.empty()) return absl::OkStatus();
  if (texts.arrivals != "uniform" && texts.arrivals != "poisson") {
    return invalid("--arrivals: \"" + texts.arrivals + "\" is unknown: use uniform or poisson");
  }
  const bool has_rate = std::ranges::any_of(
      options.rates, [](const Rate& rate) { return rate.per_s != 0 || rate.percent != 0; });
  if (!has_rate && !has_goal) {
    return invalid("--arrivals: \"" + texts.arrivals +
                   "\" says when the requests of --rate are due: give both or none");
  }
  options.settings.arrivals = texts.arrivals;
  return absl::OkStatus();
}

absl::StatusOr<Goal> read_goal(const Texts& texts) {
  if (texts.p99.empty() == texts.p999.empty()) {
    return invalid(
        "--p99: say how long the slowest of a hundred requests may take, such as "
        "--p99 2ms, or --p999 of a thousand; one of the two");
  }
  const char* flag = texts.p99.empty() ? "--p999" : "--p99";
  const std::string& text = texts.p99.empty() ? texts.p999 : texts.p99;
  const auto limit = apps::duration_of(flag, text);
  if (!limit.ok()) return limit.status();
  if (limit->count() == 0) {
    return invalid(
        absl::StrFormat("%s: \"%s\" is a limit that nothing holds: try 2ms", flag, text));
  }
  return Goal{texts.p99.empty() ? 99.9 : 99.0, *limit, false};
}

}  // namespace

absl::Status check_list(const char* flag, const std::string& text,
                        const std::vector<std::string>& entries) {
  for (const std::string& entry : entries) {
    if (entry.empty()) {
      return invalid(absl::StrFormat(
          "%s: \"%s\" has an empty entry: write names with one comma between them", flag, text));
    }
    if (std::ranges::count(entries, entry) > 1) {
      return invalid(absl::StrFormat("%s: \"%s\" is named twice: name it once", flag, entry));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Options> parse_options(int argc, const char* const* argv) {
  const Command& command = command_of(argv[0]);
  const bool has_goal = command.has_goal;
  apps::CommandLine line("collet-bench " + std::string(argv[0]), command.summary);
  Texts texts;
  declare(line, command, texts);
  if (has_goal) {
    declare_goal(line, texts);
  } else {
    declare_rates(line, find_profile(command.profile)->rates, texts);
  }
  Options options;
  options.plugins.declare(line);
  auto help = line.parse(argc, argv);
  if (!help.ok()) return help.status();
  if (auto status = read_externals(texts, options); !status.ok()) return status;
  options.help = *help;
  if (texts.profile.empty()) texts.profile = command.profile;
  if (texts.workloads.empty()) texts.workloads = command.workloads;
  options.by_hand = !texts.no_baselines;
  options.baseline = texts.baseline;
  options.output = texts.output;
  options.bin_dir = texts.bin_dir;
  options.settings.accept_any_build = texts.accept_any_build;
  options.quiet = texts.quiet;
  const auto format = parse_format(texts.format);
  if (!format.ok()) return format.status();
  options.format = *format;
  if (auto status = apply_profile(command, texts, options); !status.ok()) return status;
  for (const auto& status :
       {read_lists(texts, options), read_counts(texts, options), read_durations(texts, options)}) {
    if (!status.ok()) return status;
  }
  if (auto status = read_arrivals(texts, has_goal, options); !status.ok()) return status;
  if (has_goal && options.help.empty()) {
    const auto goal = read_goal(texts);
    if (!goal.ok()) return goal.status();
    options.goal = *goal;
    options.goal->compares = command.name == "advise";
    options.rates.clear();
  }
  return options;
}

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// options.cc: text to options, flag by flag.
#include "bench/options.h"

#include <algorithm>
#include <string_view>

#include <absl/strings/str_format.h>
#include <absl/strings/str_split.h>

#include "apps/cli/command_line.h"
#include "bench/plan.h"

namespace collet::bench {
namespace {

constexpr std::int64_t kMostConnections = 1'000'000;
constexpr std::int64_t kMostPayloadBytes = 64 << 20;

// The flags as typed; what is empty was not given.
struct Texts {
  std::string backends, pools, workloads, seed, output, bin_dir, payload;
  std::string connections = "64";
  std::string duration = "1s";
  std::string warmup = "300ms";
  std::string reps = "5";
  std::string pipeline = "1";
  std::string loops = "1";
  std::string workers = "1";
  std::string client_threads = "1";
  std::string work = "0";
  std::string block = "0";
  std::string format = "table";
  bool no_baselines = false;
  bool quiet = false;
};

void declare(apps::CommandLine& line, Texts& texts) {
  line.option("--backend", "SPEC,...", texts.backends, "Columns: backends [all that run here]");
  line.option("--pool", "SPEC,...", texts.pools, "Rows: thread pools [all]");
  line.option("--workload", "NAME,...", texts.workloads, "A table for each [echo,greet]");
  line.option("-c,--connections", "N,...", texts.connections, "A table for each");
  line.option("--payload", "BYTES", texts.payload, "Size of a request [the workload's own]");
  line.option("--pipeline", "N", texts.pipeline,
              "Requests at once on a connection, where possible");
  line.option("-d,--duration", "TIME", texts.duration, "Measured window of a run");
  line.option("--warmup", "TIME", texts.warmup, "Load before the window");
  line.option("--reps", "N", texts.reps, "Runs of each cell, interleaved");
  line.option("--loops", "N", texts.loops, "Event loops of the server");
  line.option("--workers", "N", texts.workers, "Workers of pools that have any");
  line.option("--client-threads", "N", texts.client_threads, "Threads of the load client");
  line.option("--work", "TIME", texts.work, "CPU that the handler burns for each request");
  line.option("--block", "TIME", texts.block, "Sleep of the handler for each request");
  line.flag("--no-baselines", texts.no_baselines, "Leave out the servers written by hand");
  line.option("--seed", "N", texts.seed, "Of the order of runs [drawn, and recorded]");
  line.option("-o,--output", "DIR", texts.output,
              "Where results.jsonl is appended [results/ and the time]");
  line.option("--format", "table|csv|json", texts.format, "What goes to standard output");
  line.option("--bin-dir", "DIR", texts.bin_dir, "Where the programs are [near this one]");
  line.flag("-q,--quiet", texts.quiet, "No progress on standard error");
}

absl::Status invalid(const std::string& sentence) { return absl::InvalidArgumentError(sentence); }

// A list without empty and without repeated entries.
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

absl::Status read_lists(const Texts& texts, Options& options) {
  if (!texts.backends.empty()) options.backends = split_specs(texts.backends);
  if (!texts.pools.empty()) options.pools = split_specs(texts.pools);
  if (!texts.workloads.empty()) options.workloads = absl::StrSplit(texts.workloads, ',');
  const std::vector<std::string> connections = absl::StrSplit(texts.connections, ',');
  for (const auto& status : {check_list("--backend", texts.backends, options.backends),
                             check_list("--pool", texts.pools, options.pools),
                             check_list("--workload", texts.workloads, options.workloads),
                             check_list("--connections", texts.connections, connections)}) {
    if (!status.ok()) return status;
  }
  options.connections.clear();
  for (const std::string& text : connections) {
    const auto count = apps::count_of("--connections", text, 1, kMostConnections);
    if (!count.ok()) return count.status();
    options.connections.push_back(static_cast<int>(*count));
  }
  return absl::OkStatus();
}

absl::Status read_counts(const Texts& texts, Options& options) {
  struct Count {
    const char* flag;
    const std::string& text;
    std::int64_t maximum;
    int& value;
  };
  Settings& settings = options.settings;
  for (const Count& count :
       {Count{"--reps", texts.reps, 10'000, options.reps},
        Count{"--pipeline", texts.pipeline, 65'536, settings.pipeline},
        Count{"--loops", texts.loops, 1'024, settings.loops},
        Count{"--workers", texts.workers, 1'024, settings.workers},
        Count{"--client-threads", texts.client_threads, 1'024, settings.client_threads}}) {
    const auto value = apps::count_of(count.flag, count.text, 1, count.maximum);
    if (!value.ok()) return value.status();
    count.value = static_cast<int>(*value);
  }
  if (!texts.seed.empty()) {
    const auto seed = apps::count_of("--seed", texts.seed, 0, INT64_MAX);
    if (!seed.ok()) return seed.status();
    options.seed = static_cast<std::uint64_t>(*seed);
  }
  if (!texts.payload.empty()) {
    const auto payload = apps::bytes_of("--payload", texts.payload, 1, kMostPayloadBytes);
    if (!payload.ok()) return payload.status();
    settings.payload_bytes = *payload;
  }
  return absl::OkStatus();
}

absl::Status read_durations(const Texts& texts, Settings& settings) {
  struct Duration {
    const char* flag;
    const std::string& text;
    std::chrono::nanoseconds& value;
  };
  for (const Duration& duration : {Duration{"--duration", texts.duration, settings.duration},
                                   Duration{"--warmup", texts.warmup, settings.warmup},
                                   Duration{"--work", texts.work, settings.work},
                                   Duration{"--block", texts.block, settings.block}}) {
    const auto value = apps::duration_of(duration.flag, duration.text);
    if (!value.ok()) return value.status();
    duration.value = *value;
  }
  if (settings.duration.count() == 0) {
    return invalid("--duration: \"" + texts.duration +
                   "\" measures nothing: 1s or more works well");
  }
  return absl::OkStatus();
}

absl::Status read_format(const std::string& text, Format& format) {
  if (text == "table")
    format = Format::table;
  else if (text == "csv")
    format = Format::csv;
  else if (text == "json")
    format = Format::json;
  else
    return invalid("--format: \"" + text + "\" is unknown: use table, csv or json");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Options> parse_options(int argc, const char* const* argv) {
  apps::CommandLine line("collet-bench run",
                         "Measures every backend with every pool, in fresh processes.");
  Texts texts;
  declare(line, texts);
  auto help = line.parse(argc, argv);
  if (!help.ok()) return help.status();
  Options options;
  options.help = *help;
  options.by_hand = !texts.no_baselines;
  options.output = texts.output;
  options.bin_dir = texts.bin_dir;
  options.quiet = texts.quiet;
  for (const auto& status :
       {read_lists(texts, options), read_counts(texts, options),
        read_durations(texts, options.settings), read_format(texts.format, options.format)}) {
    if (!status.ok()) return status;
  }
  return options;
}

}  // namespace collet::bench

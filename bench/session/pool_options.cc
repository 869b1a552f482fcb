// SPDX-License-Identifier: MIT
// pool_options.cc: flags, then pools by benchmarks.
#include "bench/session/pool_options.h"

#include <algorithm>
#include <random>
#include <utility>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <collet/builtin.h>
#include <collet/registry.h>

#include "apps/cli/command_line.h"
#include "bench/pools/benchmark.h"
#include "bench/session/apart.h"
#include "bench/session/options.h"
#include "bench/session/placement.h"
#include "bench/session/programs.h"
#include "bench/session/start.h"

namespace collet::bench {
namespace {

constexpr std::int64_t kMostSeed = (std::int64_t{1} << 53) - 1;  // exact in every JSON reader
constexpr int kMostThreads = 1'024;

// The flags as typed; what is empty was not given.
struct Texts {
  std::string pools, benchmarks, workers, producers, baseline, seed, output, bin_dir;
  std::string reps = "10";
  std::string repeats = "2";
  std::string format = "table";
  bool accept_any_build = false;
  bool quiet = false;
};

void declare(apps::CommandLine& line, Texts& texts) {
  line.option("--pool", "SPEC,...", texts.pools,
              "Rows: thread pools [all; inline where it has something to say]");
  line.option("--benchmark", "NAME,...", texts.benchmarks,
              "A table for each; `fan-out` stands for all of its sizes; `collet-bench list` names "
              "them [all]");
  line.option("--workers", "N", texts.workers, "Workers of pools that have any [one a CPU]");
  line.option("--producers", "N", texts.producers,
              "Threads that submit at once in empty-external-many [as many as workers]");
  line.option("--reps", "N", texts.reps, "Blocks, each of which runs everything once");
  line.option("--max-repeats", "N", texts.repeats,
              "Times that a noisy run is repeated, at the end of its block");
  line.option("--baseline", "SPEC", texts.baseline,
              "The pool that the others are compared to [mutex]");
  line.option("--seed", "N", texts.seed, "Of the order of runs [drawn, and recorded]");
  line.option("-o,--output", "DIR", texts.output,
              "Where pools.jsonl is written [a new one in results/]");
  line.option("--format", std::string(kFormatNames), texts.format, "What goes to standard output");
  line.option("--bin-dir", "DIR", texts.bin_dir, "Where collet-pool-load is [near this one]");
  line.flag("--accept-any-build", texts.accept_any_build,
            "Run debug and sanitizer builds, whose figures are NOT A RESULT");
  line.flag("-q,--quiet", texts.quiet, "No progress on standard error");
}

absl::Status read_counts(const Texts& texts, PoolOptions& options) {
  struct Count {
    const char* flag;
    const std::string& text;
    int minimum;
    int maximum;
    int& value;
  };
  for (const Count& count :
       {Count{"--workers", texts.workers, 1, kMostThreads, options.workers},
        Count{"--producers", texts.producers, 1, kMostThreads, options.producers},
        Count{"--reps", texts.reps, 1, 10'000, options.blocks},
        Count{"--max-repeats", texts.repeats, 0, 100, options.max_repeats}}) {
    if (count.text.empty()) continue;
    const auto value = apps::count_of(count.flag, count.text, count.minimum, count.maximum);
    if (!value.ok()) return value.status();
    count.value = static_cast<int>(*value);
  }
  if (texts.seed.empty()) return absl::OkStatus();
  const auto seed = apps::count_of("--seed", texts.seed, 0, kMostSeed);
  if (!seed.ok()) return seed.status();
  options.seed = static_cast<std::uint64_t>(*seed);
  return absl::OkStatus();
}

// Each name, or all of a family, in the order of the table.
absl::StatusOr<std::vector<const PoolBenchmark*>> resolve_benchmarks(
    const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (const PoolBenchmark& benchmark : pool_benchmarks()) known.emplace_back(benchmark.name);
  for (const std::string& name : names) {
    if (std::ranges::any_of(known, [&](const std::string& one) {
          return one == name || one.starts_with(name + "-");
        })) {
      continue;
    }
    return absl::InvalidArgumentError(absl::StrFormat("--benchmark: \"%s\" is unknown: use %s",
                                                      name, absl::StrJoin(known, ", ")));
  }
  std::vector<const PoolBenchmark*> chosen;
  for (const PoolBenchmark& benchmark : pool_benchmarks()) {
    const std::string_view name = benchmark.name;
    const bool asked = names.empty() || std::ranges::any_of(names, [&](const std::string& one) {
                         return name == one || (find_pool_benchmark(one) == nullptr &&
                                                name.starts_with(one + "-"));
                       });
    if (asked) chosen.push_back(&benchmark);
  }
  return chosen;
}

PoolTableHead head_of(const PoolBenchmark& benchmark) {
  PoolTableHead head{benchmark.name, benchmark.title, benchmark.about, {}};
  for (const PoolFigure& figure : benchmark.figures) {
    head.columns.push_back({figure.key, figure.title, figure.unit, figure.higher_is_better});
  }
  return head;
}

struct Row {
  std::string spec;
  bool has_threads = true;
  std::string unavailable;
};

absl::StatusOr<std::vector<Row>> resolve_pools(const PoolOptions& options, std::size_t workers,
                                               apps::Kit& kit) {
  std::vector<std::string> specs;
  for (const std::string& spec : options.pools) {
    auto resolved = kit.resolve(spec, "--pool");
    if (!resolved.ok()) return resolved.status();
    specs.push_back(*std::move(resolved));
  }
  if (specs.empty()) {
    for (const PoolDescription* pool : kit.registry().pools()) specs.emplace_back(pool->name);
  }
  std::vector<Row> rows;
  for (const std::string& spec : specs) {
    const auto find = [&] { return kit.registry().pool(spec, "--pool"); };
    const auto status = try_apart("--pool", spec, [&] {
      const auto pool = find();
      if (!pool.ok()) return pool.status();
      return pool->make(pool->description().has_workers ? workers : 0).status();
    });
    Row row{spec, true, ""};
    if (status.ok()) {
      row.has_threads = find()->description().has_workers;
    } else if (absl::IsUnavailable(status)) {
      row.unavailable = std::string(status.message());
    } else {
      return status;
    }
    rows.push_back(std::move(row));
  }
  const bool none =
      std::ranges::none_of(rows, [](const Row& row) { return row.unavailable.empty(); });
  if (none) return absl::InvalidArgumentError(rows.front().unavailable);
  return rows;
}

absl::StatusOr<std::string> choose_baseline(const std::string& asked,
                                            const std::vector<Row>& rows) {
  const auto has = [&](const std::string& spec) {
    return std::ranges::count(rows, spec, &Row::spec) != 0;
  };
  if (!asked.empty()) {
    if (has(asked)) return asked;
    std::vector<std::string> specs;
    for (const Row& row : rows) specs.push_back(row.spec);
    return absl::InvalidArgumentError(
        absl::StrFormat("--baseline: \"%s\" is not measured: name one of %s, or add it to --pool",
                        asked, absl::StrJoin(specs, ", ")));
  }
  if (has("mutex")) return "mutex";
  const auto first = std::ranges::find_if(
      rows, [](const Row& row) { return row.has_threads && row.unavailable.empty(); });
  return first == rows.end() ? rows.front().spec : first->spec;
}

void add_cells(const PoolBenchmark& benchmark, const std::vector<Row>& rows,
               const PoolOptions& options, PoolSession& session) {
  for (const Row& row : rows) {
    PoolCell cell{benchmark.name, row.spec, row.spec == session.baseline, {}, row.unavailable};
    if (!row.unavailable.empty()) cell.state = CellState::unavailable;
    const std::string why_not =
        why_not_applicable(benchmark, row.has_threads, session.settings.workers);
    if (!why_not.empty()) {
      // Whoever named it gets an answer; nobody else needs one.
      if (options.pools.empty() && !row.has_threads) continue;
      cell.state = CellState::inapplicable;
      cell.why_not = why_not;
    }
    session.cells.push_back(std::move(cell));
  }
}

}  // namespace

absl::StatusOr<PoolOptions> parse_pool_options(int argc, const char* const* argv) {
  apps::CommandLine line("collet-bench pools",
                         "Measures thread pools by themselves, without a server: what handing over "
                         "costs, how soon a task starts, what idling burns.");
  Texts texts;
  declare(line, texts);
  PoolOptions options;
  options.plugins.declare(line);
  auto help = line.parse(argc, argv);
  if (!help.ok()) return help.status();
  options.help = *help;
  options.baseline = texts.baseline;
  options.output = texts.output;
  options.bin_dir = texts.bin_dir;
  options.accept_any_build = texts.accept_any_build;
  options.quiet = texts.quiet;
  const auto format = parse_format(texts.format);
  if (!format.ok()) return format.status();
  options.format = *format;
  if (!texts.pools.empty()) options.pools = split_specs(texts.pools);
  if (!texts.benchmarks.empty()) options.benchmarks = absl::StrSplit(texts.benchmarks, ',');
  for (const auto& status : {check_list("--pool", texts.pools, options.pools),
                             check_list("--benchmark", texts.benchmarks, options.benchmarks),
                             read_counts(texts, options)}) {
    if (!status.ok()) return status;
  }
  return options;
}

absl::StatusOr<PoolSession> prepare_pools(const PoolOptions& options, int argc,
                                          const char* const* argv) {
  PoolSession session;
  session.settings.cpus = allowed_cpus();
  const auto cpus = static_cast<int>(session.settings.cpus.size());
  session.settings.workers = options.workers == 0 ? cpus : options.workers;
  session.settings.producers =
      options.producers == 0 ? session.settings.workers : options.producers;
  session.settings.blocks = options.blocks;
  session.settings.max_repeats = options.max_repeats;
  session.settings.accept_any_build = options.accept_any_build;
  const auto benchmarks = resolve_benchmarks(options.benchmarks);
  if (!benchmarks.ok()) return benchmarks.status();
  apps::Kit kit(ask_apart);  // a plugin may crash when it is loaded or asked
  if (auto status = kit.load(options.plugins); !status.ok()) return status;
  const auto rows = resolve_pools(options, static_cast<std::size_t>(session.settings.workers), kit);
  if (!rows.ok()) return rows.status();
  for (const Plugin& plugin : kit.plugins()) session.settings.plugins.push_back(plugin.file);
  auto baseline = choose_baseline(options.baseline, *rows);
  if (!baseline.ok()) return baseline.status();
  session.baseline = *std::move(baseline);
  auto load = Programs(options.bin_dir).find("collet-pool-load");
  if (!load.ok()) return load.status();
  session.settings.load = *std::move(load);
  for (const PoolBenchmark* benchmark : *benchmarks) {
    session.benchmarks.push_back(head_of(*benchmark));
    add_cells(*benchmark, *rows, options, session);
  }
  session.started_utc = utc_now();
  session.id = make_session_id(session.started_utc);
  session.command_line = {"collet-bench"};
  session.command_line.insert(session.command_line.end(), argv, argv + argc);
  session.seed = options.seed.value_or(std::random_device{}());
  session.not_a_result = find_build_fault();
  return session;
}

}  // namespace collet::bench

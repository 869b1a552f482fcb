// SPDX-License-Identifier: MIT
// main.cc: collet-pool-load, which runs one micro-benchmark on one pool once, and says in one line
// of JSON what it took.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <collet/builtin.h>
#include <collet/registry.h>
#include <nlohmann/json.hpp>

#include "apps/cli/command_line.h"
#include "apps/cli/kit.h"
#include "apps/cli/standard_output.h"
#include "bench/pools/benchmark.h"
#include "bench/pools/trial.h"
#include "bench/session/placement.h"

namespace collet::bench {
namespace {

constexpr int kFailed = 1;
constexpr int kBadUsage = 2;

int refuse(const absl::Status& status, int code = kBadUsage) {
  std::fprintf(stderr, "collet-pool-load: %s\n", std::string(status.message()).c_str());
  return code;
}

std::string describe_benchmarks() {
  std::string text;
  for (const PoolBenchmark& benchmark : pool_benchmarks()) {
    absl::StrAppend(&text, absl::StrFormat("%-20s %s\n", benchmark.name, benchmark.about));
  }
  return text;
}

struct Load {
  const PoolBenchmark* benchmark = nullptr;
  std::optional<Pool> pool;
  int workers = 0;  // that were asked for
  int producers = 1;
};

int print_report(const Load& load, const Trial& trial, std::size_t workers) {
  nlohmann::ordered_json figures = nlohmann::ordered_json::object();
  for (const PoolFigure& figure : load.benchmark->figures) {
    const auto found = trial.figures().find(figure.key);
    const bool known = found != trial.figures().end() && found->second;
    figures[figure.key] = known ? nlohmann::ordered_json(*found->second) : nullptr;
  }
  const nlohmann::ordered_json json = {{"benchmark", load.benchmark->name},
                                       {"pool_spec", load.pool->effective_spec()},
                                       {"workers", workers},
                                       {"producers", load.producers},
                                       {"build", COLLET_BUILD_TYPE},
                                       {"wall_ns", trial.cost().wall.count()},
                                       {"cpu_ns", trial.cost().cpu.count()},
                                       {"tasks_submitted", trial.submitted()},
                                       {"tasks_run", trial.run()},
                                       {"figures", figures}};
  std::puts(json.dump().c_str());
  return 0;
}

int measure(const Load& load) {
  const bool has_threads = load.pool->description().has_workers;
  const std::string why_not = why_not_applicable(*load.benchmark, has_threads, load.workers);
  if (!why_not.empty()) {
    return refuse(absl::InvalidArgumentError(
        absl::StrFormat("--benchmark: %s says nothing about %s: %s", load.benchmark->name,
                        load.pool->name(), why_not)));
  }
  auto pool = load.pool->make(has_threads ? static_cast<std::size_t>(load.workers) : 0);
  if (!pool.ok()) return refuse(pool.status(), kFailed);
  const auto cpus = static_cast<int>(allowed_cpus().size());
  Trial trial(**pool, std::min(load.workers, cpus), load.producers);
  load.benchmark->run(trial);
  const PoolStats stats = (*pool)->stats();
  const auto accepted = static_cast<std::int64_t>(stats.accepted);
  const auto run = static_cast<std::int64_t>(stats.run);
  if (trial.run() != trial.submitted() || accepted != run || run != trial.submitted()) {
    return refuse(absl::InternalError(
                      absl::StrFormat("%d tasks were submitted and %d ran; the pool says %d and %d",
                                      trial.submitted(), trial.run(), accepted, run)),
                  kFailed);
  }
  return print_report(load, trial, (*pool)->workers());
}

int run(int argc, const char* const* argv) {
  apps::CommandLine line("collet-pool-load",
                         "Runs one micro-benchmark on one thread pool; collet-bench pools runs "
                         "them all, often enough to conclude something.");
  std::string benchmark;
  std::string spec = "mutex";
  std::string workers = "1";
  std::string producers = "1";
  bool list = false;
  line.option("--benchmark", "NAME", benchmark, "Which one");
  line.option("--pool", "SPEC", spec, "The pool");
  line.option("--workers", "N", workers, "Its workers, if it has any");
  line.option("--producers", "N", producers, "Threads that submit, of empty-external-many");
  line.flag("--list", list, "Say which benchmarks there are");
  apps::PluginFlags plugins;
  plugins.declare(line);
  const auto help = line.parse(argc, argv);
  if (!help.ok()) return refuse(help.status());
  const std::string text = list ? describe_benchmarks() : *help;
  if (!text.empty()) {
    std::fputs(text.c_str(), stdout);
    return 0;
  }

  apps::Kit kit;
  if (auto status = kit.load(plugins); !status.ok()) return refuse(status);
  Load load;
  if (benchmark.empty()) {
    return refuse(absl::InvalidArgumentError(
        "--benchmark: name the one to run: --list says which there are"));
  }
  load.benchmark = find_pool_benchmark(benchmark);
  if (load.benchmark == nullptr) {
    return refuse(absl::InvalidArgumentError(
        absl::StrFormat("--benchmark: \"%s\" is unknown: --list says which there are", benchmark)));
  }
  auto pool = kit.pool(spec);
  if (!pool.ok()) return refuse(pool.status());
  load.pool = *std::move(pool);
  for (const auto& [flag, given, value] :
       {std::tuple{"--workers", &workers, &load.workers},
        std::tuple{"--producers", &producers, &load.producers}}) {
    const auto count = apps::count_of(flag, *given, 1, 1'024);
    if (!count.ok()) return refuse(count.status());
    *value = static_cast<int>(*count);
  }
  return measure(load);
}

}  // namespace
}  // namespace collet::bench

int main(int argc, char** argv) {
  return collet::apps::end_output("collet-pool-load", collet::bench::run(argc, argv));
}

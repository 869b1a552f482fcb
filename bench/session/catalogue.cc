// SPDX-License-Identifier: MIT
// catalogue.cc: the registry and the workloads, as axes of a matrix.
#include "bench/session/catalogue.h"

#include <string_view>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_replace.h>
#include <collet/registry.h>

#include "apps/workloads/workload.h"
#include "bench/pools/benchmark.h"
#include "bench/session/apart.h"
#include "bench/session/programs.h"

namespace collet::bench {
namespace {

std::string message_of(const absl::Status& status) { return std::string(status.message()); }

std::string quoted_for_shell(const std::string& text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

// They are external servers whose commands we know.
void add_servers_by_hand(Options& options, Axes& axes, std::vector<std::string>& notes) {
  if (!options.by_hand) return;
  if (options.work.count() != 0 || options.block.count() != 0) {
    notes.emplace_back("no servers by hand: they know neither --work nor --block");
    return;
  }
  const Programs programs(options.bin_dir);
  for (const std::string& backend : axes.backends) {
    const std::string name = name_in(backend);
    const auto found = programs.find("collet-baseline-" + name);
    External external{"by-hand-" + name, ""};
    // Not every backend has one, and one is enough for a backend that is there twice.
    if (!found.ok() || options.settings.find_external(external.name) != nullptr) continue;
    external.command = absl::StrCat("exec ", quoted_for_shell(*found),
                                    " --listen 127.0.0.1:{port} --workload {workload}");
    axes.by_hand.push_back(external.name);
    options.settings.externals.push_back(std::move(external));
  }
}

std::string list_line(std::string_view name, std::string_view summary,
                      const absl::Status& runs = absl::OkStatus()) {
  return absl::StrFormat("  %-12s %s\n", name, runs.ok() ? std::string(summary) : message_of(runs));
}

// What every run of it would refuse, or do without a word. Of several workloads some may pipeline.
absl::Status check_shape(const Options& options, const std::string& workload,
                         const apps::LoadDefaults& defaults) {
  if (options.pipeline > 1 && defaults.connection_per_request && options.workloads.size() == 1) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "--pipeline: \"%d\" does not fit --workload %s, where each request is a connection: leave "
        "it out",
        options.pipeline, workload));
  }
  for (const std::int64_t payload : options.payload_bytes) {
    const auto least = static_cast<std::int64_t>(defaults.least_payload_bytes);
    if (payload < least) {
      return absl::InvalidArgumentError(
          absl::StrFormat("--payload: \"%d\" is too small for --workload %s: give at least %d",
                          payload, workload, least));
    }
    if (payload * options.pipeline > apps::kMostBytesUnderWay) {
      return absl::InvalidArgumentError(
          "--pipeline: times --payload this is more than 1g for each connection: lower one of "
          "them");
    }
  }
  return absl::OkStatus();
}

}  // namespace

// A plugin may crash when it is loaded or asked.
Catalogue::Catalogue() : kit_(ask_apart) {}

absl::Status Catalogue::try_backend(const std::string& spec, std::string_view flag) const {
  return try_apart(flag, spec, [&] { return kit_.registry().backend(spec, flag).status(); });
}

absl::Status Catalogue::try_pool(const std::string& spec, std::string_view flag) const {
  return try_apart(flag, spec, [&] { return kit_.registry().pool(spec, flag).status(); });
}

absl::StatusOr<Axes> Catalogue::resolve(Options& options, std::vector<std::string>& notes) {
  Axes axes;
  if (auto status = resolve_backends(options, axes); !status.ok()) return status;
  if (auto status = resolve_pools(options, axes); !status.ok()) return status;
  if (auto status = resolve_workloads(options, axes, notes); !status.ok()) return status;
  if (auto status = check_baseline(options.baseline); !status.ok()) return status;
  for (const Plugin& plugin : kit_.plugins()) options.settings.plugins.push_back(plugin.file);
  if (auto status = equip(options.settings, options.bin_dir); !status.ok()) return status;
  options.settings.cpus = allowed_cpus();
  if (options.placements.empty()) {
    const bool one = options.settings.cpus.size() == 1;
    options.placements = {one ? Placement::shared : Placement::split};
  }
  add_servers_by_hand(options, axes, notes);
  return axes;
}

absl::Status Catalogue::equip(Settings& settings, const std::string& bin_dir) const {
  for (const PoolDescription* pool : kit_.registry().pools()) {
    if (!pool->has_workers) settings.workerless_pools.emplace(pool->name);
  }
  for (const apps::Workload* workload : apps::workloads()) {
    settings.own_workloads.emplace(workload->name());
    if (workload->load_defaults().connection_per_request) {
      settings.unpipelined_workloads.emplace(workload->name());
    }
  }
  const Programs programs(bin_dir);
  // A build with sanitizers has none: they replace the allocator themselves.
  settings.allocation_library =
      programs.find("libcollet-count-allocations.so").value_or(std::string());
  for (const auto& [name, path] :
       {std::pair{"collet-server", &settings.server}, std::pair{"collet-load", &settings.load}}) {
    auto found = programs.find(name);
    if (!found.ok()) return found.status();
    *path = *found;
  }
  return absl::OkStatus();
}

absl::Status Catalogue::resolve_backends(const Options& options, Axes& axes) {
  for (const std::string& spec : options.backends) {
    auto resolved = kit_.resolve(spec, "--backend");
    if (!resolved.ok()) return resolved.status();
    axes.backends.push_back(*std::move(resolved));
  }
  if (axes.backends.empty()) {
    for (const BackendDescription* backend : kit_.registry().backends()) {
      axes.backends.emplace_back(backend->name);
    }
  }
  for (const std::string& spec : axes.backends) {
    const auto status = try_backend(spec, "--backend");
    if (absl::IsUnavailable(status)) {
      axes.unavailable_backends[spec] = message_of(status);
    } else if (!status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

absl::Status Catalogue::resolve_pools(const Options& options, Axes& axes) {
  for (const std::string& spec : options.pools) {
    auto resolved = kit_.resolve(spec, "--pool");
    if (!resolved.ok()) return resolved.status();
    axes.pools.push_back(*std::move(resolved));
  }
  if (axes.pools.empty()) {
    for (const PoolDescription* pool : kit_.registry().pools()) axes.pools.emplace_back(pool->name);
  }
  for (const std::string& spec : axes.pools) {
    const auto status = try_pool(spec, "--pool");
    if (absl::IsUnavailable(status)) {
      axes.unavailable_pools[spec] = message_of(status);
    } else if (!status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

absl::Status Catalogue::resolve_workloads(const Options& options, Axes& axes,
                                          std::vector<std::string>& notes) {
  axes.workloads = options.workloads;
  for (std::string& spec : axes.workloads) {
    auto resolved = kit_.resolve(spec, "--workload");
    if (!resolved.ok()) return resolved.status();
    spec = *std::move(resolved);
    const auto tried = try_apart("--workload", spec, [&] { return kit_.workload(spec).status(); });
    if (!tried.ok()) return tried;
    const auto workload = kit_.workload(spec);
    if (!workload.ok()) return workload.status();
    const apps::LoadDefaults defaults = (*workload)->load_defaults();
    if (auto status = check_shape(options, spec, defaults); !status.ok()) return status;
    axes.payload_bytes[spec] = static_cast<std::int64_t>(defaults.payload_bytes);
    if (!defaults.mostly_idle) continue;
    axes.idle_workloads.insert(spec);
    if (options.goal) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "--workload: \"%s\" has a rate of its own, so none can be looked for: use echo", spec));
    }
    if (!options.rates.empty()) {
      notes.push_back(spec + ": has a rate of its own, which --rate does not change");
    }
  }
  return absl::OkStatus();
}

absl::Status Catalogue::check_baseline(const std::string& baseline) const {
  const std::size_t slash = baseline.find('/');
  if (slash == std::string::npos) return absl::OkStatus();
  const auto backend = try_backend(baseline.substr(0, slash), "--baseline");
  return backend.ok() ? try_pool(baseline.substr(slash + 1), "--baseline") : backend;
}

std::string Catalogue::describe() const {
  std::string text = "backends\n";
  for (const BackendDescription* description : kit_.registry().backends()) {
    text += list_line(description->name, description->summary,
                      try_backend(description->name, "--backend"));
  }
  text += "pools\n";
  for (const PoolDescription* pool : kit_.registry().pools()) {
    text += list_line(pool->name, pool->summary, try_pool(pool->name, "--pool"));
  }
  text += "workloads\n";
  for (const apps::Workload* workload : apps::workloads()) {
    text += list_line(workload->name(), workload->summary());
  }
  for (const WorkloadDescription* workload : kit_.registry().workloads()) {
    text +=
        list_line(workload->name, workload->summary, try_apart("--workload", workload->name, [&] {
                    return kit_.registry().workload(workload->name, "--workload").status();
                  }));
  }
  if (!kit_.plugins().empty()) text += "plugins\n";
  for (const Plugin& plugin : kit_.plugins()) {
    absl::StrAppend(&text, absl::StrFormat("  %-12s version %s, from %s\n", plugin.name,
                                           plugin.version, plugin.file));
  }
  text += "benchmarks of pools\n";
  for (const PoolBenchmark& benchmark : pool_benchmarks()) {
    absl::StrAppend(&text, absl::StrFormat("  %-20s %s\n", benchmark.name, benchmark.title));
  }
  return text;
}

}  // namespace collet::bench

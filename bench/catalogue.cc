// SPDX-License-Identifier: MIT
// catalogue.cc: the registry and the workloads, as axes of a matrix.
#include "bench/catalogue.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <collet/builtin.h>

#include "apps/workloads/workload.h"

namespace collet::bench {
namespace {

// What the servers by hand know too, and what is measured unless other workloads are asked for.
constexpr std::array<std::string_view, 2> kByHand{"echo", "greet"};

std::string message_of(const absl::Status& status) { return std::string(status.message()); }

absl::Status resolve_workloads(Options& options, Axes& axes) {
  std::vector<std::string> known;
  for (const apps::Workload* workload : apps::workloads()) {
    known.emplace_back(workload->name());
    const apps::LoadDefaults defaults = workload->load_defaults();
    options.settings.workloads[known.back()] = {static_cast<std::int64_t>(defaults.payload_bytes),
                                                !defaults.connection_per_request};
  }
  axes.workloads = options.workloads;
  if (axes.workloads.empty()) axes.workloads.assign(kByHand.begin(), kByHand.end());
  std::ranges::copy_if(known, std::back_inserter(axes.not_by_hand), [](const std::string& name) {
    return std::ranges::find(kByHand, name) == kByHand.end();
  });
  for (const std::string& name : axes.workloads) {
    if (options.settings.workloads.contains(name)) continue;
    return absl::InvalidArgumentError(absl::StrFormat("--workload: \"%s\" is unknown: use %s", name,
                                                      absl::StrJoin(known, " or ")));
  }
  return absl::OkStatus();
}

absl::Status find_programs(Options& options, Axes& axes, std::vector<std::string>& notes) {
  const Programs programs(options.bin_dir);
  Settings& settings = options.settings;
  for (const auto& [name, path] :
       {std::pair{"collet-server", &settings.server}, std::pair{"collet-load", &settings.load}}) {
    auto found = programs.find(name);
    if (!found.ok()) return found.status();
    *path = *found;
  }
  if (!options.by_hand) return absl::OkStatus();
  if (settings.work.count() != 0 || settings.block.count() != 0) {
    notes.emplace_back("no servers by hand: they know neither --work nor --block");
    return absl::OkStatus();
  }
  for (const std::string& backend : axes.backends) {
    const std::string name(spec_name(backend));
    const auto found = programs.find("collet-baseline-" + name);
    if (!found.ok()) continue;  // not every backend has one
    settings.by_hand[name] = *found;
    axes.by_hand.push_back(name);
  }
  return absl::OkStatus();
}

}  // namespace

Catalogue::Catalogue() {
  add_builtin_backends(registry_);
  add_builtin_pools(registry_);
}

absl::StatusOr<Axes> Catalogue::resolve(Options& options, std::vector<std::string>& notes) const {
  Axes axes;
  axes.connections = options.connections;
  if (auto status = resolve_backends(options, axes, notes); !status.ok()) return status;
  if (auto status = resolve_pools(options, axes); !status.ok()) return status;
  if (auto status = resolve_workloads(options, axes); !status.ok()) return status;
  if (auto status = find_programs(options, axes, notes); !status.ok()) return status;
  return axes;
}

absl::Status Catalogue::resolve_backends(const Options& options, Axes& axes,
                                         std::vector<std::string>& notes) const {
  for (const std::string& spec : options.backends) {
    if (const auto backend = registry_.backend(spec); !backend.ok()) return backend.status();
    axes.backends.push_back(spec);
  }
  if (!options.backends.empty()) return absl::OkStatus();
  for (const BackendDescription* description : registry_.backends()) {
    const auto backend = registry_.backend(description->name);
    if (backend.ok()) {
      axes.backends.emplace_back(description->name);
    } else {
      notes.push_back("left out: " + message_of(backend.status()));
    }
  }
  return absl::OkStatus();
}

absl::Status Catalogue::resolve_pools(Options& options, Axes& axes) const {
  axes.pools = options.pools;
  if (axes.pools.empty()) {
    for (const PoolDescription* pool : registry_.pools()) axes.pools.emplace_back(pool->name);
  }
  for (const std::string& spec : axes.pools) {
    const auto pool = registry_.pool(spec);
    if (!pool.ok()) return pool.status();
    if (!pool->description().has_workers) {
      options.settings.workerless_pools.emplace(pool->name());
    }
  }
  return absl::OkStatus();
}

std::string Catalogue::describe() const {
  std::string text = "backends\n";
  for (const BackendDescription* description : registry_.backends()) {
    const auto backend = registry_.backend(description->name);
    absl::StrAppend(
        &text, absl::StrFormat("  %-12s %s\n", description->name,
                               backend.ok() ? description->summary : message_of(backend.status())));
  }
  text += "pools\n";
  for (const PoolDescription* pool : registry_.pools()) {
    absl::StrAppend(&text, absl::StrFormat("  %-12s %s\n", pool->name, pool->summary));
  }
  text += "workloads\n";
  for (const apps::Workload* workload : apps::workloads()) {
    absl::StrAppend(&text, absl::StrFormat("  %-12s %s\n", workload->name(), workload->summary()));
  }
  return text;
}

}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// kit.cc: built-in first, then plugins.
#include "apps/cli/kit.h"

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <utility>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <collet/builtin.h>

#include "apps/workloads/session_workload.h"

namespace collet::apps {
namespace {

constexpr const char* kSearchPath = "COLLET_PLUGIN_PATH";

const Plugin* find(const std::vector<Plugin>& plugins, const char* name,
                   std::initializer_list<PluginKind> kinds) {
  for (const Plugin& plugin : plugins) {
    const bool fits = std::ranges::find(kinds, plugin.kind) != kinds.end();
    if (fits && plugin.name == name) return &plugin;
  }
  return nullptr;
}

std::vector<std::string> own_workloads() {
  std::vector<std::string> names;
  for (const Workload* one : workloads()) names.emplace_back(one->name());
  return names;
}

}  // namespace

void PluginFlags::declare(CommandLine& line) {
  line.options("--plugin", "FILE", files,
               "load a backend, pool or workload of somebody else; repeatable");
  line.option("--plugin-dir", "DIR", folder, "load every plugin in a folder");
}

std::vector<std::string> PluginFlags::as_arguments() const {
  std::vector<std::string> arguments;
  for (const std::string& file : files) arguments.insert(arguments.end(), {"--plugin", file});
  if (!folder.empty()) arguments.insert(arguments.end(), {"--plugin-dir", folder});
  return arguments;
}

Kit::Kit(Plugins::Trial trial) : plugins_(registry_, own_workloads(), std::move(trial)) {
  add_builtin_backends(registry_);
  add_builtin_pools(registry_);
}

absl::Status Kit::load(const PluginFlags& flags) {
  for (const std::string& file : flags.files) {
    if (auto status = plugins_.load(file); !status.ok()) return status;
  }
  if (!flags.folder.empty()) {
    if (auto status = plugins_.load_folder(flags.folder); !status.ok()) return status;
  }
  const char* path = std::getenv(kSearchPath);
  if (path == nullptr) return absl::OkStatus();
  for (const std::string& folder :
       std::vector<std::string>(absl::StrSplit(path, ':', absl::SkipEmpty()))) {
    if (auto status = plugins_.load_folder(folder, kSearchPath); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<Backend> Kit::backend(std::string_view spec, std::string_view flag) {
  const auto resolved = plugins_.resolve(spec, flag);
  if (!resolved.ok()) return resolved.status();
  return registry_.backend(*resolved, flag);
}

absl::StatusOr<Pool> Kit::pool(std::string_view spec, std::string_view flag) {
  const auto resolved = plugins_.resolve(spec, flag);
  if (!resolved.ok()) return resolved.status();
  return registry_.pool(*resolved, flag);
}

absl::StatusOr<const Workload*> Kit::workload(std::string_view spec, std::string_view flag) {
  const auto resolved = plugins_.resolve(spec, flag);
  if (!resolved.ok()) return resolved.status();
  const std::string name = resolved->substr(0, resolved->find(':'));
  std::string others;
  for (const WorkloadDescription* one : registry_.workloads()) {
    if (one->name != name) {
      absl::StrAppend(&others, ", ", one->name);
      continue;
    }
    auto choice = registry_.workload(*resolved, flag);
    if (!choice.ok()) return choice.status();
    return chosen_.emplace_back(make_session_workload(*std::move(choice), *resolved)).get();
  }
  return find_workload(*resolved, others);
}

const Plugin* Kit::plugin_of(const BackendDescription& backend) const noexcept {
  return find(plugins(), backend.name, {PluginKind::poller, PluginKind::proactor});
}
const Plugin* Kit::plugin_of(const PoolDescription& pool) const noexcept {
  return find(plugins(), pool.name, {PluginKind::pool});
}

const Plugin* Kit::plugin_of(const WorkloadDescription& workload) const noexcept {
  return find(plugins(), workload.name, {PluginKind::workload});
}

}  // namespace collet::apps

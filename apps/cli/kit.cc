// SPDX-License-Identifier: MIT
// kit.cc: built-in first, then plugins.
#include "apps/cli/kit.h"

#include <cstdlib>

#include <absl/strings/str_split.h>
#include <collet/builtin.h>

namespace collet::apps {
namespace {

constexpr const char* kSearchPath = "COLLET_PLUGIN_PATH";

const Plugin* find(const std::vector<Plugin>& plugins, const char* name, bool is_pool) {
  for (const Plugin& plugin : plugins) {
    if (plugin.name == name && (plugin.kind == PluginKind::pool) == is_pool) return &plugin;
  }
  return nullptr;
}

}  // namespace

void PluginFlags::declare(CommandLine& line) {
  line.options("--plugin", "FILE", files, "load a backend or pool of somebody else; repeatable");
  line.option("--plugin-dir", "DIR", folder, "load every plugin in a folder");
}

std::vector<std::string> PluginFlags::as_arguments() const {
  std::vector<std::string> arguments;
  for (const std::string& file : files) arguments.insert(arguments.end(), {"--plugin", file});
  if (!folder.empty()) arguments.insert(arguments.end(), {"--plugin-dir", folder});
  return arguments;
}

Kit::Kit() {
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

const Plugin* Kit::plugin_of(const BackendDescription& backend) const noexcept {
  return find(plugins(), backend.name, false);
}
const Plugin* Kit::plugin_of(const PoolDescription& pool) const noexcept {
  return find(plugins(), pool.name, true);
}

}  // namespace collet::apps

// SPDX-License-Identifier: MIT
// kit.h: the backends, pools and workloads that a program can choose from: those that come with
// collet, and the plugins that its flags name. The same in every program, so that what runs in one
// runs in all.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>
#include <collet/plugin_loader.h>
#include <collet/registry.h>

#include "apps/cli/command_line.h"
#include "apps/workloads/workload.h"

namespace collet::apps {

// The flags as typed.
struct PluginFlags {
  std::vector<std::string> files;
  std::string folder;

  void declare(CommandLine& line);

  // For a program that is to have the same plugins.
  std::vector<std::string> as_arguments() const;
};

class Kit {
 public:
  // `trial`: where plugins are loaded first, if not at once here (Plugins).
  explicit Kit(Plugins::Trial trial = nullptr);

  // Those of the flags, then those in the folders that COLLET_PLUGIN_PATH names, with a : between
  // them. An error is a sentence that names flag or variable.
  absl::Status load(const PluginFlags& flags);

  // `spec` with the name of the plugin where it names a file, which is loaded.
  absl::StatusOr<std::string> resolve(std::string_view spec, std::string_view flag) {
    return plugins_.resolve(spec, flag);
  }

  // The choice that `spec` asks for, resolved.
  absl::StatusOr<Backend> backend(std::string_view spec, std::string_view flag = "--backend");
  absl::StatusOr<Pool> pool(std::string_view spec, std::string_view flag = "--pool");
  absl::StatusOr<const Workload*> workload(std::string_view spec,
                                           std::string_view flag = "--workload");

  const Registry& registry() const noexcept { return registry_; }
  const std::vector<Plugin>& plugins() const noexcept { return plugins_.all(); }

  // Where it came from; null of what comes with collet.
  const Plugin* plugin_of(const BackendDescription& backend) const noexcept;
  const Plugin* plugin_of(const PoolDescription& pool) const noexcept;
  const Plugin* plugin_of(const WorkloadDescription& workload) const noexcept;

 private:
  Registry registry_;
  Plugins plugins_;
  std::vector<std::unique_ptr<Workload>> chosen_;  // of plugins
};

}  // namespace collet::apps

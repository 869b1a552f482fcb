// SPDX-License-Identifier: MIT
// new_plugin.h: a folder in which a plugin begins: one that builds, runs and keeps all rules, under
// the name that was asked for.
#pragma once

#include <string>
#include <variant>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <collet/registry.h>

namespace collet::apps {

struct PluginTemplate;

struct NewPlugin {
  const PluginTemplate* kind = nullptr;
  std::string name;
  std::string folder;
};

// What the command line asks for, or text to print instead (--help). A name that `taken` has is
// refused, as it would be where the plugin is loaded.
absl::StatusOr<std::variant<NewPlugin, std::string>> parse_new_plugin_command(
    int argc, const char* const* argv, const Registry& taken);

absl::Status write(const NewPlugin& plugin);

}  // namespace collet::apps

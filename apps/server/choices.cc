// SPDX-License-Identifier: MIT
// choices.cc: what --list prints.
#include <absl/strings/str_format.h>
#include <collet/registry.h>

#include "apps/server/options.h"

namespace collet::apps {
namespace {

const char* type_name(OptionType type) {
  switch (type) {
    case OptionType::boolean:
      return "true or false";
    case OptionType::integer:
      return "number";
    case OptionType::bytes:
      return "size";
    case OptionType::duration:
      return "time";
    case OptionType::ratio:
      return "share";
  }
  return "?";
}

std::string describe(const OptionDescription& option) {
  std::string range;
  if (option.type != OptionType::boolean) {
    range = absl::StrFormat(" from %s to %s", format_value(option.type, option.minimum),
                            format_value(option.type, option.maximum));
  }
  return absl::StrFormat("      %-14s %s; %s%s, default %s\n", option.name, option.help,
                         type_name(option.type), range,
                         format_value(option.type, option.default_value));
}

template <typename Description>
std::string describe(const Description& description, const Plugin* plugin,
                     const std::string& unavailable) {
  std::string text = absl::StrFormat("  %-12s %s\n", description.name, description.summary);
  if (plugin != nullptr) {
    text += absl::StrFormat("      version %s, from %s\n", plugin->version, plugin->file);
  }
  if (!unavailable.empty()) text += absl::StrFormat("      not here: %s\n", unavailable);
  for (const OptionDescription& option : description.options) text += describe(option);
  return text;
}

template <typename Decorators>
std::string describe_decorators(const char* of_what, const char* example,
                                const Decorators& decorators) {
  std::string text = absl::StrFormat("\ndecorators of %s (%s)\n", of_what, example);
  for (const auto* decorator : decorators) text += describe(*decorator, nullptr, "");
  return text;
}

}  // namespace

std::string describe_choices(const Kit& kit) {
  const Registry& registry = kit.registry();
  std::string text = "backends (--backend; auto takes the first that runs here)\n";
  for (const BackendDescription* backend : registry.backends()) {
    const auto usable = registry.backend(backend->name, "--backend");
    text += describe(*backend, kit.plugin_of(*backend),
                     usable.ok() ? "" : std::string(usable.status().message()));
  }
  text += "\npools (--pool)\n";
  for (const PoolDescription* pool : registry.pools()) {
    const auto usable = registry.pool(pool->name, "--pool");
    text += describe(*pool, kit.plugin_of(*pool),
                     usable.ok() ? "" : std::string(usable.status().message()));
  }
  text += describe_decorators("backends", "--backend 'fault(epoll:events=64):seed=7'",
                              backend_decorators());
  text += describe_decorators("pools", "--pool 'trace(mutex)'", pool_decorators());
  text += "\nworkloads (--workload)\n";
  for (const Workload* workload : workloads()) {
    text += absl::StrFormat("  %-12s %s\n", workload->name(), workload->summary());
  }
  for (const WorkloadDescription* workload : registry.workloads()) {
    const auto usable = registry.workload(workload->name, "--workload");
    text += describe(*workload, kit.plugin_of(*workload),
                     usable.ok() ? "" : std::string(usable.status().message()));
  }
  return text;
}

}  // namespace collet::apps

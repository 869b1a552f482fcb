// SPDX-License-Identifier: MIT
// plugin_loader.h: backends, pools and workloads out of shared objects (plugin.h), into a registry.
//
// A plugin runs with all rights of the program: one that crashes takes it along. Therefore only a
// regular file is loaded, that belongs to root or to the user of this process and that nobody else
// may write to, in a folder of which the same holds; what was checked is what is loaded, whatever
// happens to the path meanwhile. Loaded files stay until the process ends. Errors are sentences for
// whoever named the file: what was expected, what was found, what to do.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <collet/plugin.h>
#include <collet/registry.h>

namespace collet {

struct Plugin {
  std::string file;  // absolute, without symbolic links
  PluginKind kind{};
  std::string name;  // under which the registry has it
  std::string version;
};

// Belongs to one thread. Keeps the descriptions: it must outlive the registry, and all that was
// chosen there.
class Plugins {
 public:
  // Asks in a place where a crash does no harm. Aborted, with the rest of a sentence that begins
  // with the file, if no answer came.
  using Trial = std::function<absl::Status(const std::function<absl::Status()>& ask)>;

  // `other_workloads`: names that the program has for workloads of its own. `trial`: where each
  // file is loaded first, and what it says there counts; null: at once here.
  explicit Plugins(Registry& registry, std::vector<std::string> other_workloads = {},
                   Trial trial = nullptr);
  ~Plugins();
  Plugins(const Plugins&) = delete;
  Plugins& operator=(const Plugins&) = delete;

  // A file that is loaded already is not loaded again. `flag` is named in errors.
  absl::Status load(const std::string& file, std::string_view flag = "--plugin");

  // Every file in `folder` that ends in .so, by name.
  absl::Status load_folder(const std::string& folder, std::string_view flag = "--plugin-dir");

  // A spec may name a file instead of a plugin: `./libmine.so:depth=4`, `trace(./libmine.so)`.
  // Loads it, and returns the spec with the plugin's name; any other spec comes back as it is.
  absl::StatusOr<std::string> resolve(std::string_view spec, std::string_view flag);

  const std::vector<Plugin>& all() const noexcept { return plugins_; }

 private:
  struct Described;

  absl::Status try_load(const std::string& file);
  absl::Status add(const PluginDescription& description, std::string path);
  const char* find_namesake(const PluginDescription& description) const;

  Registry& registry_;
  std::vector<std::string> other_workloads_;
  Trial trial_;
  std::vector<Plugin> plugins_;
  std::vector<std::unique_ptr<Described>> descriptions_;  // by plugin
};

// The file that `spec` names instead of a plugin, as it stands there; empty if it is a name.
std::string_view file_in(std::string_view spec) noexcept;

}  // namespace collet

// SPDX-License-Identifier: MIT
// plugin_loader.cc: loads a checked file, and checks what it says of itself.
#include <dlfcn.h>
#include <link.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <filesystem>
#include <utility>
#include <variant>

#include <absl/strings/str_format.h>
#include <collet/plugin_loader.h>

#include "core/exit_watch.h"
#include "core/plugin_file.h"
#include "core/printable.h"
#include "core/spec.h"

namespace collet {
namespace {

// Sentences begin with the file, which load() puts in front.
template <typename... Args>
absl::Status refuse(const absl::FormatSpec<Args...>& format, const Args&... args) {
  return absl::InvalidArgumentError(absl::StrFormat(format, args...));
}

#define COLLET_TEXT_OF(macro) COLLET_TEXT(macro)
#define COLLET_TEXT(text) #text
constexpr const char* kSymbol = COLLET_TEXT_OF(COLLET_PLUGIN_SYMBOL);

// What dlerror() says, without the path under which we loaded it. The file has a say in it: it
// names the libraries that it needs.
std::string loader_words(const PluginFile& file) {
  std::string words = printable(::dlerror());
  const std::string prefix = file.loader_path() + ": ";
  return words.starts_with(prefix) ? words.substr(prefix.size()) : words;
}

// Data of that name would be run as code.
bool is_function(const void* symbol) {
  Dl_info where{};
  const ElfW(Sym)* entry = nullptr;
  const bool found =
      ::dladdr1(symbol, &where, reinterpret_cast<void**>(const_cast<ElfW(Sym)**>(&entry)),
                RTLD_DL_SYMENT) != 0;
  return found && entry != nullptr && ELF64_ST_TYPE(entry->st_info) == STT_FUNC;
}

absl::StatusOr<const PluginDescription*> ask(void* library) {
  void* symbol = ::dlsym(library, kSymbol);
  if (symbol == nullptr) {
    return refuse("has no function %s: end its source with COLLET_PLUGIN (collet/plugin.h)",
                  kSymbol);
  }
  if (!is_function(symbol)) {
    return refuse(
        "has a %s that is no function: end its source with COLLET_PLUGIN (collet/plugin.h)",
        kSymbol);
  }
  const auto query = reinterpret_cast<PluginQuery>(symbol);
  try {
    if (const PluginDescription* description = query()) return description;
    return refuse("describes nothing: its %s() returned null", kSymbol);
  } catch (const std::exception& thrown) {
    return refuse("threw when it was asked what it is: %s", printable(thrown.what()));
  } catch (...) {
    return refuse("threw when it was asked what it is");
  }
}

// The first members tell whether the others mean what we think.
absl::StatusOr<PluginDescription> read_description(const PluginDescription& theirs) {
  if (theirs.magic != kPluginMagic) {
    return refuse("is no plugin of collet: its %s() begins with %#x, not %#x", kSymbol,
                  theirs.magic, kPluginMagic);
  }
  if (theirs.abi > kPluginAbi) {
    return refuse(
        "is built for version %d of the plugin interface, and this program knows %d: build it with "
        "the headers of this collet, or use a newer collet",
        theirs.abi, kPluginAbi);
  }
  if (theirs.abi < kPluginAbi) {
    return refuse(
        "is built for version %d of the plugin interface, and this program takes %d: build it with "
        "the headers of this collet",
        theirs.abi, kPluginAbi);
  }
  if (theirs.size < kLeastPluginSize) {
    return refuse(
        "describes itself in %d bytes, where there must be at least %d: use "
        "COLLET_PLUGIN (collet/plugin.h)",
        theirs.size, kLeastPluginSize);
  }
  // What a newer one adds is left out, and what an older one does not know of is null.
  PluginDescription ours{};
  std::memcpy(static_cast<void*>(&ours), &theirs, std::min<std::size_t>(theirs.size, sizeof ours));
  return ours;
}

bool is_name(const char* text) {
  constexpr const char* kLetters = "abcdefghijklmnopqrstuvwxyz";
  constexpr const char* kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789_";
  if (text == nullptr || *text == '\0' || std::strchr(kLetters, *text) == nullptr) return false;
  return std::strspn(text, kAllowed) == std::strlen(text);
}

std::string find_flaw(const OptionDescription& option) {
  if (!is_name(option.name)) return "an option has no proper name";
  const bool known = option.type == OptionType::boolean || option.type == OptionType::integer ||
                     option.type == OptionType::bytes || option.type == OptionType::duration ||
                     option.type == OptionType::ratio;
  if (!known) return absl::StrFormat("option \"%s\" is of an unknown type", option.name);
  if (option.help == nullptr) return absl::StrFormat("option \"%s\" has no help", option.name);
  if (option.type == OptionType::boolean && (option.minimum != 0 || option.maximum != 1)) {
    return absl::StrFormat("option \"%s\" is a boolean, but its range is not 0 to 1", option.name);
  }
  if (option.type != OptionType::integer && option.minimum < 0) {
    return absl::StrFormat("option \"%s\" is an amount, but its range goes below 0", option.name);
  }
  if (option.minimum <= option.default_value && option.default_value <= option.maximum) return "";
  return absl::StrFormat("the default of option \"%s\" is out of its own range", option.name);
}

std::string find_flaw(std::span<const OptionDescription> options) {
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (std::string flaw = find_flaw(options[i]); !flaw.empty()) return flaw;
    const auto is_same = [&](const auto& other) {
      return std::strcmp(other.name, options[i].name) == 0;
    };
    if (std::ranges::any_of(options.first(i), is_same)) {
      return absl::StrFormat("option \"%s\" is there twice", options[i].name);
    }
  }
  return "";
}

// What is wrong with a description that can be read; empty if nothing is.
std::string find_flaw(const PluginDescription& plugin) {
  if (!is_name(plugin.name)) {
    return "its name is not one of lower case letters, digits and _, beginning with a letter";
  }
  if (plugin.version == nullptr) return "its version is null";
  if (plugin.summary == nullptr) return "its summary is null";
  if (plugin.options == nullptr && plugin.option_count != 0) return "its options are null";
  if (std::string flaw = find_flaw(std::span(plugin.options, plugin.option_count)); !flaw.empty()) {
    return flaw;
  }
  if (plugin.kind == PluginKind::workload && plugin.traits == nullptr) return "its traits are null";
  const auto needs = [&](PluginKind kind, bool has_factory) {
    return (plugin.kind == kind) == has_factory;
  };
  const bool fits = needs(PluginKind::poller, plugin.make_poller != nullptr) &&
                    needs(PluginKind::proactor, plugin.make_proactor != nullptr) &&
                    needs(PluginKind::pool, plugin.make_pool != nullptr) &&
                    needs(PluginKind::workload, plugin.make_server != nullptr) &&
                    needs(PluginKind::workload, plugin.make_client != nullptr) &&
                    needs(PluginKind::workload, plugin.traits != nullptr);
  const auto kind = static_cast<std::uint32_t>(plugin.kind);
  const bool known = kind >= 1 && kind <= 4;
  if (!known) return absl::StrFormat("its kind is %d, and 1 to 4 are known", kind);
  return fits ? "" : "it has no factory of its kind, or one of another kind too";
}

template <typename Description>
bool has(const std::vector<const Description*>& all, const char* name) {
  return std::ranges::any_of(all,
                             [name](const auto* one) { return std::strcmp(one->name, name) == 0; });
}

BackendDescription backend_of(const PluginDescription& plugin) {
  return {.name = plugin.name,
          .summary = plugin.summary,
          .options = std::span(plugin.options, plugin.option_count),
          .probe = plugin.probe,
          .make_poller = plugin.make_poller,
          .make_proactor = plugin.make_proactor};
}

PoolDescription pool_of(const PluginDescription& plugin) {
  return {.name = plugin.name,
          .summary = plugin.summary,
          .options = std::span(plugin.options, plugin.option_count),
          .has_workers = plugin.has_workers != 0,
          .make = plugin.make_pool,
          .probe = plugin.probe};
}

WorkloadDescription workload_of(const PluginDescription& plugin) {
  return {.name = plugin.name,
          .summary = plugin.summary,
          .options = std::span(plugin.options, plugin.option_count),
          .traits = *plugin.traits,
          .make_server = plugin.make_server,
          .make_client = plugin.make_client,
          .probe = plugin.probe};
}

}  // namespace

struct Plugins::Described {
  std::string summary;
  std::vector<std::string> helps;
  std::vector<OptionDescription> options;
  std::variant<BackendDescription, PoolDescription, WorkloadDescription> any;

  // `plugin` with texts for people that are kept here.
  PluginDescription keep(PluginDescription plugin) {
    summary = printable(plugin.summary);
    plugin.summary = summary.c_str();
    options.assign(plugin.options, plugin.options + plugin.option_count);
    for (const OptionDescription& option : options) helps.push_back(printable(option.help));
    for (std::size_t i = 0; i < options.size(); ++i) options[i].help = helps[i].c_str();
    plugin.options = options.data();
    return plugin;
  }
};

Plugins::Plugins(Registry& registry, std::vector<std::string> other_workloads, Trial trial)
    : registry_(registry), other_workloads_(std::move(other_workloads)), trial_(std::move(trial)) {}
Plugins::~Plugins() = default;

absl::Status Plugins::load(const std::string& file, std::string_view flag) {
  absl::Status status = trial_ ? trial_([&] { return try_load(file); }) : absl::OkStatus();
  if (status.ok()) status = try_load(file);
  if (status.ok()) return status;
  return absl::InvalidArgumentError(
      absl::StrFormat("%s: \"%s\" %s%s", flag, file,
                      std::string_view(status.message().data(), status.message().size()),
                      absl::IsAborted(status) ? ": do without it" : ""));
}

absl::Status Plugins::try_load(const std::string& file) {
  auto checked = open_plugin_file(file);
  if (!checked.ok()) return checked.status();
  if (std::ranges::count(plugins_, checked->path, &Plugin::file) != 0) {
    ::close(checked->descriptor);
    return absl::OkStatus();
  }
  const ExitWatch watch(file.c_str());
  void* library = ::dlopen(checked->loader_path().c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return refuse("cannot be loaded: %s: it must be a shared object for this machine",
                  loader_words(*checked));
  }
  const auto described = ask(library);
  if (!described.ok()) return described.status();
  const auto description = read_description(**described);
  if (!description.ok()) return description.status();
  return add(*description, checked->path);
}

absl::Status Plugins::add(const PluginDescription& raw, std::string path) {
  if (const std::string flaw = find_flaw(raw); !flaw.empty()) {
    return refuse("describes itself wrongly: %s", flaw);
  }
  auto described = std::make_unique<Described>();
  const PluginDescription plugin = described->keep(raw);
  if (const char* kind = find_namesake(plugin)) {
    return refuse("is named \"%s\", as a %s that is there already: give it another name",
                  plugin.name, kind);
  }
  if (std::strcmp(plugin.name, "auto") == 0) {
    return refuse("is named \"auto\", which means the first that runs: give it another name");
  }
  switch (plugin.kind) {
    case PluginKind::pool:
      registry_.add(described->any.emplace<PoolDescription>(pool_of(plugin)));
      break;
    case PluginKind::workload:
      registry_.add(described->any.emplace<WorkloadDescription>(workload_of(plugin)));
      break;
    case PluginKind::poller:
    case PluginKind::proactor:
      registry_.add(described->any.emplace<BackendDescription>(backend_of(plugin)));
      break;
  }
  descriptions_.push_back(std::move(described));
  plugins_.push_back({std::move(path), plugin.kind, plugin.name, printable(plugin.version)});
  return absl::OkStatus();
}

const char* Plugins::find_namesake(const PluginDescription& plugin) const {
  switch (plugin.kind) {
    case PluginKind::pool:
      return has(registry_.pools(), plugin.name) ? "pool" : nullptr;
    case PluginKind::workload: {
      const bool taken = has(registry_.workloads(), plugin.name) ||
                         std::ranges::count(other_workloads_, plugin.name) != 0;
      return taken ? "workload" : nullptr;
    }
    case PluginKind::poller:
    case PluginKind::proactor:
      break;
  }
  return has(registry_.backends(), plugin.name) ? "backend" : nullptr;
}

absl::Status Plugins::load_folder(const std::string& folder, std::string_view flag) {
  std::error_code error;
  std::vector<std::string> files;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == ".so") files.push_back(entry->path().string());
  }
  if (error) {
    return refuse("%s: \"%s\" cannot be read: %s: name a folder of shared objects", flag, folder,
                  error.message());
  }
  std::ranges::sort(files);
  for (const std::string& file : files) {
    if (auto status = load(file, flag); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Plugins::resolve(std::string_view spec, std::string_view flag) {
  const std::string file(file_in(spec));
  if (file.empty()) return std::string(spec);
  if (auto status = load(file, flag); !status.ok()) return status;
  std::error_code error;
  const auto path = std::filesystem::canonical(file, error);
  const auto plugin = std::ranges::find(plugins_, path.string(), &Plugin::file);
  if (plugin == plugins_.end()) {
    return refuse("%s: \"%s\" was replaced while it was loaded: try again", flag, file);
  }
  const std::string_view named = file_in(spec);
  const auto at = static_cast<std::size_t>(named.data() - spec.data());
  return std::string(spec).replace(at, named.size(), plugin->name);
}

std::string_view file_in(std::string_view spec) noexcept {
  const std::string_view name = innermost_in(spec);
  return name.find('/') == name.npos ? std::string_view() : name;
}

}  // namespace collet

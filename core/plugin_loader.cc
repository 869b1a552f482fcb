// SPDX-License-Identifier: MIT
// plugin_loader.cc: checks the file, loads it, checks what it says of itself.
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <filesystem>
#include <optional>
#include <utility>

#include <absl/strings/str_format.h>
#include <collet/plugin_loader.h>

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

class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const noexcept { return fd_; }
  int release() noexcept { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

std::string path_of(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

// Why others than root and the user of this process may change it; empty if they cannot.
std::string find_weakness(const struct stat& status) {
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
    return absl::StrFormat("belongs to user %d, neither to root nor to user %d, who runs this",
                           status.st_uid, ::geteuid());
  }
  constexpr mode_t kOthersMayWrite = S_IWGRP | S_IWOTH;
  if ((status.st_mode & kOthersMayWrite) == 0) return "";
  return absl::StrFormat("may be written to by others (mode %03o)", status.st_mode & 0777);
}

// Why the loader could not even look at it: what lacks its end would end this process by SIGBUS.
std::string find_damage(int fd, std::uint64_t size) {
  ElfW(Ehdr) head{};
  const bool has_head = ::pread(fd, &head, sizeof head, 0) == sizeof head;
  if (!has_head || std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0) {
    return "is no shared object: it does not begin as an ELF file";
  }
  for (unsigned i = 0; i < head.e_phnum; ++i) {
    ElfW(Phdr) segment{};
    const auto at = static_cast<off_t>(head.e_phoff + i * sizeof segment);
    if (::pread(fd, &segment, sizeof segment, at) != sizeof segment) return "has been cut off";
    if (segment.p_type != PT_LOAD || segment.p_offset + segment.p_filesz <= size) continue;
    return absl::StrFormat("has been cut off: %d bytes of at least %d are there: copy it again",
                           size, segment.p_offset + segment.p_filesz);
  }
  return "";
}

struct Opened {
  Descriptor file;
  std::string path;  // without symbolic links
};

absl::StatusOr<Opened> open_checked(const std::string& file_name) {
  // Non-blocking, or a FIFO would wait for a writer.
  Descriptor file(::open(file_name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    return refuse("cannot be opened: %s: name a shared object that you may read",
                  std::strerror(errno));
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return refuse("is no regular file: name the shared object itself");
  }
  if (const std::string weakness = find_weakness(status); !weakness.empty()) {
    return refuse("%s: `chown` it, or `chmod go-w` it, if you trust it", weakness);
  }
  if (const std::string damage =
          find_damage(file.get(), static_cast<std::uint64_t>(status.st_size));
      !damage.empty()) {
    return refuse("%s", damage);
  }
  std::error_code error;
  const auto path = std::filesystem::read_symlink(path_of(file.get()), error);
  const Descriptor folder(::open(path.parent_path().c_str(), O_PATH | O_CLOEXEC | O_DIRECTORY));
  if (error || folder.get() < 0 || ::fstat(folder.get(), &status) != 0) {
    return refuse("lies in a folder that cannot be looked at: move it elsewhere");
  }
  if (const std::string weakness = find_weakness(status); !weakness.empty()) {
    return refuse("lies in %s, which %s: move it to a folder of your own",
                  path.parent_path().string(), weakness);
  }
  return Opened{std::move(file), path.string()};
}

// What dlerror() says, without the path under which we loaded it.
std::string loader_words(int fd) {
  std::string words = ::dlerror();
  const std::string prefix = path_of(fd) + ": ";
  return words.starts_with(prefix) ? words.substr(prefix.size()) : words;
}

absl::StatusOr<const PluginDescription*> ask(void* library) {
  void* symbol = ::dlsym(library, kSymbol);
  if (symbol == nullptr) {
    return refuse("has no function %s: end its source with COLLET_PLUGIN (collet/plugin.h)",
                  kSymbol);
  }
  const auto query = reinterpret_cast<PluginQuery>(symbol);
  try {
    if (const PluginDescription* description = query()) return description;
    return refuse("describes nothing: its %s() returned null", kSymbol);
  } catch (const std::exception& thrown) {
    return refuse("threw when it was asked what it is: %s", thrown.what());
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
  if (theirs.size < sizeof(PluginDescription)) {
    return refuse(
        "describes itself in %d bytes, where there must be at least %d: use "
        "COLLET_PLUGIN (collet/plugin.h)",
        theirs.size, sizeof(PluginDescription));
  }
  PluginDescription ours;
  std::memcpy(static_cast<void*>(&ours), &theirs,
              sizeof ours);  // what a newer one adds is left out
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
  if (option.minimum <= option.default_value && option.default_value <= option.maximum) return "";
  return absl::StrFormat("the default of option \"%s\" is out of its own range", option.name);
}

// What is wrong with a description that can be read; empty if nothing is.
std::string find_flaw(const PluginDescription& plugin) {
  if (!is_name(plugin.name)) {
    return "its name is not one of lower case letters, digits and _, beginning with a letter";
  }
  if (plugin.version == nullptr) return "its version is null";
  if (plugin.summary == nullptr) return "its summary is null";
  if (plugin.options == nullptr && plugin.option_count != 0) return "its options are null";
  for (const OptionDescription& option : std::span(plugin.options, plugin.option_count)) {
    if (std::string flaw = find_flaw(option); !flaw.empty()) return flaw;
  }
  const auto needs = [&](PluginKind kind, bool has_factory) {
    return (plugin.kind == kind) == has_factory;
  };
  const bool fits = needs(PluginKind::poller, plugin.make_poller != nullptr) &&
                    needs(PluginKind::proactor, plugin.make_proactor != nullptr) &&
                    needs(PluginKind::pool, plugin.make_pool != nullptr);
  const auto kind = static_cast<std::uint32_t>(plugin.kind);
  const bool known = kind >= 1 && kind <= 3;
  if (!known) return absl::StrFormat("its kind is %d, and 1 to 3 are known", kind);
  return fits ? "" : "it has no factory of its kind, or one of another kind too";
}

template <typename Description>
bool has(const std::vector<const Description*>& all, const char* name) {
  return std::ranges::any_of(all,
                             [name](const auto* one) { return !std::strcmp(one->name, name); });
}

}  // namespace

struct Plugins::Described {
  BackendDescription backend;
  PoolDescription pool;
};

Plugins::Plugins(Registry& registry) noexcept : registry_(registry) {}
Plugins::~Plugins() = default;

absl::Status Plugins::load(const std::string& file, std::string_view flag) {
  const absl::Status status = try_load(file);
  if (status.ok()) return status;
  return absl::InvalidArgumentError(
      absl::StrFormat("%s: \"%s\" %s", flag, file,
                      std::string_view(status.message().data(), status.message().size())));
}

absl::Status Plugins::try_load(const std::string& file) {
  auto opened = open_checked(file);
  if (!opened.ok()) return opened.status();
  if (std::ranges::count(plugins_, opened->path, &Plugin::file) != 0) return absl::OkStatus();
  // What was checked, by the number of its descriptor. That stays taken: to the loader, two files
  // of one path are the same.
  const int fd = opened->file.release();
  void* library = ::dlopen(path_of(fd).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return refuse("cannot be loaded: %s: it must be a shared object for this machine",
                  loader_words(fd));
  }
  const auto described = ask(library);
  if (!described.ok()) return described.status();
  const auto description = read_description(**described);
  if (!description.ok()) return description.status();
  return add(*description, opened->path);
}

absl::Status Plugins::add(const PluginDescription& plugin, std::string path) {
  if (const std::string flaw = find_flaw(plugin); !flaw.empty()) {
    return refuse("describes itself wrongly: %s", flaw);
  }
  const bool is_pool = plugin.kind == PluginKind::pool;
  const char* kind = is_pool ? "pool" : "backend";
  if (is_pool ? has(registry_.pools(), plugin.name) : has(registry_.backends(), plugin.name)) {
    return refuse("is named \"%s\", as a %s that is there already: give it another name",
                  plugin.name, kind);
  }
  if (std::strcmp(plugin.name, "auto") == 0) {
    return refuse("is named \"auto\", which means the first that runs: give it another name");
  }
  const std::span options(plugin.options, plugin.option_count);
  auto described =
      std::make_unique<Described>(Described{.backend = {.name = plugin.name,
                                                        .summary = plugin.summary,
                                                        .options = options,
                                                        .probe = plugin.probe,
                                                        .make_poller = plugin.make_poller,
                                                        .make_proactor = plugin.make_proactor},
                                            .pool = {.name = plugin.name,
                                                     .summary = plugin.summary,
                                                     .options = options,
                                                     .has_workers = plugin.has_workers != 0,
                                                     .make = plugin.make_pool}});
  if (is_pool) {
    registry_.add(described->pool);
  } else {
    registry_.add(described->backend);
  }
  descriptions_.push_back(std::move(described));
  plugins_.push_back({std::move(path), plugin.kind, plugin.name, plugin.version});
  return absl::OkStatus();
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

// SPDX-License-Identifier: MIT
#include "apps/new_plugin/new_plugin.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/strings/ascii.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_replace.h>

#include "apps/cli/command_line.h"
#include "apps/new_plugin/templates.h"
#include "apps/workloads/workload.h"

namespace collet::apps {

namespace fs = std::filesystem;

struct PluginTemplate {
  const char* kind;    // as typed
  const char* name;    // of the plugin that is the template
  const char* thing;   // what it is to a user
  const char* flag;    // that chooses it
  const char* header;  // with its contract
  const char* rules;
  const char* loads;   // further flags of the program that loads what serves it
  const char* matrix;  // the flags that measure it
  const char* finds;   // what that compares
  const char* next;    // what to change first
  const char* throws;  // what becomes of what it throws, beside a refusal
};

namespace {

using Replacements = std::vector<std::pair<std::string, std::string>>;

constexpr const char* kCost =
    "compares the CPU time of a request with what is built in, in alternating runs.";
constexpr const char* kErrors =
    "errors elsewhere; where a call has no error to return, the process ends and says which it "
    "was.";

constexpr PluginTemplate kKinds[] = {
    {"poller", "poll", "backend", "backend", "poller.h", "P1 to P8", "",
     "--backend epoll,@NAME@ --pool inline", kCost,
     "What waits is poll(2), in `wait()`, `add()`, `modify()` and `remove()`: put your own there.",
     kErrors},
    {"proactor", "simple", "backend", "backend", "proactor.h", "R1 to R12", "",
     "--backend epoll,@NAME@ --pool inline", kCost,
     "What performs operations is poll(2) and plain system calls, in `run()` and what that calls:\n"
     "   put there what performs them for you. Handles, leases and queued completions may stay.",
     kErrors},
    {"pool", "plain", "thread pool", "pool", "thread_pool.h", "T1 to T10", "",
     "--backend epoll --pool inline,@NAME@", kCost,
     "What runs tasks is one queue and a thread for each worker, in `accept()` and `work()`: put\n"
     "   your own there.",
     kErrors},
    {"workload", "framed", "workload", "workload", "workload.h", "W1 to W8",
     "--workload ./build/lib@NAME@_plugin.so ", "--workload @NAME@",
     "is a table of it: what a request costs on every backend with every pool.",
     "What is sent is a frame that comes back, in the `on_data()` of both classes and in "
     "`fill()`:\n"
     "   put your protocol there.",
     "the end of the connection elsewhere."},
};

template <typename... Args>
absl::Status refuse(const absl::FormatSpec<Args...>& format, const Args&... args) {
  return absl::InvalidArgumentError(absl::StrFormat(format, args...));
}

// As the loader wants them.
bool is_name(std::string_view name) {
  const auto allowed = [](char c) {
    return absl::ascii_islower(static_cast<unsigned char>(c)) ||
           absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '_';
  };
  return !name.empty() && absl::ascii_islower(static_cast<unsigned char>(name.front())) &&
         std::all_of(name.begin(), name.end(), allowed);
}

template <typename Description>
bool has(const std::vector<const Description*>& all, std::string_view name) {
  return std::any_of(all.begin(), all.end(), [name](const auto* one) { return one->name == name; });
}

bool is_taken(const PluginTemplate& kind, std::string_view name, const Registry& taken) {
  const std::string_view flag = kind.flag;
  if (name == "auto") return true;
  if (flag == "workload") return find_workload(name).ok();
  return flag == "pool" ? has(taken.pools(), name) : has(taken.backends(), name);
}

// my_poll2 as MyPoll2
std::string camel_case(std::string_view name) {
  std::string camel;
  bool begins = true;
  for (const char c : name) {
    if (c != '_') camel += begins ? absl::ascii_toupper(static_cast<unsigned char>(c)) : c;
    begins = c == '_';
  }
  return camel;
}

// From the names in a template, poll, PollPoller and kPoll, to those of the plugin. A workload has
// two classes, FramedServer and FramedClient.
Replacements names(const NewPlugin& plugin) {
  const std::string from = plugin.kind->name;
  const std::string suffix = camel_case(plugin.kind->kind);
  const std::string to = camel_case(plugin.name);
  return {{from + "_" + plugin.kind->kind + ".cc", plugin.name + ".cc"},
          {camel_case(from) + suffix, to + suffix},
          {camel_case(from) + "Server", to + "Server"},
          {camel_case(from) + "Client", to + "Client"},
          {"k" + camel_case(from), "k" + to + suffix},
          {"\"" + from + "\"", "\"" + plugin.name + "\""},
          {from + ":", plugin.name + ":"},
          {"collet-" + from, "collet-" + plugin.name}};
}

Replacements words(const NewPlugin& plugin) {
  const PluginTemplate& kind = *plugin.kind;
  const auto with_name = [&](const char* text) {
    return absl::StrReplaceAll(text, {{"@NAME@", plugin.name}});
  };
  return {{"@NAME@", plugin.name}, {"@THING@", kind.thing},
          {"@FLAG@", kind.flag},   {"@HEADER@", kind.header},
          {"@RULES@", kind.rules}, {"@LOADS@", with_name(kind.loads)},
          {"@FINDS@", kind.finds}, {"@MATRIX@", with_name(kind.matrix)},
          {"@NEXT@", kind.next},   {"@THROWS@", kind.throws}};
}

absl::Status write_file(const fs::path& file, std::string_view from, const Replacements& replaced) {
  std::string text(template_named(from));
  absl::StrReplaceAll(replaced, &text);
  std::ofstream stream(file);
  stream << text;
  stream.close();
  if (stream) return absl::OkStatus();
  return refuse("\"%s\" cannot be written: %s", file.string(), std::strerror(errno));
}

}  // namespace

absl::StatusOr<std::variant<NewPlugin, std::string>> parse_new_plugin_command(
    int argc, const char* const* argv, const Registry& taken) {
  NewPlugin plugin;
  std::string kind;
  CommandLine line("collet-new-plugin",
                   "Writes a folder in which a plugin begins: one that builds and works.");
  line.positional("KIND", kind, "poller, proactor, pool or workload");
  line.positional("NAME", plugin.name, "its name: lower case letters, digits and _");
  line.positional("DIR", plugin.folder, "the folder to make; the name, unless given");
  auto text = line.parse(argc, argv);
  if (!text.ok()) return text.status();
  if (!text->empty()) return *std::move(text);
  const auto* known = std::find_if(std::begin(kKinds), std::end(kKinds),
                                   [&](const auto& one) { return one.kind == kind; });
  if (known == std::end(kKinds)) {
    return refuse("KIND: \"%s\" is no kind of plugin: poller, proactor, pool and workload are",
                  kind);
  }
  plugin.kind = known;
  if (!is_name(plugin.name)) {
    return refuse(
        "NAME: \"%s\" is no name of a plugin: lower case letters, digits and _ work, with a letter "
        "in front",
        plugin.name);
  }
  if (is_taken(*plugin.kind, plugin.name, taken)) {
    return refuse("NAME: \"%s\" is a %s that comes with collet: choose another", plugin.name,
                  plugin.kind->thing);
  }
  if (plugin.folder.empty()) plugin.folder = plugin.name;
  return plugin;
}

absl::Status write(const NewPlugin& plugin) {
  const fs::path folder = plugin.folder;
  std::error_code error;
  if (fs::exists(fs::symlink_status(folder, error))) {
    return refuse("DIR: \"%s\" is there already: name a folder that is not", plugin.folder);
  }
  fs::create_directories(folder, error);
  if (error) return refuse("DIR: \"%s\" cannot be made: %s", plugin.folder, error.message());
  const std::string source = std::string(plugin.kind->name) + "_" + plugin.kind->kind + ".cc";
  auto written = write_file(folder / (plugin.name + ".cc"), source, names(plugin));
  for (const char* file : {"CMakeLists.txt", "README.md"}) {
    if (written.ok()) written = write_file(folder / file, std::string(file) + ".in", words(plugin));
  }
  return written;
}

}  // namespace collet::apps

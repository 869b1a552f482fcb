// SPDX-License-Identifier: MIT
// plugin.h: how a shared object becomes a backend, pool or workload of every program of collet.
//
//   constinit const collet::BackendDescription kMine{.name = "mine", ...};
//   COLLET_PLUGIN(kMine, "1.0")
//
// That is all a plugin exports: one C function, which returns what follows. Everything it says is
// data with static lifetime; asking makes nothing and starts nothing. The host reads it in this
// order: magic, ABI, size, and only then the rest, so that a plugin of any age is recognised and
// refused in words instead of misread.
//
// What crosses the boundary is frozen (abi.h): the classes Poller, Proactor, ThreadPool and
// those of workload.h, with their virtual functions in the order of the headers, integers,
// pointers, std::span, std::chrono::nanoseconds and structs of these. No exception does
// (guarded.h), no allocation is freed by the other side but through a virtual destructor, and the
// host never unloads a plugin.
#pragma once

#include <cstddef>
#include <cstdint>

#include <collet/abi.h>
#include <collet/description.h>
#include <collet/workload.h>

namespace collet {

inline constexpr std::uint64_t kPluginMagic = 0x74'65'6c'6c'6f'63;  // "collet" in memory

// Changes with everything that a plugin of before would misunderstand. Members that are appended to
// PluginDescription do not change it: `size` tells how many there are.
inline constexpr std::uint32_t kPluginAbi = 1;

enum class PluginKind : std::uint32_t { poller = 1, proactor = 2, pool = 3, workload = 4 };

struct PluginDescription {
  std::uint64_t magic;
  std::uint32_t abi;
  std::uint32_t size;  // of this struct, as the plugin knows it
  PluginKind kind;
  std::uint32_t has_workers;  // of a pool: 0 or 1, see PoolDescription
  const char* name;
  const char* version;  // the plugin's own, for people
  const char* summary;
  const OptionDescription* options;
  std::uint64_t option_count;
  bool (*probe)(Refusal& why_not);  // may be null, see description.h

  // What `kind` names; the others are null.
  Poller* (*make_poller)(const OptionValues& options, Refusal& why_not);
  Proactor* (*make_proactor)(const OptionValues& options, Refusal& why_not);
  ThreadPool* (*make_pool)(const OptionValues& options, std::size_t workers, Refusal& why_not);
  const WorkloadTraits* traits;  // and both of these
  ServerSession* (*make_server)(const OptionValues& options, Refusal& why_not);
  ClientSession* (*make_client)(const OptionValues& options, const ClientShape& shape,
                                Refusal& why_not);
};

// What every plugin of this ABI has at least.
inline constexpr std::uint32_t kLeastPluginSize = 120;

// The members may be added to, never moved; abi.h says what it takes to break this.
static_assert(sizeof(PluginDescription) >= kLeastPluginSize);
static_assert(
    offsetof(PluginDescription, magic) == 0 && offsetof(PluginDescription, abi) == 8 &&
    offsetof(PluginDescription, size) == 12 && offsetof(PluginDescription, kind) == 16 &&
    offsetof(PluginDescription, has_workers) == 20 && offsetof(PluginDescription, name) == 24 &&
    offsetof(PluginDescription, version) == 32 && offsetof(PluginDescription, summary) == 40 &&
    offsetof(PluginDescription, options) == 48 && offsetof(PluginDescription, option_count) == 56 &&
    offsetof(PluginDescription, probe) == 64 && offsetof(PluginDescription, make_poller) == 72 &&
    offsetof(PluginDescription, make_proactor) == 80 &&
    offsetof(PluginDescription, make_pool) == 88 && offsetof(PluginDescription, traits) == 96 &&
    offsetof(PluginDescription, make_server) == 104 &&
    offsetof(PluginDescription, make_client) == 112);

// What all kinds say alike.
template <typename Description>
constexpr PluginDescription begin_plugin(PluginKind kind, const Description& described,
                                         const char* version) {
  PluginDescription plugin{};
  plugin.magic = kPluginMagic;
  plugin.abi = kPluginAbi;
  plugin.size = sizeof plugin;
  plugin.kind = kind;
  plugin.name = described.name;
  plugin.version = version;
  plugin.summary = described.summary;
  plugin.options = described.options.data();
  plugin.option_count = described.options.size();
  return plugin;
}

constexpr PluginDescription plugin_of(const BackendDescription& backend, const char* version) {
  const bool is_poller = backend.make_poller != nullptr;
  auto plugin =
      begin_plugin(is_poller ? PluginKind::poller : PluginKind::proactor, backend, version);
  plugin.probe = backend.probe;
  plugin.make_poller = backend.make_poller;
  plugin.make_proactor = backend.make_proactor;
  return plugin;
}

constexpr PluginDescription plugin_of(const PoolDescription& pool, const char* version) {
  auto plugin = begin_plugin(PluginKind::pool, pool, version);
  plugin.has_workers = pool.has_workers ? 1 : 0;
  plugin.probe = pool.probe;
  plugin.make_pool = pool.make;
  return plugin;
}

// `workload` must have static lifetime: its traits are referred to.
constexpr PluginDescription plugin_of(const WorkloadDescription& workload, const char* version) {
  auto plugin = begin_plugin(PluginKind::workload, workload, version);
  plugin.probe = workload.probe;
  plugin.traits = &workload.traits;
  plugin.make_server = workload.make_server;
  plugin.make_client = workload.make_client;
  return plugin;
}

// The name of the one symbol, and its type.
#define COLLET_PLUGIN_SYMBOL collet_plugin
using PluginQuery = const PluginDescription* (*)();

}  // namespace collet

// Once in a plugin, outside of any namespace.
#define COLLET_PLUGIN(description, version)                                                      \
  extern "C" [[gnu::visibility("default")]] const ::collet::PluginDescription*                   \
  COLLET_PLUGIN_SYMBOL() noexcept {                                                              \
    static const ::collet::PluginDescription plugin = ::collet::plugin_of(description, version); \
    return &plugin;                                                                              \
  }

// SPDX-License-Identifier: MIT
// plugin.h: how a shared object becomes a backend or a pool of every program of collet.
//
//   constinit const collet::BackendDescription kMine{.name = "mine", ...};
//   COLLET_PLUGIN(kMine, "1.0")
//
// That is all a plugin exports: one C function, which returns what follows. Everything it says is
// data with static lifetime; asking makes nothing and starts nothing. The host reads it in this
// order: magic, ABI, size, and only then the rest, so that a plugin of any age is recognised and
// refused in words instead of misread.
//
// What crosses the boundary is frozen (abi.h): the classes Poller, Proactor and ThreadPool with
// their virtual functions in the order of the headers, integers, pointers, std::span,
// std::chrono::nanoseconds and structs of these. No exception does (guarded.h), no allocation is
// freed by the other side but through a virtual destructor, and the host never unloads a plugin.
#pragma once

#include <cstddef>
#include <cstdint>

#include <collet/abi.h>
#include <collet/description.h>

namespace collet {

inline constexpr std::uint64_t kPluginMagic = 0x74'65'6c'6c'6f'63;  // "collet" in memory

// Changes with everything that a plugin of before would misunderstand. Members that are appended to
// PluginDescription do not change it: `size` tells how many there are.
inline constexpr std::uint32_t kPluginAbi = 1;

enum class PluginKind : std::uint32_t { poller = 1, proactor = 2, pool = 3 };

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
  bool (*probe)(Refusal& why_not);  // may be null, see BackendDescription

  // The one that `kind` names; the others are null.
  Poller* (*make_poller)(const OptionValues& options, Refusal& why_not);
  Proactor* (*make_proactor)(const OptionValues& options, Refusal& why_not);
  ThreadPool* (*make_pool)(const OptionValues& options, std::size_t workers, Refusal& why_not);
};

constexpr PluginDescription plugin_of(const BackendDescription& backend, const char* version) {
  const bool is_poller = backend.make_poller != nullptr;
  return {.magic = kPluginMagic,
          .abi = kPluginAbi,
          .size = sizeof(PluginDescription),
          .kind = is_poller ? PluginKind::poller : PluginKind::proactor,
          .has_workers = 0,
          .name = backend.name,
          .version = version,
          .summary = backend.summary,
          .options = backend.options.data(),
          .option_count = backend.options.size(),
          .probe = backend.probe,
          .make_poller = backend.make_poller,
          .make_proactor = backend.make_proactor,
          .make_pool = nullptr};
}

constexpr PluginDescription plugin_of(const PoolDescription& pool, const char* version) {
  return {.magic = kPluginMagic,
          .abi = kPluginAbi,
          .size = sizeof(PluginDescription),
          .kind = PluginKind::pool,
          .has_workers = pool.has_workers ? 1U : 0U,
          .name = pool.name,
          .version = version,
          .summary = pool.summary,
          .options = pool.options.data(),
          .option_count = pool.options.size(),
          .probe = nullptr,
          .make_poller = nullptr,
          .make_proactor = nullptr,
          .make_pool = pool.make};
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

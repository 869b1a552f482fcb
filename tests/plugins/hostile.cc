// SPDX-License-Identifier: MIT
// hostile.cc: one plugin for each way in which a plugin can be wrong. CMake compiles it once for
// each, with HOSTILITY saying which.
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <stdexcept>

#include <collet/guarded.h>
#include <collet/plugin.h>

namespace {

using namespace collet;

enum class Hostility {
  none,
  no_symbol,
  wrong_magic,
  newer,
  older,
  too_small,
  larger,  // a later one of the same version: what it has more is left out
  unknown_kind,
  null_name,
  bad_name,
  duplicate_name,
  null_version,
  null_options,
  bad_default,
  null_factory,
  two_factories,
  says_nothing,
  throws_when_asked,
  throws_in_probe,
  throws_in_factory,
  throws_in_wait,
  makes_nothing,
  crashes_in_factory,
  crashes_in_wait,
  extra_symbols,
  leaves_a_mark,
};
constexpr Hostility kHow = Hostility::HOSTILITY;

// Knows nobody: whoever waits is told so at once.
class Hermit {
 public:
  explicit Hermit(const OptionValues&) {
    if (kHow == Hostility::crashes_in_factory) std::abort();
    if (kHow == Hostility::throws_in_factory) throw std::runtime_error("no mood to be made");
  }
  static int add(int, Interest, Token) { return 0; }
  static int modify(int, Interest, Token) { return 0; }
  static int remove(int) { return 0; }
  static std::size_t wait(std::span<Event>, std::chrono::nanoseconds) {
    if (kHow == Hostility::throws_in_wait) throw std::runtime_error("no patience");
    if (kHow == Hostility::crashes_in_wait) std::abort();
    return 0;
  }
  static void wake() {}
};

// As somebody would write it who does not use guarded.h.
Poller* make_throwing(const OptionValues& options, Refusal&) {
  return new guarded::GuardedPoller<Hermit>(options);
}

Poller* make_nothing(const OptionValues&, Refusal&) { return nullptr; }
Proactor* make_no_proactor(const OptionValues&, Refusal&) { return nullptr; }

bool throw_in_probe(Refusal&) { throw std::runtime_error("no mood to be probed"); }

constexpr OptionDescription kOptions[] = {{.name = "depth",
                                           .type = OptionType::integer,
                                           .default_value = kHow == Hostility::bad_default ? 9 : 4,
                                           .minimum = 1,
                                           .maximum = 8,
                                           .help = "how deep"}};

constexpr BackendDescription kHermit{.name = "hermit",
                                     .summary = "hears nothing",
                                     .options = kOptions,
                                     .probe = nullptr,
                                     .make_poller = make_throwing,
                                     .make_proactor = nullptr};

// One of a later time, with a member more.
struct Later {
  PluginDescription known;
  const void* more = nullptr;
};

Later describe() {
  Later later{plugin_of(kHermit, "6.6"), nullptr};
  PluginDescription& plugin = later.known;
  switch (kHow) {
    case Hostility::wrong_magic:
      plugin.magic = 0xbad;
      break;
    case Hostility::newer:
      plugin.abi = kPluginAbi + 1;
      break;
    case Hostility::older:
      plugin.abi = kPluginAbi - 1;
      break;
    case Hostility::too_small:
      plugin.size = 40;
      break;
    case Hostility::larger:
      plugin.size = sizeof(Later);
      break;
    case Hostility::unknown_kind:
      plugin.kind = static_cast<PluginKind>(77);
      break;
    case Hostility::null_name:
      plugin.name = nullptr;
      break;
    case Hostility::bad_name:
      plugin.name = "Her mit";
      break;
    case Hostility::duplicate_name:
      plugin.name = "epoll";
      break;
    case Hostility::null_version:
      plugin.version = nullptr;
      break;
    case Hostility::null_options:
      plugin.options = nullptr;
      break;
    case Hostility::null_factory:
      plugin.make_poller = nullptr;
      break;
    case Hostility::two_factories:
      plugin.make_proactor = make_no_proactor;
      break;
    case Hostility::throws_in_probe:
      plugin.probe = throw_in_probe;
      break;
    case Hostility::makes_nothing:
      plugin.make_poller = make_nothing;
      break;
    default:
      break;
  }
  return later;
}

}  // namespace

#define VISIBLE extern "C" [[gnu::visibility("default")]]

#ifdef HAS_NO_SYMBOL
#undef COLLET_PLUGIN_SYMBOL
#define COLLET_PLUGIN_SYMBOL collet_plug
#endif

VISIBLE const PluginDescription* COLLET_PLUGIN_SYMBOL() {
  if (kHow == Hostility::throws_when_asked) throw std::runtime_error("no mood to be asked");
  if (kHow == Hostility::says_nothing) return nullptr;
  static const Later description = describe();
  return &description.known;
}

#ifdef HAS_EXTRA_SYMBOLS
// What the host's own backends call.
VISIBLE int epoll_create1(int) { return -1; }
VISIBLE int eventfd(unsigned, int) { return -1; }
#endif

// Proof that the file was loaded, whatever became of it.
[[gnu::constructor]] void leave_a_mark() {
  const char* file = std::getenv("HOSTILE_MARK");
  if (kHow == Hostility::leaves_a_mark && file != nullptr) std::fclose(std::fopen(file, "w"));
}

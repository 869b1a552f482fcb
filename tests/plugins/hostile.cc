// SPDX-License-Identifier: MIT
// hostile.cc: a plugin that can be wrong in many ways. It is compiled once; hostile_copies.py makes
// a file for each way.
#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>

#include <collet/guarded.h>
#include <collet/plugin.h>

namespace {

using namespace collet;

// The word behind the colon, in which the copies differ.
volatile char letters[] = "HOSTILITY:none                          ";
constexpr std::size_t kColon = 9;

bool is(std::string_view way) {
  std::string word;
  for (std::size_t i = kColon + 1; letters[i] != ' '; ++i) word += letters[i];
  return word == way;
}

// Knows nobody: whoever waits is told so at once.
class Hermit {
 public:
  explicit Hermit(const OptionValues&) {
    if (is("crashes_in_factory")) std::abort();
    if (is("throws_in_factory")) throw std::runtime_error("no mood to be made");
    if (is("exits_in_factory")) std::exit(0);
  }
  static int add(int, Interest, Token) { return 0; }
  static int modify(int, Interest, Token) { return 0; }
  static int remove(int) { return 0; }
  static std::size_t wait(std::span<Event>, std::chrono::nanoseconds) {
    if (is("throws_in_wait")) throw std::runtime_error("no patience");
    if (is("crashes_in_wait")) std::abort();
    if (is("recurses_in_wait")) return recurse(1);
    if (is("exits_in_wait")) std::exit(0);
    if (is("reports_too_many")) return static_cast<std::size_t>(-1);
    return 0;
  }
  static void wake() {}

 private:
  static std::size_t recurse(std::size_t depth);
};

volatile bool recursion_ends = false;

std::size_t Hermit::recurse(std::size_t depth) {
  volatile char room[4096];
  room[0] = static_cast<char>(depth);
  if (recursion_ends) return 0;
  return recurse(depth + 1) + static_cast<std::size_t>(room[0]);
}

// Takes no task, as one may that has stopped.
class Idler {
 public:
  Idler(const OptionValues&, std::size_t workers) : workers_(workers) {
    if (is("throwing_pool")) throw std::runtime_error("no mood to work");
  }
  static bool submit(Task&) { return false; }
  static bool try_submit(Task&) { return false; }
  static std::size_t submit_bulk(std::span<Task>) { return 0; }
  static void stop(StopMode) {}
  std::size_t workers() const { return workers_; }
  static PoolStats stats() { return {}; }

 private:
  std::size_t workers_;
};

// As somebody would write it who does not use guarded.h.
Poller* make_throwing(const OptionValues& options, Refusal&) {
  return new guarded::GuardedPoller<Hermit>(options);
}

Poller* make_nothing(const OptionValues&, Refusal&) { return nullptr; }
Proactor* make_no_proactor(const OptionValues&, Refusal&) { return nullptr; }
ThreadPool* make_no_pool(const OptionValues&, std::size_t, Refusal&) { return nullptr; }
ThreadPool* make_throwing_pool(const OptionValues& options, std::size_t workers, Refusal&) {
  return new guarded::GuardedPool<Idler>(options, workers);
}

bool fill_refusal(Refusal& why_not) {
  std::memset(why_not.text, '!', sizeof why_not.text);
  why_not.text[0] = '\x1b';
  return false;
}

bool refuse_in_probe(Refusal& why_not) {
  why_not.say("no mood to run");
  return false;
}

bool agree_in_probe(Refusal&) { return true; }

bool crash_in_probe(Refusal&) { std::abort(); }

bool exit_in_probe(Refusal&) { std::exit(0); }

bool throw_in_probe(Refusal&) { throw std::runtime_error("no mood to be probed"); }

constexpr OptionDescription depth_by_default(std::int64_t value) {
  return {.name = "depth",
          .type = OptionType::integer,
          .default_value = value,
          .minimum = 1,
          .maximum = 8,
          .help = "how deep"};
}
constexpr OptionDescription kOptions[] = {depth_by_default(4)};
constexpr OptionDescription kBadOptions[] = {depth_by_default(9)};
constexpr OptionDescription kTwins[] = {depth_by_default(4), depth_by_default(5)};
constexpr OptionDescription kWideBoolean[] = {{.name = "deep",
                                               .type = OptionType::boolean,
                                               .default_value = 0,
                                               .minimum = 0,
                                               .maximum = 7,
                                               .help = "whether it is deep"}};
constexpr OptionDescription kNegativeShare[] = {{.name = "share",
                                                 .type = OptionType::ratio,
                                                 .default_value = -1,
                                                 .minimum = -1,
                                                 .maximum = 1,
                                                 .help = "how much of it"}};
constexpr OptionDescription kManyEvents[] = {{.name = "events",
                                              .type = OptionType::integer,
                                              .default_value = std::int64_t{1} << 60,
                                              .minimum = 1,
                                              .maximum = std::int64_t{1} << 60,
                                              .help = "taken\nat once"}};

constexpr OptionDescription kRoomy[] = {{.name = "capacity",
                                         .type = OptionType::integer,
                                         .default_value = 1000,
                                         .minimum = 100,
                                         .maximum = 1'000'000,
                                         .help = "how many may wait"}};

constexpr BackendDescription kHermit{.name = "hermit",
                                     .summary = "hears nothing",
                                     .options = kOptions,
                                     .probe = nullptr,
                                     .make_poller = make_throwing,
                                     .make_proactor = nullptr};

constexpr PoolDescription kIdler{.name = "idler",
                                 .summary = "does nothing",
                                 .options = {},
                                 .has_workers = true,
                                 .make = make_no_pool,
                                 .probe = refuse_in_probe};

constexpr WorkloadDescription kSilence{
    .name = "silence",
    .summary = "nothing is said",
    .options = {},
    .traits = {.connections = 1, .payload_bytes = 1},
    .make_server = [](const OptionValues&, Refusal&) -> ServerSession* { return nullptr; },
    .make_client = [](const OptionValues&, const ClientShape&, Refusal&) -> ClientSession* {
      return nullptr;
    },
    .probe = refuse_in_probe};

// One of a later time, with a member more: what it has more is left out.
struct Later {
  PluginDescription known;
  const void* more = nullptr;
};

PluginDescription describe_pool() {
  PluginDescription plugin = plugin_of(kIdler, "6.6");
  if (is("crashing_pool")) plugin.probe = crash_in_probe;
  if (is("null_pool")) plugin.probe = nullptr;
  if (is("throwing_pool") || is("roomy_pool")) {
    plugin.probe = nullptr;
    plugin.make_pool = make_throwing_pool;
  }
  if (is("roomy_pool")) {
    plugin.options = kRoomy;
    plugin.option_count = 1;
  }
  return plugin;
}

Later describe() {
  Later later{plugin_of(kHermit, "6.6"), nullptr};
  PluginDescription& plugin = later.known;
  if (is("unwilling_pool") || is("crashing_pool") || is("null_pool") || is("throwing_pool") ||
      is("roomy_pool")) {
    plugin = describe_pool();
  }
  if (is("unwilling_workload") || is("null_traits")) plugin = plugin_of(kSilence, "6.6");
  if (is("null_traits")) plugin.traits = nullptr;
  if (is("wrong_magic")) plugin.magic = 0xbad;
  if (is("newer")) plugin.abi = kPluginAbi + 1;
  if (is("older")) plugin.abi = kPluginAbi - 1;
  if (is("too_small")) plugin.size = 40;
  if (is("larger")) plugin.size = sizeof(Later);
  if (is("unknown_kind")) plugin.kind = static_cast<PluginKind>(77);
  if (is("null_name")) plugin.name = nullptr;
  if (is("bad_name")) plugin.name = "Her mit";
  if (is("duplicate_name")) plugin.name = "epoll";
  if (is("null_version")) plugin.version = nullptr;
  if (is("null_options")) plugin.options = nullptr;
  if (is("bad_default")) plugin.options = kBadOptions;
  if (is("null_factory")) plugin.make_poller = nullptr;
  if (is("two_factories")) plugin.make_proactor = make_no_proactor;
  if (is("throws_in_probe")) plugin.probe = throw_in_probe;
  if (is("twin_options")) {
    plugin.options = kTwins;
    plugin.option_count = 2;
  }
  if (is("wide_boolean")) plugin.options = kWideBoolean;
  if (is("negative_share")) plugin.options = kNegativeShare;
  if (is("many_events")) plugin.options = kManyEvents;
  if (is("speaks_without_end")) plugin.probe = fill_refusal;
  if (is("exits_when_asked")) std::exit(0);
  while (is("hangs_when_asked")) ::pause();
  if (is("exits_in_probe")) plugin.probe = exit_in_probe;
  if (is("exits_in_factory")) plugin.probe = agree_in_probe;
  if (is("draws")) plugin.summary = "red\x1b[31m\nline";
  if (is("borrows")) {
    plugin.name = "borrower";
    if (::dlsym(RTLD_DEFAULT, "beside_the_point") != nullptr) plugin.summary = "took a stranger's";
  }
  if (is("makes_nothing")) plugin.make_poller = make_nothing;
  return later;
}

}  // namespace

#define VISIBLE extern "C" [[gnu::visibility("default")]]

VISIBLE const PluginDescription* COLLET_PLUGIN_SYMBOL() {
  if (is("throws_when_asked")) throw std::runtime_error("no mood to be asked");
  if (is("says_nothing")) return nullptr;
  static const Later description = describe();
  return &description.known;
}

// Exported only where a module is linked so that all is.
VISIBLE int beside_the_point() { return -1; }

// Proof that the file was loaded, whatever became of it.
[[gnu::constructor]] void leave_a_mark() {
  if (is("crashes_when_loaded")) std::abort();
  const char* file = std::getenv("HOSTILE_MARK");
  if (is("leaves_a_mark") && file != nullptr) std::fclose(std::fopen(file, "w"));
}

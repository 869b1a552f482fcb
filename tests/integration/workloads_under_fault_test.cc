// SPDX-License-Identifier: MIT
// workloads_under_fault_test.cc: both halves of every workload, on every backend and pool, while
// what a kernel may do happens to both of them all the time. Every reply that comes must be right;
// where no connection may break, every reply must come.
#include <dirent.h>

#include <algorithm>
#include <latch>

#include <absl/strings/str_split.h>

#include "apps/cli/kit.h"
#include "apps/load/client_thread.h"
#include "tests/support/every_cell.h"

namespace collet::integration {
namespace {

using apps::Failure;
using std::chrono::nanoseconds;

// So often happens each fault.
constexpr const char* kOften = "=0.1";

// What plugins bring, beside what is built in.
std::vector<std::string> plugged(const Registry& all) {
  std::vector<std::string> names;
  for (const BackendDescription* backend : all.backends()) {
    const auto& built_in = registry().backends();
    if (std::ranges::find(built_in, backend) == built_in.end()) names.emplace_back(backend->name);
  }
  return names;
}

// Everything there is. One of each plugin is made at once: from its first loop on libuv keeps two
// descriptors for good.
const Registry& choices() {
  static apps::Kit* kit = [] {
    auto* all = new apps::Kit();
    apps::PluginFlags plugins;
    plugins.files = absl::StrSplit(COLLET_POLLER_PLUGINS, ':', absl::SkipEmpty());
    if (const auto status = all->load(plugins); !status.ok()) ADD_FAILURE() << status;
    for (const std::string& name : plugged(all->registry())) {
      EXPECT_TRUE(all->registry().backend(name)->make().ok()) << name;
    }
    return all;
  }();
  return kit->registry();
}

struct FaultyCell : Cell {
  std::string faults;         // of the backend: options of `fault`
  std::string pool_faults{};  // likewise

  bool breaks_streams() const { return faults.starts_with("reset"); }
  friend std::ostream& operator<<(std::ostream& out, const FaultyCell& cell) {
    return out << static_cast<const Cell&>(cell) << ", " << cell.faults << cell.pool_faults;
  }
};

std::vector<FaultyCell> every_cell_with_every_fault() {
  std::vector<FaultyCell> all;
  for (const Cell& cell : every_cell()) {
    const bool is_poller = registry().backend(cell.backend)->description().make_poller != nullptr;
    std::vector<std::string> harmless{"short_read", "short_write", "eagain", "delay", "emfile"};
    if (is_poller) harmless.insert(harmless.end(), {"eintr", "spurious", "reorder"});
    std::string together;
    for (const std::string& fault : harmless) {
      all.push_back({cell, fault + kOften});
      together += (together.empty() ? "" : ",") + fault + kOften;
    }
    all.push_back({cell, together});
    all.push_back({cell, std::string("reset") + kOften});
  }
  return all;
}

// What is in a plugin goes the same way from there on, so a pool of each kind is enough, and the
// faults all together; once with decorators around each other.
std::vector<FaultyCell> plugins_with_every_fault() {
  std::vector<FaultyCell> all;
  std::string together;
  for (const char* fault :
       {"short_read", "short_write", "eagain", "eintr", "spurious", "reorder", "delay", "emfile"}) {
    together += (together.empty() ? "" : ",") + std::string(fault) + kOften;
  }
  for (const std::string& backend : plugged(choices())) {
    all.push_back({Cell{backend, "inline", 0}, together});
    all.push_back({Cell{backend, "inline", 0}, std::string("reset") + kOften});
    all.push_back({Cell{"trace(count(" + backend + "))", "trace(stealing)", 2}, together});
  }
  return all;
}

// The backend is in order.
std::vector<FaultyCell> every_pool_with_every_fault() {
  std::vector<FaultyCell> all;
  for (const Cell& cell : every_cell_with_threads(2)) {
    std::string together;
    for (const char* fault : {"delay", "reorder", "refuse", "throw"}) {
      all.push_back({cell, "", fault + std::string(kOften)});
      together += (together.empty() ? "" : ",") + all.back().pool_faults;
    }
    all.push_back({cell, "", together});
  }
  return all;
}

std::string name_of(const ::testing::TestParamInfo<FaultyCell>& info) {
  std::string name = info.param.backend + "_" + info.param.pool + "_";
  std::ranges::replace(name, '(', '_');
  std::erase(name, ')');
  const std::string& faults =
      info.param.faults.empty() ? info.param.pool_faults : info.param.faults;
  return name + (faults.find(',') == faults.npos ? faults.substr(0, faults.find('=')) : "together");
}

std::size_t count_open_descriptors() {
  DIR* directory = ::opendir("/proc/self/fd");
  std::size_t entries = 0;
  while (::readdir(directory) != nullptr) ++entries;
  ::closedir(directory);
  return entries;
}

class WorkloadsUnderFaultTest : public ::testing::TestWithParam<FaultyCell> {
 protected:
  void SetUp() override { descriptors_ = count_open_descriptors(); }
  void TearDown() override { EXPECT_EQ(count_open_descriptors(), descriptors_); }

  static std::string faulty(const std::string& spec, int seed, const std::string& faults) {
    if (faults.empty()) return spec;
    return "fault(" + spec + "):seed=" + std::to_string(seed) + "," + faults;
  }

  static std::unique_ptr<TcpServer> serve(const apps::Workload& workload) {
    ServerOptions options;
    options.listen = *parse_endpoint("127.0.0.1:0");
    options.workers = GetParam().workers;
    static const apps::Burden none;
    const FaultyCell& cell = GetParam();
    auto server = TcpServer::start(*choices().backend(faulty(cell.backend, 1, cell.faults)),
                                   *choices().pool(faulty(cell.pool, 3, cell.pool_faults)), options,
                                   [&workload] { return workload.make_server(none); });
    if (!server.ok()) ADD_FAILURE() << server.status();
    return *std::move(server);
  }

  // What clients saw that sent `requests`.
  static apps::Tally load(const apps::Workload& workload, const Endpoint& server,
                          std::size_t connections, std::size_t requests) {
    const apps::LoadDefaults defaults = workload.load_defaults();
    const apps::CrowdPlan plan{.workload = &workload,
                               .shape = {.payload_bytes = defaults.payload_bytes,
                                         .pipeline = defaults.connection_per_request ? 1U : 4U,
                                         .framing_bytes = defaults.framing_bytes},
                               .target = server,
                               .connections = connections,
                               .requests = requests,
                               .arrivals = {},
                               .spin = {},
                               .seed = 1};
    std::atomic<bool> done{false};
    const std::string backend = faulty(GetParam().backend, 2, GetParam().faults);
    apps::ClientThread client(*choices().backend(backend)->make(),
                              *choices().pool("inline")->make(0), plan, kPatience,
                              {.on_up = [] {}, .on_done = [&done] { done = true; }});
    client.open_window(nanoseconds(0), nanoseconds::max());
    client.start();
    // Requests that a reset takes along are not sent again.
    const std::size_t enough = GetParam().breaks_streams() ? requests / 4 : requests;
    EXPECT_TRUE(
        eventually([&] { return done.load() || client.meter().answered_so_far() >= enough; }));
    client.finish();
    client.join();
    return client.meter().tally();
  }

  static void expect_service(const std::string& name, std::size_t connections,
                             std::size_t requests) {
    const apps::Workload& workload = **apps::find_workload(name);
    auto server = serve(workload);
    const apps::Tally tally = load(workload, server->endpoint(), connections, requests);
    if (GetParam().breaks_streams()) {
      EXPECT_GT(tally.requests, 0U) << name;
      const std::uint64_t expected =
          tally.failed(Failure::reset) + tally.failed(Failure::closed_early);
      EXPECT_EQ(tally.failed(), expected) << name;
    } else {
      EXPECT_EQ(tally.requests, requests) << name;
      EXPECT_EQ(tally.failed(), 0U) << name;
    }
    server->drain();
    server->wait();
    const ServerStats stats = server->stats();
    std::uint64_t closed = 0;
    for (const std::uint64_t count : stats.connections.closed) closed += count;
    EXPECT_EQ(closed, stats.connections.opened) << name;
    EXPECT_EQ(stats.loops.threw, 0U) << name;
  }

 private:
  std::size_t descriptors_ = 0;
};

INSTANTIATE_TEST_SUITE_P(EveryCell, WorkloadsUnderFaultTest,
                         ::testing::ValuesIn(every_cell_with_every_fault()), name_of);
INSTANTIATE_TEST_SUITE_P(Plugins, WorkloadsUnderFaultTest,
                         ::testing::ValuesIn(plugins_with_every_fault()), name_of);
INSTANTIATE_TEST_SUITE_P(EveryPool, WorkloadsUnderFaultTest,
                         ::testing::ValuesIn(every_pool_with_every_fault()), name_of);

TEST_P(WorkloadsUnderFaultTest, Echo) { expect_service("echo", 4, 400); }

TEST_P(WorkloadsUnderFaultTest, Greet) { expect_service("greet", 4, 40); }

TEST_P(WorkloadsUnderFaultTest, Http) { expect_service("http", 4, 200); }

TEST_P(WorkloadsUnderFaultTest, Idle) { expect_service("idle", 50, 200); }

TEST_P(WorkloadsUnderFaultTest, Storm) { expect_service("storm", 20, 40); }

// Its readers move megabytes and are waited for at the end.
TEST_P(WorkloadsUnderFaultTest, Slow) {
  const FaultyCell& cell = GetParam();
  const bool is_alone = (cell.faults + cell.pool_faults).find(',') == std::string::npos;
  if (is_alone && !GetParam().breaks_streams()) GTEST_SKIP() << "the faults come all together";
  expect_service("slow", 4, 100);
}

}  // namespace
}  // namespace collet::integration

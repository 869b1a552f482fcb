// SPDX-License-Identifier: MIT
// process_test.cc: collet-server and collet-load as their users run them: what they print, how they
// take signals, what they say at the end.
#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/support/every_cell.h"
#include "tests/support/program.h"

namespace collet::integration {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::vector<std::string> server_command(const std::vector<std::string>& flags) {
  std::vector<std::string> command{COLLET_SERVER_PROGRAM, "--quiet"};
  command.insert(command.end(), flags.begin(), flags.end());
  if (std::find(flags.begin(), flags.end(), "--listen") == flags.end()) {
    command.insert(command.end(), {"--listen", "127.0.0.1:0"});
  }
  return command;
}

std::vector<std::string> server_command(const Cell& cell, const std::vector<std::string>& flags) {
  std::vector<std::string> command =
      server_command({"--json", "--backend", cell.backend, "--pool", cell.pool, "--workers",
                      std::to_string(cell.workers)});
  command.insert(command.end(), flags.begin(), flags.end());
  return command;
}

Json read_json(Program& program) {
  const std::string line = program.read_line();
  Json json = Json::parse(line, nullptr, false);
  EXPECT_TRUE(json.is_object()) << "printed: " << line << "\n" << program.errors();
  return json.is_object() ? json : Json::object();
}

Endpoint address_in(const Json& listening) {
  return endpoint(listening.value("address", "127.0.0.1:1"));
}

// From the line for people: the second word.
Endpoint address_in(const std::string& listening) {
  std::istringstream words(listening);
  std::string address;
  words >> address >> address;
  return endpoint(address);
}

constexpr std::size_t kPipelined = 50 * 64;

class ServerProcessTest : public CellTest {};
INSTANTIATE_TEST_SUITE_P(EveryCell, ServerProcessTest, ::testing::ValuesIn(every_cell()),
                         name_of_cell);

TEST_P(ServerProcessTest, SaysWhatRunsAndAnswersWhatHadArrivedBeforeSigterm) {
  Program server(server_command(GetParam(), {}));
  const Json listening = read_json(server);
  EXPECT_EQ(listening["event"], "listening");
  EXPECT_EQ(listening["backend"], GetParam().backend);
  EXPECT_THAT(listening["backend_spec"], StartsWith(GetParam().backend));
  EXPECT_EQ(listening["pool"], GetParam().pool);
  EXPECT_EQ(listening["workers"], GetParam().workers);
  EXPECT_EQ(listening["loops"], 1);
  EXPECT_EQ(listening["workload"], "echo");

  std::vector<Descriptor> clients = dial_many(address_in(listening), 20);
  for (const Descriptor& client : clients) EndlessPattern().send(client, kPipelined);
  for (const Descriptor& client : clients) {
    EXPECT_TRUE(eventually([&] { return has_arrived(client); }));
  }
  server.signal(SIGTERM);
  for (Descriptor& client : clients) {
    EXPECT_EQ(EndlessPattern().receive(client, kPipelined), kPipelined);
    EXPECT_TRUE(at_end(client));
    client.close();
  }
  const Json totals = read_json(server);
  EXPECT_EQ(server.wait(), 0) << server.errors();
  EXPECT_EQ(server.read_rest(), "") << "more than two lines were printed";
  EXPECT_EQ(totals["event"], "totals");
  EXPECT_EQ(totals["connections"], 20);
  EXPECT_EQ(totals["closed"]["drained"], 20);
  EXPECT_EQ(totals["bytes_in"], 20 * kPipelined);
  EXPECT_EQ(totals["bytes_out"], 20 * kPipelined);
  EXPECT_EQ(totals["lifetime_ms"]["count"], 20);
  EXPECT_EQ(totals["accept_failures"], 0);
}

// The client half of every workload on the same library: not a byte is wrong, and both sides count
// the same.
TEST_P(ServerProcessTest, ServesColletLoad) {
  for (const std::string workload : {"echo", "greet", "storm"}) {
    Program server(server_command(GetParam(), {"--workload", workload}));
    const std::string address = read_json(server).value("address", "?");
    Program load({COLLET_LOAD_PROGRAM, address, "--workload", workload, "--backend",
                  GetParam().backend, "-n", "600", "-c", "20", "--payload", "1000", "--json"});
    Json result = Json::object();
    while (result.value("event", "") != "result") {
      result = read_json(load);
      if (result.empty()) break;
    }
    EXPECT_EQ(load.wait(), 0) << load.errors();
    EXPECT_EQ(result["requests"], 600) << result.dump();
    EXPECT_EQ(result["errors"], Json::object());
    EXPECT_EQ(result["wrong_bytes"], 0);
    server.signal(SIGINT);
    const Json totals = read_json(server);
    EXPECT_EQ(server.wait(), 0);
    EXPECT_EQ(totals["bytes_in"], 600'000);
    EXPECT_EQ(totals["bytes_out"], workload == "greet" ? 600 * 3 : 600'000);
    EXPECT_EQ(totals["connections"], workload == "echo" ? 20 : 600);
  }
}

// -- Exactly one line ----------------------------------------------------------------------------

TEST(ServerProcess, PrintsOneLineForPeopleAndNothingElse) {
  Program server(server_command({"--loops", "2"}));
  const std::string line = server.read_line();
  EXPECT_THAT(line,
              MatchesRegex("listening 127\\.0\\.0\\.1:[0-9]+ backend=epoll:events=256 pool=inline "
                           "loops=2 workers=0 workload=echo"));
  expect_echo(dial(address_in(line)));
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
  EXPECT_EQ(server.read_rest(), "");
}

TEST(ServerProcess, TellsTheAddressOfEachKind) {
  const UnixPath path;
  {
    Program server(server_command({"--listen", "unix:" + path.path()}));
    EXPECT_THAT(server.read_line(), StartsWith("listening unix:" + path.path() + " "));
    expect_echo(dial(path.at()));
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(), 0);
  }
  EXPECT_FALSE(path.exists());
  Program everywhere(server_command({"--listen", "0.0.0.0:0"}));
  EXPECT_THAT(everywhere.read_line(), StartsWith("listening 0.0.0.0:"));
  EXPECT_THAT(everywhere.errors(), HasSubstr("other machines"));
}

TEST(ServerProcess, ReadsItsFlagsFromAFileToo) {
  const UnixPath path;
  std::ofstream(path.path()) << "backend = \"asio\"\nloops = \"3\"\nwork = \"1us\"\n";
  Program server(server_command({"--config", path.path(), "--loops", "2"}));
  EXPECT_THAT(server.read_line(),
              HasSubstr("backend=asio:buffer=16k,buffers=4096 pool=inline loops=2"));
}

// -- Signals -------------------------------------------------------------------------------------

TEST(ServerProcess, EndsAtOnceOnTheSecondSignal) {
  Program server(server_command({"--block", "1h", "--drain-timeout", "1h"}));
  const Descriptor client = dial(address_in(server.read_line()));
  write_all(client, "x");
  ASSERT_TRUE(eventually([&] { return has_arrived(client); }));
  server.signal(SIGINT);
  ASSERT_TRUE(eventually([&] { return server.errors().find("draining") != std::string::npos; }));
  server.signal(SIGTERM);  // at once: the same wish, as timeout(1) sends it
  EXPECT_FALSE(eventually([&] { return server.has_ended(); }, milliseconds(150)));
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 128 + SIGTERM);
  EXPECT_THAT(server.errors(), HasSubstr("second signal"));
}

TEST(ServerProcess, ClosesClientsThatDoNotReadWhenTheDrainTimesOut) {
  Program server(server_command({"--json", "--drain-timeout", "200ms"}));
  const Descriptor client = dial(address_in(read_json(server)));
  EndlessPattern pattern;
  do {  // until neither side has room for more
    while (pattern.send_at_once(client) > 0) continue;
    pollfd writable{client.get(), POLLOUT, 0};
    if (::poll(&writable, 1, 100) == 0) break;
  } while (true);
  const auto begun = steady_clock::now();
  server.signal(SIGTERM);
  const Json totals = read_json(server);
  EXPECT_EQ(server.wait(), 0);
  // Closing by force begins a tenth of the time before its end, to be done by then.
  EXPECT_GE(steady_clock::now() - begun, milliseconds(180));
  EXPECT_EQ(totals["closed"]["forced"], 1);
  EXPECT_GE(totals["receive_pauses"], 1);
  EXPECT_THAT(server.errors(), HasSubstr("not drained within 200ms"));
}

TEST(ServerProcess, EndsWithoutAHandlerThatDoesNotReturn) {
  Program server(server_command({"--pool", "mutex", "--block", "1h", "--drain-timeout", "50ms"}));
  const Descriptor client = dial(address_in(server.read_line()));
  write_all(client, "x");
  ASSERT_TRUE(eventually([&] { return has_arrived(client); }));
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 1);
  EXPECT_THAT(server.errors(), HasSubstr("a handler does not return"));
}

TEST(ServerProcess, SaysThatABackendDidNotWakeWhereNoHandlerIsToBlame) {
  Program server(server_command({"--backend", "fault(epoll):drop_wake=1", "--drain-timeout", "50ms",
                                 "--watcher-interval", "1h"}));
  const Descriptor client = dial(address_in(server.read_line()));
  write_all(client, "x");
  ASSERT_TRUE(eventually([&] { return has_arrived(client); }));
  // A loop that has still to begin its wait needs no wake.
  ASSERT_TRUE(eventually([&] { return server.sleeps(); }));
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 1);
  EXPECT_THAT(server.errors(), HasSubstr("backend fault(epoll:events=256):"));
  EXPECT_THAT(server.errors(), HasSubstr("told to wake, and its wait goes on"));
  EXPECT_THAT(server.errors(), Not(HasSubstr("handler")));
}

// -- The Watcher's file --------------------------------------------------------------------------

TEST(ServerProcess, AppendsAWatcherRowEachInterval) {
  const UnixPath file;
  constexpr std::size_t kConnections = 30;
  Program server(server_command({"--watcher-csv", file.path(), "--watcher-interval", "20ms"}));
  const Endpoint at = address_in(server.read_line());
  for (std::size_t i = 0; i < kConnections; ++i) {
    const Descriptor client = dial(at);
    for (int round = 0; round < 10; ++round) expect_echo(client, "0123456789");
  }
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);

  std::ifstream csv(file.path());
  std::string line;
  std::getline(csv, line);
  EXPECT_EQ(line,
            "total,finished,average,min,max,p50,p99,p999,first_byte_p50,first_byte_p99,requests,"
            "bytes_in,bytes_out,rss,time");
  std::array<double, 15> sums{};
  while (std::getline(csv, line)) {
    std::istringstream fields(line);
    for (double& sum : sums) {
      std::string field;
      EXPECT_TRUE(std::getline(fields, field, ',')) << line;
      if (!field.empty()) sum += std::stod(field);  // a time that no connection had
    }
    EXPECT_TRUE(fields.eof()) << line;
  }
  EXPECT_GE(sums[0], sums[1]) << "more finished than were open";
  EXPECT_EQ(sums[1], kConnections);
  EXPECT_EQ(sums[10], kConnections * 10);
  EXPECT_EQ(sums[11], kConnections * 100);
  EXPECT_EQ(sums[12], kConnections * 100);
}

// -- Few descriptors -----------------------------------------------------------------------------

// All cells at once: each is to be idle, so they do not disturb each other.
TEST(ServerProcess, WithoutADescriptorLeftIsCalmInEveryCell) {
  constexpr std::size_t kClients = 40;
  const auto begun = std::chrono::steady_clock::now();
  allow_many_descriptors();
  std::vector<Cell> all = every_cell();
  std::vector<std::unique_ptr<Program>> servers;
  std::vector<std::vector<Descriptor>> clients;
  for (const Cell& cell : all) {
    servers.push_back(std::make_unique<Program>(
        server_command(cell, {"--max-connections", "100000"}), Austerity{.descriptors = 30}));
    clients.push_back(dial_many(address_in(read_json(*servers.back())), kClients));
    for (const Descriptor& client : clients.back()) write_all(client, "hello");
    EXPECT_EQ(read_up_to(clients.back().front(), 5), "hello");
  }
  const auto cpu_times = [&] {
    std::vector<milliseconds> times;
    for (const auto& server : servers) times.push_back(server->cpu_time());
    return times;
  };
  const std::vector<milliseconds> before = cpu_times();
  std::this_thread::sleep_for(std::chrono::seconds(3));  // what is measured, not waited for
  const std::vector<milliseconds> after = cpu_times();
  for (std::size_t i = 0; i < all.size(); ++i) {
    SCOPED_TRACE(::testing::PrintToString(all[i]));
    EXPECT_LE((after[i] - before[i]).count(), kSanitized ? 900 : 150);
    const auto waiting = [&] {
      return std::count_if(clients[i].begin() + 1, clients[i].end(),
                           [](const Descriptor& client) { return !is_readable(client); });
    };
    const auto left_out = waiting();
    EXPECT_GT(left_out, 0);
    EXPECT_LT(left_out, kClients - 1);
    expect_echo(clients[i].front());
    end_sending(clients[i].front());
    EXPECT_TRUE(eventually([&] { return waiting() < left_out; }, milliseconds(1000)));
  }
  clients.clear();
  for (const auto& server : servers) server->signal(SIGTERM);
  // It soon tries every 300 ms only.
  const auto tries = 20 + (std::chrono::steady_clock::now() - begun) / milliseconds(200);
  for (const auto& server : servers) {
    EXPECT_LE(read_json(*server)["accept_failures"], tries);
    EXPECT_THAT(server->errors(), HasSubstr("Too many open files (EMFILE)"));
    EXPECT_EQ(server->wait(), 0);
  }
}

}  // namespace
}  // namespace collet::integration

// SPDX-License-Identifier: MIT
// plugin_work_test.cc: plugins that are right, as backends, pools and workloads of the programs.
#include <csignal>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/plugins/plugin_fixture.h"

namespace collet::integration {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// Where a server with --json says that it listens; empty if it does not.
std::string address_of(Program& server) {
  const std::string listening = server.read_line();
  const auto begin = listening.find("127.0.0.1:");
  return begin == listening.npos ? "" : listening.substr(begin, listening.find('"', begin) - begin);
}

struct Choice {
  std::string name;
  std::vector<std::string> flags;

  friend std::ostream& operator<<(std::ostream& out, const Choice& choice) {
    return out << choice.name;
  }
};

class PluginAtWork : public ::testing::TestWithParam<Choice> {};

#ifdef __SANITIZE_ADDRESS__
constexpr bool kLooksForLeaks = true;
#else
constexpr bool kLooksForLeaks = false;
#endif

TEST_P(PluginAtWork, ServesAsIfItWereBuiltIn) {
  if (kLooksForLeaks && GetParam().name == "AsioAndTbb") {
    GTEST_SKIP() << "g++ 12's leak sanitizer crashes at the thread-local memory of these two";
  }
  for (const char* workload : {"echo", "greet"}) {
    std::vector<std::string> command{COLLET_SERVER_PROGRAM, "--workload", workload, "--listen",
                                     "127.0.0.1:0",         "--quiet",    "--json"};
    command.insert(command.end(), GetParam().flags.begin(), GetParam().flags.end());
    Program server(command);
    const std::string address = address_of(server);
    ASSERT_NE(address, "") << server.errors();
    const Ended load =
        run({COLLET_LOAD_PROGRAM, address, "--workload", workload, "-c", "20", "-n", "500"});
    EXPECT_EQ(load.code, 0) << load.errors << load.output;
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(), 0) << server.errors();
  }
}

// The handlers have a stack of their own, on loops too, and of all loops that crash at once one
// writes to the end.
TEST(PluginThatRecursesForEver, IsTracedToItsEnd) {
  if (kThreadSanitized) GTEST_SKIP() << "a crash inside of ThreadSanitizer is a failed check to it";
  const std::string traced = "trace(" + plugin("recurses_in_wait") + ")";
  for (const char* loops : {"1", "8", "8", "8"}) {
    Program server(
        {COLLET_SERVER_PROGRAM, "--backend", traced, "--loops", loops, "--listen", "127.0.0.1:0"});
    EXPECT_EQ(server.wait(), 1000 + SIGSEGV);
    EXPECT_THAT(server.errors(), HasSubstr("trace of hermit proactor 1: the last "));
  }
  const Ended judged = run({COLLET_CONFORM_PROGRAM, "--backend", traced, "--rule", "P1.1"});
  EXPECT_THAT(judged.output, HasSubstr("P1.1"));
  EXPECT_THAT(judged.errors, HasSubstr("trace of hermit poller "));
}

// With its own exit code that would look like a stop that was asked for.
TEST(PluginThatCallsExit, EndsAProgramAtWorkAsAFailure) {
  Program server(
      {COLLET_SERVER_PROGRAM, "--backend", plugin("exits_in_wait"), "--listen", "127.0.0.1:0"});
  EXPECT_EQ(server.wait(), 1);
  EXPECT_EQ(server.errors(),
            "collet-server: a plugin or a handler called exit() while it was at work\n");
  Program echo({COLLET_SERVER_PROGRAM, "--listen", "127.0.0.1:0", "--quiet", "--json"});
  const Ended load = run({COLLET_LOAD_PROGRAM, address_of(echo), "--backend",
                          plugin("exits_in_wait"), "-c", "1", "-n", "1"});
  EXPECT_EQ(load.code, 1);
  EXPECT_THAT(load.errors, HasSubstr("collet-load: a plugin or a handler called exit() while"));
}

const std::vector<Choice> kChoices{
    {"Poll", {"--backend", std::string(COLLET_POLL_PLUGIN) + ":reserve=9"}},
    {"PollWithPool", {"--plugin", COLLET_POLL_PLUGIN, "--backend", "poll", "--pool", "mutex"}},
    {"Asio", {"--plugin", COLLET_ASIO_PLUGIN, "--backend", "asio_plugin"}},
    {"TemplateOfProactors", {"--backend", COLLET_PROACTOR_TEMPLATE}},
    {"TemplatesOfBoth", {"--backend", COLLET_PROACTOR_TEMPLATE, "--pool", COLLET_POOL_TEMPLATE}},
    {"Tbb", {"--pool", std::string(COLLET_TBB_PLUGIN) + ":linger=1ms"}},
    {"AsioAndTbb", {"--backend", COLLET_ASIO_PLUGIN, "--pool", COLLET_TBB_PLUGIN}}};

const std::vector<Choice> kFirstChoices{
    {"PollerOfTheFirstHeaders", {"--backend", plugin("first_poller")}},
    {"ProactorAndPoolOfTheFirstHeaders",
     {"--backend", plugin("first_proactor"), "--pool", plugin("first_pool")}}};

// And those of the libraries that were found, with every pool.
std::vector<Choice> all_choices() {
  std::vector<Choice> choices = kChoices;
  if (COLLET_HAS_FIRST_PLUGINS != 0) {
    choices.insert(choices.end(), kFirstChoices.begin(), kFirstChoices.end());
  }
  std::istringstream files(COLLET_LIBRARY_PLUGINS);
  for (std::string file; std::getline(files, file, ':');) {
    for (const char* pool : {"inline", "mutex", "tbb"}) {
      const std::string name = fs::path(file).stem().string() + "_" + pool;
      choices.push_back({name, {"--backend", file, "--pool", pool}});
    }
  }
  return choices;
}

INSTANTIATE_TEST_SUITE_P(Plugins, PluginAtWork, ::testing::ValuesIn(all_choices()),
                         [](const auto& choice) { return choice.param.name; });

// -- Workloads -----------------------------------------------------------------------------------

Ended load(const std::string& workload, const std::string& address,
           std::vector<std::string> more = {}) {
  std::vector<std::string> command{COLLET_LOAD_PROGRAM, address, "--workload", workload};
  command.insert(command.end(), more.begin(), more.end());
  return run(std::move(command));
}

class WorkloadPlugin : public ::testing::Test {
 protected:
  // Serves `workload`, and returns where.
  std::string serve(const std::string& workload) {
    server_.emplace(std::vector<std::string>{COLLET_SERVER_PROGRAM, "--workload", workload,
                                             "--listen", "127.0.0.1:0", "--quiet", "--json"});
    return address_of(*server_);
  }
  ~WorkloadPlugin() override {
    if (!server_) return;
    server_->signal(SIGTERM);
    EXPECT_EQ(server_->wait(), 0) << server_->errors();
  }

  std::optional<Program> server_;
};

TEST_F(WorkloadPlugin, IsServedAndLoadedAndEveryReplyIsChecked) {
  const std::string address = serve(plugin("lines"));
  for (const char* pipeline : {"1", "7"}) {
    const Ended ended = load(plugin("lines"), address, {"-n", "2000", "--pipeline", pipeline});
    EXPECT_EQ(ended.code, 0) << ended.errors << ended.output;
  }
  const Ended open =
      load(plugin("lines"), address, {"-d", "300ms", "--rate", "20k", "--payload", "100"});
  EXPECT_EQ(open.code, 0) << open.errors << open.output;
}

TEST_F(WorkloadPlugin, OneOfTheFirstHeadersIsServedAndLoaded) {
  if (COLLET_HAS_FIRST_PLUGINS == 0) GTEST_SKIP() << "built without sanitizers only";
  const std::string address = serve(plugin("first_workload"));
  const Ended ended = load(plugin("lines"), address, {"-n", "500"});
  EXPECT_EQ(ended.code, 0) << ended.errors << ended.output;
  const Ended by_itself = load(plugin("first_workload"), address, {"-n", "500"});
  EXPECT_EQ(by_itself.code, 0) << by_itself.errors << by_itself.output;
}

TEST_F(WorkloadPlugin, TheTemplateIsServedAndLoaded) {
  const std::string address = serve(std::string(COLLET_WORKLOAD_TEMPLATE) + ":most=1m");
  const Ended ended = load(COLLET_WORKLOAD_TEMPLATE, address,
                           {"-n", "500", "--pipeline", "3", "--payload", "100k", "-c", "2"});
  EXPECT_EQ(ended.code, 0) << ended.errors << ended.output;
}

TEST_F(WorkloadPlugin, AWrongReplyIsFound) {
  const std::string address = serve(plugin("lines") + ":polite=false");
  const Ended ended = load(plugin("lines"), address, {"-c", "2", "-d", "5s"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.output + ended.errors, HasSubstr("wrong"));
}

TEST_F(WorkloadPlugin, OneOfOursKeepsItsName) {
  const Ended listed = list_with(plugin("lines"));
  EXPECT_THAT(listed.output, AllOf(HasSubstr("every line comes back"), HasSubstr("version 1.2")));
  const Ended unknown = load("line", "127.0.0.1:1", {"--plugin", plugin("lines")});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.errors, AllOf(HasSubstr("echo"), HasSubstr("lines")));
}

}  // namespace
}  // namespace collet::integration

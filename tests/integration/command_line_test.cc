// SPDX-License-Identifier: MIT
// command_line_test.cc: what the programs say to a mistake: one sentence on standard error that
// names the flag, the value and what would work; exit code 2; nothing on standard output.
#include <algorithm>
#include <fstream>
#include <ostream>
#include <sstream>

#include <gmock/gmock.h>

#include "tests/support/program.h"

namespace collet::integration {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Mistake {
  const char* name;
  std::vector<std::string> flags;
  std::vector<std::string> told;  // parts of the sentence: the flag, the value, what would work

  friend std::ostream& operator<<(std::ostream& out, const Mistake& mistake) {
    for (const std::string& flag : mistake.flags) out << flag << " ";
    return out;
  }
};

std::string name_of_mistake(const ::testing::TestParamInfo<Mistake>& info) {
  return info.param.name;
}

void expect_refused(const char* program, const char* name, const Mistake& mistake,
                    const Austerity& austerity = {}) {
  std::vector<std::string> command{program};
  command.insert(command.end(), mistake.flags.begin(), mistake.flags.end());
  Program refused(std::move(command), austerity);
  EXPECT_EQ(refused.read_rest(), "");
  EXPECT_EQ(refused.wait(), 2);
  const std::string errors = refused.errors();
  EXPECT_THAT(errors, StartsWith(std::string(name) + ": "));
  EXPECT_THAT(errors, EndsWith("\n"));
  EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), 1) << errors;
  for (const std::string& part : mistake.told) EXPECT_THAT(errors, HasSubstr(part));
}

// -- collet-server -------------------------------------------------------------------------------

class ServerMistake : public ::testing::TestWithParam<Mistake> {};
TEST_P(ServerMistake, IsNamedInOneSentence) {
  expect_refused(COLLET_SERVER_PROGRAM, "collet-server", GetParam());
}

const std::vector<Mistake> kChoiceMistakes{
    {"UnknownBackend", {"--backend", "kqueue"}, {"--backend", "\"kqueue\"", "epoll", "auto"}},
    {"UnknownUser", {"--user", "nosuch"}, {"--user", "\"nosuch\"", "getent passwd"}},
    {"NoBackend", {"--backend", ""}, {"--backend", "\"\"", "default"}},
    {"NoFile", {"--watcher-csv", ""}, {"--watcher-csv", "\"\"", "default"}},
    {"UnknownBackendOption", {"--backend", "epoll:size=1"}, {"--backend", "\"size\"", "events"}},
    {"BackendOptionWithoutValue", {"--backend", "epoll:events"}, {"\"events\"", "key=value"}},
    {"BackendOptionOutOfRange", {"--backend", "epoll:events=0"}, {"\"events\"", "\"0\"", "from 1"}},
    {"BackendOptionTwice", {"--backend", "epoll:events=1,events=2"}, {"\"events\"", "once"}},
    {"BackendEmptyOptions", {"--backend", "epoll:"}, {"--backend", "\"epoll:\"", "key=value"}},
    {"OptionsForAuto", {"--backend", "auto:events=1"}, {"--backend", "\"auto\"", "epoll"}},
    {"UnknownPool", {"--pool", "fibers"}, {"--pool", "\"fibers\"", "inline", "mutex", "tbb"}},
    {"UnknownPoolOption", {"--pool", "mutex:x=1"}, {"--pool", "\"x\"", "capacity"}},
    {"UnknownWorkload", {"--workload", "chat"}, {"--workload", "\"chat\"", "echo", "greet"}},
    {"UnknownFlag", {"--threads", "2"}, {"\"--threads\"", "--help"}},
    {"ArgumentTooMany", {"7000"}, {"\"7000\"", "--help"}},
    {"FlagWithoutValue", {"--loops"}, {"--loops", "value"}},
    {"FlagWithEmptyValue", {"--loops=", "--quiet"}, {"--loops", "value"}},
    {"FlagTwice", {"--loops", "1", "--loops", "2"}, {"--loops", "\"1\", \"2\"", "once"}},
    {"WordForASwitch", {"--quiet=perhaps"}, {"--quiet", "no value"}},
    {"NumberForASwitch", {"--quiet=5"}, {"--quiet", "no value"}},
    {"UnknownListenMode",
     {"--listen-mode", "shared"},
     {"--listen-mode", "\"shared\"", "reuseport", "handoff"}},
    {"MissingConfigFile", {"--config", "/no/such/file"}, {"--config", "/no/such/file", "readable"}},
};
INSTANTIATE_TEST_SUITE_P(Choice, ServerMistake, ::testing::ValuesIn(kChoiceMistakes),
                         name_of_mistake);

const std::vector<Mistake> kNumberMistakes{
    {"NoLoop", {"--loops", "0"}, {"--loops", "\"0\"", "from 1"}},
    {"LoopsInWords", {"--loops", "two"}, {"--loops", "\"two\"", "number"}},
    {"WorkersForInline", {"--workers", "2"}, {"--workers", "\"2\"", "inline", "give 0"}},
    {"NoWorker", {"--pool", "mutex", "--workers", "0"}, {"--workers", "mutex", "at least 1"}},
    {"TooManyWorkers", {"--pool", "mutex", "--workers", "1m"}, {"--workers", "\"1m\"", "1024"}},
    {"NegativeConnections", {"--max-connections", "-5"}, {"--max-connections", "\"-5\"", "number"}},
    {"DurationWithoutUnit", {"--idle-timeout", "60"}, {"--idle-timeout", "\"60\"", "2s"}},
    {"DurationOfNoUnit", {"--drain-timeout", "5 parsec"}, {"--drain-timeout", "parsec", "2s"}},
    {"NegativeDuration", {"--drain-timeout", "-1s"}, {"--drain-timeout", "\"-1s\"", "2s"}},
    {"IntervalOfNothing", {"--watcher-interval", "0"}, {"--watcher-interval", "\"0\"", "1s"}},
    {"WorkInWords", {"--work", "hard"}, {"--work", "\"hard\"", "50us"}},
    {"DurationOfCenturies", {"--watcher-interval", "2562047h"}, {"--watcher-interval", "8760h"}},
    {"NumberTooLarge", {"--loops", "99999999999999999999"}, {"--loops", "too large", "write"}},
    {"BlockWithoutUnit", {"--block", "7"}, {"--block", "\"7\"", "1ms"}},
};
INSTANTIATE_TEST_SUITE_P(Number, ServerMistake, ::testing::ValuesIn(kNumberMistakes),
                         name_of_mistake);

const std::vector<Mistake> kPlaceMistakes{
    {"AddressWithoutPort", {"--listen", "127.0.0.1"}, {"--listen", "\"127.0.0.1\"", ":7000"}},
    {"PortTooLarge", {"--listen", "127.0.0.1:65536"}, {"--listen", "65536", "65535"}},
    {"HostName", {"--listen", "example.org:80"}, {"--listen", "example.org", "127.0.0.1:7000"}},
    {"Ipv6WithoutBrackets", {"--listen", "::1:7000"}, {"--listen", "::1:7000", "[::1]:7000"}},
    {"UnixWithoutPath", {"--listen", "unix:"}, {"--listen", "unix:", "unix:/run/app.sock"}},
    {"UnixPathTooLong",
     {"--listen", "unix:/" + std::string(200, 'x')},
     {"--listen", "too long", "107"}},
    {"UnixPathInNoDirectory",
     {"--listen", "unix:/no/such/place"},
     {"--listen", "unix:/no/such/place", "directory"}},
    {"ReuseportForUnix",
     {"--listen", "unix:/tmp/x", "--listen-mode", "reuseport"},
     {"--listen-mode", "reuseport", "handoff"}},
    {"AddressOfNoInterface", {"--listen", "192.0.2.1:0"}, {"--listen", "192.0.2.1:0", "interface"}},
    {"Ipv6AddressOfNoInterface",
     {"--listen", "[2001:db8::1]:0"},
     {"--listen", "[2001:db8::1]:0", "interface"}},
    {"CsvInNoDirectory",
     {"--watcher-csv", "/no/such/file.csv"},
     {"--watcher-csv", "/no/such/file.csv", "may write"}},
    {"CsvThatIsADirectory", {"--watcher-csv", "/tmp"}, {"--watcher-csv", "\"/tmp\"", "may write"}},
};
INSTANTIATE_TEST_SUITE_P(Place, ServerMistake, ::testing::ValuesIn(kPlaceMistakes),
                         name_of_mistake);

TEST(ServerMistake, IsNamedInAConfigFileToo) {
  const UnixPath file;
  std::ofstream(file.path()) << "threads = \"2\"\n";
  expect_refused(COLLET_SERVER_PROGRAM, "collet-server",
                 {"", {"--config", file.path()}, {"--config", "threads", file.path(), "--help"}});
  std::ofstream(file.path()) << "no idea at all\n";
  expect_refused(COLLET_SERVER_PROGRAM, "collet-server",
                 {"", {"--config", file.path()}, {"--config", "\"no idea at all\"", "--help"}});
}

TEST(ServerMistake, OfListeningWhereAnotherListensStartsNothing) {
  const Descriptor other(open_listener(endpoint("127.0.0.1:0"), {}));
  const std::string taken = format_endpoint(socket_endpoint(other.get(), Side::local));
  for (const char* loops : {"1", "3"}) {
    expect_refused(COLLET_SERVER_PROGRAM, "collet-server",
                   {"", {"--listen", taken, "--loops", loops}, {"--listen", taken, "port 0"}});
  }
  const UnixPath path;
  const Descriptor owner(open_listener(path.at(), {}));
  expect_refused(COLLET_SERVER_PROGRAM, "collet-server",
                 {"", {"--listen", "unix:" + path.path()}, {"--listen", path.path(), "in use"}});
  EXPECT_TRUE(path.exists());
}

TEST(ServerMistake, OfAskingForIpv6WhereThereIsNone) {
  expect_refused(COLLET_SERVER_PROGRAM, "collet-server",
                 {"", {"--listen", "[::1]:0"}, {"--listen", "[::1]:0", "IPv4"}},
                 {.without_ipv6 = true});
}

// A server that cannot start has listened nowhere and left no file.
TEST(ServerMistake, LeavesNoWatcherFileBehind) {
  const Descriptor other(open_listener(endpoint("127.0.0.1:0"), {}));
  const std::string taken = format_endpoint(socket_endpoint(other.get(), Side::local));
  const UnixPath csv;
  const Mistake mistake{"", {"--listen", taken, "--watcher-csv", csv.path()}, {"--listen", taken}};
  expect_refused(COLLET_SERVER_PROGRAM, "collet-server", mistake);
  EXPECT_FALSE(csv.exists());

  std::ofstream(csv.path()) << "";
  expect_refused(COLLET_SERVER_PROGRAM, "collet-server", mistake);
  EXPECT_TRUE(csv.exists()) << "it was there before";
}

TEST(ServerMistake, LeavesNoUnixPathBehind) {
  const UnixPath path;
  expect_refused(COLLET_SERVER_PROGRAM, "collet-server",
                 {"",
                  {"--listen", "unix:" + path.path(), "--watcher-csv", "/no/such/file.csv"},
                  {"--watcher-csv"}});
  EXPECT_FALSE(path.exists());
}

// -- collet-load ---------------------------------------------------------------------------------

class LoadMistake : public ::testing::TestWithParam<Mistake> {};
TEST_P(LoadMistake, IsNamedInOneSentence) {
  expect_refused(COLLET_LOAD_PROGRAM, "collet-load", GetParam());
}

const std::vector<Mistake> kLoadMistakes{
    {"NoTarget", {}, {"server", "127.0.0.1:7000"}},
    {"TargetWithoutPort", {"127.0.0.1"}, {"\"127.0.0.1\"", ":7000"}},
    {"TargetOfPortZero", {"127.0.0.1:0"}, {"\"127.0.0.1:0\"", "port"}},
    {"TwoTargets", {"127.0.0.1:1", "127.0.0.1:2"}, {"\"127.0.0.1:2\"", "--help"}},
    {"UnknownBackend", {"127.0.0.1:1", "--backend", "x"}, {"--backend", "\"x\"", "epoll"}},
    {"UnknownWorkload", {"127.0.0.1:1", "--workload", "x"}, {"--workload", "\"x\"", "echo"}},
    {"UnknownFlag", {"127.0.0.1:1", "--speed", "5"}, {"\"--speed\"", "--help"}},
    {"NoRate", {"127.0.0.1:1", "-R", "0"}, {"--rate", "\"0\"", "from 1"}},
    {"RateInWords", {"127.0.0.1:1", "-R", "fast"}, {"--rate", "\"fast\"", "number"}},
    {"RateOfACount", {"127.0.0.1:1", "-R", "5", "-n", "5"}, {"--rate", "\"5\"", "-d"}},
    {"ArrivalsOfAClosedLoop",
     {"127.0.0.1:1", "--arrivals", "poisson"},
     {"--arrivals", "\"poisson\"", "--rate"}},
    {"SpinOfAClosedLoop", {"127.0.0.1:1", "--spin", "9us"}, {"--spin", "\"9us\"", "--rate"}},
    {"UnknownArrivals",
     {"127.0.0.1:1", "-R", "5", "--arrivals", "bursts"},
     {"--arrivals", "\"bursts\"", "uniform", "poisson"}},
    {"NoConnection", {"127.0.0.1:1", "-c", "0"}, {"--connections", "\"0\"", "from 1"}},
    {"MoreThreadsThanConnections",
     {"127.0.0.1:1", "-c", "2", "-t", "3"},
     {"--threads", "\"3\"", "2 connections"}},
    {"NoPayload", {"127.0.0.1:1", "--payload", "0"}, {"--payload", "\"0\"", "from 1"}},
    {"PayloadInWords", {"127.0.0.1:1", "--payload", "big"}, {"--payload", "\"big\"", "size"}},
    {"NoPipeline", {"127.0.0.1:1", "--pipeline", "0"}, {"--pipeline", "\"0\"", "from 1"}},
    {"PipelineOfGreetings",
     {"127.0.0.1:1", "--workload", "greet", "--pipeline", "2"},
     {"--pipeline", "\"2\"", "greet", "leave"}},
    {"DurationWithoutUnit", {"127.0.0.1:1", "-d", "10"}, {"--duration", "\"10\"", "2s"}},
    {"NoDuration", {"127.0.0.1:1", "-d", "0"}, {"--duration", "\"0\"", "10s"}},
    {"NoRequests", {"127.0.0.1:1", "-n", "0"}, {"--requests", "\"0\"", "from 1"}},
    {"WarmupOfACount",
     {"127.0.0.1:1", "-n", "5", "--warmup", "1s"},
     {"--warmup", "\"1s\"", "leave out"}},
};
INSTANTIATE_TEST_SUITE_P(Load, LoadMistake, ::testing::ValuesIn(kLoadMistakes), name_of_mistake);

// No mistake of the command line, so another exit code; but still one sentence.
TEST(LoadProcess, SaysThatNobodyListens) {
  Endpoint nobody;
  {
    const Descriptor gone(open_listener(endpoint("127.0.0.1:0"), {}));
    nobody = socket_endpoint(gone.get(), Side::local);
  }
  Program load({COLLET_LOAD_PROGRAM, format_endpoint(nobody), "-d", "1s"});
  EXPECT_EQ(load.read_rest(), "");
  EXPECT_EQ(load.wait(), 1);
  EXPECT_THAT(load.errors(), HasSubstr(format_endpoint(nobody)));
  EXPECT_THAT(load.errors(), HasSubstr("refused"));
}

// A server that waits for the end of a line that never comes is silent, which may mean the same.
TEST(LoadProcess, SuspectsThatTheServerSpeaksAnotherWorkload) {
  for (const char* served : {"greet", "http"}) {
    Program server({COLLET_SERVER_PROGRAM, "--workload", served, "--listen", "127.0.0.1:0"});
    std::istringstream words(server.read_line());
    std::string at;
    words >> at >> at;
    for (const bool is_open : {false, true}) {
      SCOPED_TRACE(std::string(served) + (is_open ? ", open loop" : ", closed loop"));
      std::vector<std::string> command{
          COLLET_LOAD_PROGRAM, at,  "--workload", "echo", "-c", "2", "-d", "300ms",
          "--timeout",         "1s"};
      if (is_open) command.insert(command.end(), {"--rate", "100"});
      Program load(command);
      load.read_rest();
      EXPECT_EQ(load.wait(), 1);
      EXPECT_THAT(load.errors(), HasSubstr("--workload echo"));
    }
  }
}

// -- Help and lists ------------------------------------------------------------------------------

TEST(ServerProcess, ListsEveryBackendPoolAndWorkload) {
  Program server({COLLET_SERVER_PROGRAM, "--list"});
  const std::string list = server.read_rest();
  EXPECT_EQ(server.wait(), 0);
  for (const char* name :
       {"epoll", "asio_wait", "asio", "inline", "mutex", "tbb", "echo", "greet", "http"}) {
    EXPECT_THAT(list, HasSubstr(std::string("  ") + name + " "));
  }
  EXPECT_EQ(server.errors(), "");
}

TEST(ServerProcess, ExplainsItsFlags) {
  for (const char* program : {COLLET_SERVER_PROGRAM, COLLET_LOAD_PROGRAM}) {
    Program help({program, "--help"});
    EXPECT_THAT(help.read_rest(), HasSubstr("--backend"));
    EXPECT_EQ(help.wait(), 0);
  }
}

}  // namespace
}  // namespace collet::integration

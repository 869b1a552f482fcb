// SPDX-License-Identifier: MIT
// bench_run_test.cc: flags of collet-bench, what it understands of the programs it runs, and whole
// runs with programs that misbehave.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <absl/strings/str_format.h>
#include <collet/builtin.h>
#include <collet/registry.h>

#include "bench/measure/process.h"
#include "bench/measure/protocol.h"
#include "bench/measure/runner.h"
#include "bench/session/options.h"
#include "bench/session/placement.h"
#include "bench/session/programs.h"
#include "bench/session/settings.h"
#include "bench/statistics/comparison.h"

namespace collet::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsSupersetOf;

absl::StatusOr<Options> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "run");
  return parse_options(static_cast<int>(arguments.size()), arguments.data());
}

std::string refusal(const std::vector<const char*>& arguments) {
  const auto options = parse(arguments);
  return options.ok() ? "accepted" : std::string(options.status().message());
}

TEST(BenchOptionsTest, ListsAndValuesAreRead) {
  const auto options = parse({"--backend", "epoll:events=64,asio", "--workload", "echo", "-c",
                              "1,64", "-d", "2s", "--payload", "4k", "--reps", "3"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_THAT(options->backends, ElementsAre("epoll:events=64", "asio"));
  EXPECT_THAT(options->connections, ElementsAre(1, 64));
  EXPECT_EQ(options->settings.duration, seconds(2));
  EXPECT_EQ(options->payload_bytes, std::vector<std::int64_t>{4096});
  EXPECT_EQ(options->settings.blocks, 3);
  EXPECT_TRUE(options->pools.empty());
}

TEST(BenchOptionsTest, ABadValueIsRefusedByTheNameOfItsFlag) {
  EXPECT_THAT(refusal({"-c", "1,,2"}), HasSubstr("--connections"));
  EXPECT_THAT(refusal({"-c", "0"}), HasSubstr("--connections"));
  EXPECT_THAT(refusal({"-d", "0"}), HasSubstr("--duration"));
  EXPECT_THAT(refusal({"-d", "2 hours"}), HasSubstr("--duration"));
  EXPECT_THAT(refusal({"--reps", "many"}), HasSubstr("--reps"));
  EXPECT_THAT(refusal({"--format", "xml"}), HasSubstr("--format: \"xml\""));
  EXPECT_THAT(refusal({"--pool", "mutex,mutex"}), HasSubstr("\"mutex\" is named twice"));
  EXPECT_THAT(refusal({"--profile", "huge"}), HasSubstr("--profile: \"huge\""));
  EXPECT_THAT(refusal({"--placement", "split,narrow"}), HasSubstr("--placement: \"narrow\""));
  EXPECT_THAT(refusal({"--external", "x"}), HasSubstr("--external: \"x\" has no ="));
  EXPECT_THAT(refusal({"--external", "a b=x {port}"}), HasSubstr("does not begin with a name"));
  EXPECT_THAT(refusal({"--external", "x=server"}), HasSubstr("where the {port} goes"));
  EXPECT_THAT(refusal({"--external", "x=a {port} -c {conf}"}), HasSubstr("{conf}, which nothing"));
  EXPECT_EQ(refusal({"--external", "x=f() { a ${HOME} {port}; }; f {workload}"}), "accepted");
  EXPECT_THAT(refusal({"--external", "x=a {port}", "--external=x=b {port}"}), HasSubstr("twice"));
  EXPECT_THAT(refusal({"--external"}), HasSubstr("--external: a value"));
  EXPECT_THAT(refusal({"--frobnicate"}), HasSubstr("--frobnicate"));
}

TEST(BenchOptionsTest, AProfileGivesWayToFlags) {
  const auto smoke = parse({"--profile", "smoke", "--reps", "3"});
  ASSERT_TRUE(smoke.ok()) << smoke.status();
  EXPECT_THAT(smoke->connections, ElementsAre(16));
  EXPECT_EQ(smoke->settings.blocks, 3);
  EXPECT_EQ(smoke->settings.duration, milliseconds(500));
  EXPECT_EQ(parse({})->settings.blocks, 6);
  EXPECT_EQ(parse({"--profile", "full"})->settings.blocks, 11);
}

// As if every backend had a server by hand, and every cell took 10 % more than the baseline.
TEST(BenchOptionsTest, FullHasEnoughBlocksToConfirmTheMatrixThatItMeasures) {
  Registry registry;
  add_builtin_backends(registry);
  add_builtin_pools(registry);
  const std::size_t backends = registry.backends().size();
  const std::size_t compared = backends * registry.pools().size() + backends - 1;
  const auto full = parse({"--profile", "full"});
  ASSERT_TRUE(full.ok()) << full.status();
  ByBlock baseline;
  ByBlock dearer;
  for (int block = 0; block < full->settings.blocks; ++block) {
    baseline[block] = 10;
    dearer[block] = 11 + 0.01 * block;
  }
  const auto table = compare_to_baseline(baseline, baseline, std::vector(compared, dearer));
  for (const Comparison& cell : table.cells) {
    EXPECT_EQ(cell.verdict, Verdict::higher);
    EXPECT_FALSE(cell.indicative) << compared << " comparisons";
  }
}

TEST(BenchOptionsTest, HelpShowsTheDefaultsOfTheCommand) {
  const auto help = [](const char* command) {
    const char* const arguments[] = {command, "--help"};
    const auto options = parse_options(2, arguments);
    return options.ok() ? options->help : std::string(options.status().message());
  };
  EXPECT_THAT(help("run"), AllOf(HasSubstr("[echo,greet]"), HasSubstr("[800ms]")));
  EXPECT_THAT(help("curve"), AllOf(HasSubstr("10%,25%"), HasSubstr("[curve]")));
  EXPECT_THAT(help("slo"), AllOf(HasSubstr("--p99"), HasSubstr("[1s]"), HasSubstr("[echo]")));
}

TEST(BenchProgramsTest, TheProgramOfACommandIsWhatTheShellRuns) {
  EXPECT_EQ(program_in("exec '/bin/sh' -c 'exit {port}'"), "/bin/sh");
  EXPECT_EQ(program_in("FAST=1 env SAFE=0 /bin/sh"), "/bin/sh");
  EXPECT_THAT(program_in("sh -c true"), EndsWith("/sh"));
  EXPECT_EQ(program_in("no-such-program {port}"), "");
  EXPECT_EQ(program_in(""), "");
}

TEST(BenchOptionsTest, ExternalServersMayBeMany) {
  const auto options = parse({"--external", "a=x --port {port}", "--external=b=y {port}"});
  ASSERT_TRUE(options.ok()) << options.status();
  ASSERT_EQ(options->settings.externals.size(), 2U);
  EXPECT_EQ(options->settings.externals[0].command, "x --port {port}");
  EXPECT_EQ(options->settings.externals[1].name, "b");
}

constexpr const char* kListening =
    R"({"event":"listening","address":"127.0.0.1:1","backend":"epoll","backend_spec":"epoll",)"
    R"("pool":"inline","pool_spec":"inline","loops":1,"workers":0,)"
    R"("workload":"echo","build":"Release"})";
constexpr const char* kResult =
    R"({"event":"result","connections":4,"requests":100,"seconds":0.01,"requests_per_s":10000,)"
    R"("bytes_per_s":1,)"
    R"("service_us":{"p50":1,"p90":2,"p99":3,"p999":4,"max":null},"errors":{},"wrong_bytes":0,)"
    R"("client_cpu_s":0.001})";

TEST(BenchProtocolTest, LinesOfTheProgramsAreRead) {
  const auto listening = parse_listening(kListening);
  ASSERT_TRUE(listening.ok()) << listening.status();
  EXPECT_EQ(listening->address, "127.0.0.1:1");
  const auto report = parse_load_report(kResult);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->requests, 100);
  EXPECT_EQ(report->window_ns, 10'000'000);
  EXPECT_EQ(report->latency.p99_ns, 3000);
  EXPECT_EQ(report->latency.max_ns, std::nullopt);
  EXPECT_EQ(report->client_cpu_ns, 1'000'000);
  EXPECT_EQ(*parse_load_event(R"({"event":"start"})"), LoadEvent::start);
  EXPECT_EQ(*parse_load_event(R"({"event":"connected"})"), LoadEvent::other);
}

TEST(BenchProtocolTest, HandOffsAreReadAsFarAsThereAreEnough) {
  const auto after = [](int tasks) {
    return parse_hand_off(absl::StrFormat(
        R"({"event":"totals","pool_times":{"queue_delay_us":{"count":%d,"p50":4.5,"p99":31.5}}})",
        tasks));
  };
  ASSERT_TRUE(after(1000));
  EXPECT_EQ(after(1000)->p50_us, 4.5);
  EXPECT_EQ(after(1000)->p99_us, 31.5);
  EXPECT_EQ(after(999)->p50_us, 4.5);
  EXPECT_EQ(after(999)->p99_us, std::nullopt);
  EXPECT_EQ(after(19)->p50_us, std::nullopt);
  EXPECT_FALSE(parse_hand_off(R"({"event":"totals","requests":7})"));
  EXPECT_FALSE(parse_hand_off("hello"));
}

TEST(BenchProtocolTest, AnythingElseIsQuotedInTheReason) {
  const auto counted =
      parse_counted_calls(R"({"event":"totals","requests":7,"counted":{"wait":3,"bytes_in":448}})");
  ASSERT_TRUE(counted);
  EXPECT_EQ(counted->requests, 7);
  EXPECT_EQ(counted->calls.at("bytes_in"), 448);
  EXPECT_FALSE(parse_counted_calls(R"({"event":"totals","requests":7})"));
  EXPECT_FALSE(parse_counted_calls("hello"));
  EXPECT_THAT(std::string(parse_listening("hello").status().message()), HasSubstr("`hello`"));
  EXPECT_FALSE(parse_listening(R"({"event":"start"})").ok());
  EXPECT_FALSE(parse_load_report(R"({"event":"result"})").ok());
}

TEST(BenchVerdictTest, ErrorsAndWrongBytesAreFaults) {
  LoadReport load = *parse_load_report(kResult);
  EXPECT_EQ(find_fault(load), "");
  load.errors = {{"reset", 2}, {"timeout", 0}};
  EXPECT_EQ(find_fault(load), "errors: 2 reset");
  load.wrong_bytes = 3;
  EXPECT_THAT(find_fault(load), HasSubstr("3 wrong bytes"));
  load = LoadReport{};
  EXPECT_THAT(find_fault(load), HasSubstr("no request"));
}

TEST(BenchVerdictTest, TheClientIsTheLimitIfItIsBusyAndTheServerIsNot) {
  LoadReport load;
  load.window_ns = 1000;
  ProcessUse server;
  server.elapsed_ns = 1000;
  const auto bound = [&](double client_cores, double server_cores) {
    load.client_cpu_ns = static_cast<std::int64_t>(1000 * client_cores);
    server.cpu_ns = static_cast<std::int64_t>(1000 * server_cores);
    return is_client_bound(load, server, 1, 1);
  };
  EXPECT_TRUE(bound(0.95, 0.8));
  EXPECT_FALSE(bound(0.95, 0.99));
  EXPECT_FALSE(bound(0.5, 0.8));
  load.open_loop = true;
  EXPECT_FALSE(bound(0.95, 0.8)) << "it waits awake for what is due";
}

// Programs are shell scripts: what they print is what a server or a client would.
class BenchRunTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string path = testing::TempDir() + "/benchXXXXXX";
    ASSERT_NE(mkdtemp(path.data()), nullptr);
    directory_ = path;
    settings_.duration = milliseconds(10);
    settings_.warmup = milliseconds(0);
    settings_.cpus = allowed_cpus();
    cell_.backend = "epoll:events=64";
    cell_.pool = "inline";
    cell_.workload = "echo";
    cell_.connections = 4;
    cell_.payload_bytes = 64;
    cell_.placement = Placement::shared;
    settings_.workerless_pools = {"inline"};
    settings_.server = script("server", server_that_says(kListening));
    settings_.load = script("load", client_that_says(kResult));
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string script(const std::string& name, const std::string& body) {
    const auto path = directory_ / name;
    std::ofstream(path) << "#!/bin/sh\n" << body << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path.string();
  }

  // Lives until SIGTERM, using no CPU.
  static std::string server_that_says(const std::string& line,
                                      const std::string& at_end = "exit 0") {
    return "trap '" + at_end + "' TERM; echo '" + line + "'; while :; do sleep 0.01; done";
  }
  static std::string client_that_says(const std::string& line) {
    return "echo '{\"event\":\"start\"}'; echo '{\"event\":\"end\"}'; echo '" + line + "'";
  }

  RunOutcome run() { return run_once(cell_, settings_, -1); }

  static std::string with(std::string line, const std::string& from, const std::string& to) {
    return line.replace(line.find(from), from.size(), to);
  }

  std::filesystem::path directory_;
  Settings settings_;
  Cell cell_;
};

TEST_F(BenchRunTest, AGoodRunHasFigures) {
  const RunOutcome outcome = run();
  EXPECT_EQ(outcome.status, RunStatus::ok) << outcome.reason;
  ASSERT_TRUE(outcome.server);
  EXPECT_GT(outcome.server->rss_bytes, 0);
  EXPECT_GE(measure(Metric::server_cpu, outcome).value_or(-1), 0);
}

TEST_F(BenchRunTest, AnotherBackendThanAskedForIsAFailure) {
  settings_.server = script("server", server_that_says(with(kListening, "epoll", "poll")));
  EXPECT_EQ(run().reason, "asked for backend epoll, got poll");
}

TEST_F(BenchRunTest, WrongBytesAreAFailure) {
  settings_.load =
      script("load", client_that_says(with(kResult, "\"wrong_bytes\":0", "\"wrong_bytes\":9")) +
                         "; exit 1");
  const RunOutcome outcome = run();
  EXPECT_EQ(outcome.status, RunStatus::failed);
  EXPECT_EQ(outcome.reason, "9 wrong bytes in the replies");
}

TEST_F(BenchRunTest, AServerThatCannotStartGivesItsLastWords) {
  settings_.server = script("server", "echo 'port in use' >&2; exit 2");
  EXPECT_THAT(run().reason, HasSubstr("exit code 2: port in use"));
}

TEST_F(BenchRunTest, AServerThatDiesUnderLoadEndsTheRun) {
  settings_.server = script("server", std::string("echo '") + kListening + "'; kill -SEGV $$");
  settings_.load = script("load", "while :; do sleep 0.01; done");
  EXPECT_THAT(run().reason, HasSubstr("the server ended during the run: signal 11"));
}

TEST_F(BenchRunTest, AServerThatEndsBadlyIsAFailure) {
  settings_.server = script("server", server_that_says(kListening, "exit 3"));
  EXPECT_THAT(run().reason, HasSubstr("the server ended with exit code 3"));
}

TEST_F(BenchRunTest, AProgramThatIsMissingIsNamed) {
  settings_.server = "/nonexistent/collet-server";
  EXPECT_THAT(run().reason, HasSubstr("/nonexistent/collet-server"));
}

TEST_F(BenchRunTest, AClientWithoutAWindowIsAFailure) {
  settings_.load = script("load", std::string("echo '") + kResult + "'");
  EXPECT_THAT(run().reason, HasSubstr("no sample"));
}

TEST_F(BenchRunTest, ItStopsAtOnceWhenToldTo) {
  const Descriptor stop(eventfd(1, EFD_CLOEXEC));
  settings_.load = script("load", "while :; do sleep 0.01; done");
  EXPECT_EQ(run_once(cell_, settings_, stop.get()).status, RunStatus::interrupted);
}

TEST_F(BenchRunTest, CommandsCarryTheCell) {
  cell_.pool = "mutex:capacity=8";
  settings_.workers = 3;
  cell_.work = std::chrono::microseconds(50);
  EXPECT_THAT(server_command(cell_, settings_, 0),
              IsSupersetOf({"epoll:events=64", "mutex:capacity=8", "3", "--work", "50us"}));
  cell_.pipeline = 16;
  EXPECT_THAT(client_command(cell_, settings_, "127.0.0.1:1"),
              IsSupersetOf({"127.0.0.1:1", "-c", "4", "--pipeline", "16", "--payload", "64"}));
  settings_.unpipelined_workloads = {"echo"};
  EXPECT_THAT(client_command(cell_, settings_, "127.0.0.1:1"),
              testing::Not(testing::Contains("--pipeline")));
}

TEST_F(BenchRunTest, ADebugServerIsMeasuredOnlyIfThatIsAccepted) {
  settings_.server = script("server", server_that_says(with(kListening, "Release", "Debug")));
  EXPECT_THAT(run().reason, HasSubstr("the server is a Debug build"));
  settings_.accept_any_build = true;
  EXPECT_TRUE(run().has_flag("not_release"));
}

// A server that only listens; the scripted client does not connect.
constexpr const char* kListener =
    "import os, socket, sys, time\n"
    "listener = socket.create_server((\"127.0.0.1\", int(sys.argv[1])))\n"
    "time.sleep(1000)\n";

class BenchExternalTest : public BenchRunTest {
 protected:
  void SetUp() override {
    BenchRunTest::SetUp();
    std::ofstream(directory_ / "listener.py") << kListener;
    cell_.external = "mine";
    cell_.backend = cell_.pool = "";
    command("python3 " + (directory_ / "listener.py").string() + " {port}");
  }
  void command(const std::string& text) { settings_.externals = {{"mine", text}}; }
};

TEST_F(BenchExternalTest, AnyServerIsARow) {
  const RunOutcome outcome = run();
  EXPECT_EQ(outcome.status, RunStatus::ok) << outcome.reason;
  EXPECT_GT(outcome.server->rss_bytes, 1 << 20);
  EXPECT_FALSE(outcome.listening);
}

TEST_F(BenchExternalTest, NoneOfItsProcessesIsLeft) {
  const auto pids = directory_ / "pids";
  command("sleep 1000 & echo $! >" + pids.string() + "; trap '' TERM; python3 " +
          (directory_ / "listener.py").string() + " {port}; exit 0");
  EXPECT_EQ(run().status, RunStatus::ok);
  pid_t sleeper = 0;
  std::ifstream(pids) >> sleeper;
  ASSERT_GT(sleeper, 1);
  EXPECT_FALSE(std::filesystem::exists("/proc/" + std::to_string(sleeper) + "/cwd"));
}

TEST_F(BenchExternalTest, OneThatCannotStartGivesItsLastWords) {
  command("echo 'no such option {port}' >&2; exit 3");
  EXPECT_THAT(run().reason, HasSubstr("exit code 3: no such option"));
}

TEST_F(BenchExternalTest, WhatItWritesDoesNotStopIt) {
  command("yes | head -c 1000000; exec python3 " + (directory_ / "listener.py").string() +
          " {port}");
  EXPECT_EQ(run().status, RunStatus::ok);
}

TEST(ChildProcessTest, OneThatOutlivesItsOwnerIsKilled) {
  pid_t pid = 0;
  {
    auto child = ChildProcess::spawn({"/bin/sleep", "1000"}, allowed_cpus());
    ASSERT_TRUE(child.ok());
    pid = child->pid();
    EXPECT_EQ(kill(pid, 0), 0);
  }
  EXPECT_EQ(kill(pid, 0), -1);
}

TEST(ChildProcessTest, LinesArriveWholeAndTheEndIsTold) {
  auto child = ChildProcess::spawn({"/bin/sh", "-c", "printf 'a\\nb'; printf 'c\\n'; exit 4"},
                                   allowed_cpus());
  ASSERT_TRUE(child.ok());
  const Deadline deadline = steady_clock::now() + seconds(10);
  std::string line;
  EXPECT_EQ(child->read_line(line, deadline, -1, nullptr), Wait::ready);
  EXPECT_EQ(line, "a");
  EXPECT_EQ(child->read_line(line, deadline, -1, nullptr), Wait::ready);
  EXPECT_EQ(line, "bc");
  EXPECT_EQ(child->read_line(line, deadline, -1, nullptr), Wait::closed);
  EXPECT_EQ(child->wait(deadline)->code, 4);
}

}  // namespace
}  // namespace collet::bench

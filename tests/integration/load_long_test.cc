// SPDX-License-Identifier: MIT
// load_long_test.cc: whether what collet-load says of a server is true: by its own clock, and by
// what wrk and h2load say of the same one. Only runs in which nobody disturbed it are judged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <absl/strings/str_join.h>
#include <nlohmann/json.hpp>

#include "bench/measure/noise.h"
#include "bench/measure/process.h"
#include "bench/measure/protocol.h"
#include "bench/statistics/statistics.h"
#include "tests/support/patience.h"

namespace collet::bench {
namespace {

using Json = nlohmann::json;
using std::chrono::steady_clock;

// What a client printed, and who disturbed it or the server.
struct Shot {
  std::string output;
  std::vector<std::string> flags;
};

// A server, and clients one after the other, with CPUs of their own.
class LoadTruthTest : public testing::Test {
 protected:
  void SetUp() override {
    auto cpus = place(Placement::split, allowed_cpus());
    if (!cpus.ok()) GTEST_SKIP() << cpus.status().message();
    cpus_ = *std::move(cpus);
  }

  void serve(const std::vector<std::string>& flags) {
    std::vector<std::string> command{COLLET_SERVER_PROGRAM, "--quiet", "--json", "--listen",
                                     "127.0.0.1:0"};
    command.insert(command.end(), flags.begin(), flags.end());
    auto server = ChildProcess::spawn(command, cpus_.server);
    ASSERT_TRUE(server.ok()) << server.status();
    server_.emplace(*std::move(server));
    std::string line;
    ASSERT_EQ(server_->read_line(line, patience(), -1, nullptr), Wait::ready);
    const auto listening = parse_listening(line);
    ASSERT_TRUE(listening.ok()) << listening.status();
    address_ = listening->address;
  }

  Shot load(std::vector<std::string> command) {
    command.insert(command.begin(), "/usr/bin/env");
    std::vector<int> cpus = cpus_.server;
    cpus.insert(cpus.end(), cpus_.client.begin(), cpus_.client.end());
    const auto kernel = kernel_threads();
    const auto server_before = sample_processes({server_->pid()});
    const std::vector<pid_t> own = {getpid(), server_->pid()};
    const MachineSample machine_before = sample_machine(cpus, kernel, own);

    Shot shot;
    auto client = ChildProcess::spawn(command, cpus_.client);
    EXPECT_TRUE(client.ok()) << client.status();
    for (std::string line; client->read_line(line, patience(), -1, nullptr) == Wait::ready;) {
      shot.output += line + "\n";
    }
    const auto status = client->wait(patience());
    EXPECT_TRUE(status && status->is_success()) << client->last_words() << shot.output;

    const MachineSample machine_after = sample_machine(cpus, kernel, own);
    const ProcessUse use = use_between(*server_before, *sample_processes({server_->pid()}));
    const MachineUse machine = machine_use(machine_before, machine_after, cpus, use.elapsed_ns);
    shot.flags = find_noise({{&use, &cpus_.server}}, true, machine, use.elapsed_ns);
    return shot;
  }

  static Deadline patience() { return steady_clock::now() + integration::kPatience; }

  CpuSets cpus_;
  std::optional<ChildProcess> server_;
  std::string address_;
};

// Noise only adds to the lag: the best of several shows what the client can do.
TEST_F(LoadTruthTest, RequestsAreSentWithinTenthsOfAMillisecondOfWhenTheyAreDue) {
  ASSERT_NO_FATAL_FAILURE(serve({}));
  constexpr int kAttempts = 20;
  constexpr std::size_t kEnough = 3;
  std::vector<double> lags;
  std::string disturbed;
  for (int i = 0; i < kAttempts && lags.size() < kEnough; ++i) {
    const Shot shot = load({COLLET_LOAD_PROGRAM, address_, "-R", "5k", "-c", "16", "-d", "1s",
                            "--warmup", "200ms", "--json"});
    disturbed = absl::StrJoin(shot.flags, ", ");
    if (!shot.flags.empty()) continue;
    const auto last_line = shot.output.rfind('\n', shot.output.size() - 2) + 1;
    const Json result = Json::parse(shot.output.substr(last_line));
    lags.push_back(result["send_lag_us"]["p99"].get<double>());
    EXPECT_NE(result["verdict"], "overloaded") << result.dump();
    EXPECT_EQ(result["unfinished"], 0) << result.dump();
  }
  if (lags.size() < kEnough) GTEST_SKIP() << "the machine is too busy: " << disturbed;
  EXPECT_LT(*std::ranges::min_element(lags), 100);
}

double number_after(const std::string& text, const std::string& words) {
  const auto at = text.find(words);
  EXPECT_NE(at, text.npos) << words << " is not in:\n" << text;
  return at == text.npos ? 0 : std::stod(text.substr(at + words.size()));
}

class JudgedRateTest : public LoadTruthTest {
 protected:
  static double median(std::vector<double> values) { return summarize(values).median; }

  // Each is the requests per second that a client saw; nothing if it was disturbed.
  std::optional<double> by_collet_load() {
    const Shot shot = load({COLLET_LOAD_PROGRAM, address_, "--workload", "http", "-c", "16", "-d",
                            "1s", "--warmup", "100ms", "--json"});
    return if_quiet(shot, number_after(shot.output, "\"requests_per_s\":"));
  }
  std::optional<double> by_wrk() {
    const Shot shot = load({"wrk", "-t1", "-c16", "-d1s", "http://" + address_ + "/plaintext"});
    return if_quiet(shot, number_after(shot.output, "Requests/sec:"));
  }
  std::optional<double> by_h2load() {
    const Shot shot = load({"h2load", "--h1", "-t1", "-c16", "-m1", "-D1", "--warm-up-time=100ms",
                            "http://" + address_ + "/plaintext"});
    const auto at = shot.output.find("finished in ");
    return if_quiet(shot, number_after(shot.output.substr(std::min(at, shot.output.size())), ", "));
  }

  std::string disturbed_;

 private:
  std::optional<double> if_quiet(const Shot& shot, double rate) {
    if (shot.flags.empty()) return rate;
    disturbed_ = absl::StrJoin(shot.flags, ", ");
    return std::nullopt;
  }
};

// A server that is slow by a known amount leaves no client a reason to differ.
TEST_F(JudgedRateTest, WrkAndH2loadSeeTheSameRateOfABusyServer) {
  ASSERT_NO_FATAL_FAILURE(serve({"--workload", "http", "--work", "20us"}));
  constexpr int kAttempts = 15;
  constexpr std::size_t kEnough = 5;
  std::vector<double> ours, of_wrk, of_h2load;
  for (int i = 0; i < kAttempts && ours.size() < kEnough; ++i) {
    const auto one = by_collet_load();
    const auto other = by_wrk();
    const auto third = by_h2load();
    if (!one || !other || !third) continue;
    ours.push_back(*one);
    of_wrk.push_back(*other);
    of_h2load.push_back(*third);
  }
  if (ours.size() < kEnough) GTEST_SKIP() << "the machine is too busy: " << disturbed_;
  EXPECT_LT(median(ours), 50'000) << "more than 20 us of work each allow";
  EXPECT_NEAR(median(ours) / median(of_wrk), 1, 0.1);
  EXPECT_NEAR(median(ours) / median(of_h2load), 1, 0.1);
  RecordProperty("collet_load_per_s", std::to_string(median(ours)));
  RecordProperty("wrk_per_s", std::to_string(median(of_wrk)));
  RecordProperty("h2load_per_s", std::to_string(median(of_h2load)));
}

}  // namespace
}  // namespace collet::bench

// SPDX-License-Identifier: MIT
// open_loop_test.cc: collet-load at a given rate: what a frozen, a slow and a healthy server look
// like, and how the client itself is judged.
#include <algorithm>
#include <csignal>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/support/every_cell.h"
#include "tests/support/program.h"

namespace collet::integration {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

class OpenLoopTest : public ::testing::Test {
 protected:
  explicit OpenLoopTest(std::vector<std::string> server_flags = {})
      : server_(command_of(std::move(server_flags))) {
    const std::string line = server_.read_line();
    const std::size_t begin = line.find(' ') + 1;
    address_ = line.substr(begin, line.find(' ', begin) - begin);
  }

  // Waits for the window to begin.
  std::unique_ptr<Program> load(const std::vector<std::string>& flags) {
    std::vector<std::string> command{COLLET_LOAD_PROGRAM, address_, "--json", "--warmup", "100ms"};
    command.insert(command.end(), flags.begin(), flags.end());
    auto program = std::make_unique<Program>(std::move(command));
    EXPECT_EQ(program->read_line(), R"({"event":"start"})") << program->errors();
    return program;
  }
  static Json result_of(Program& load) {
    EXPECT_EQ(load.read_line(), R"({"event":"end"})") << load.errors();
    const Json result = Json::parse(load.read_line(), nullptr, false);
    EXPECT_EQ(load.wait(), 0) << load.errors();
    EXPECT_TRUE(result.is_object());
    return result.is_object() ? result : Json::object();
  }

  static void expect_rate(const Json& result, int offered) {
    EXPECT_NEAR(result["offered"], offered, 2) << result.dump();
    EXPECT_EQ(result["unfinished"], 0) << result.dump();
    EXPECT_EQ(result["response_us"]["count"], result["offered"]);
    EXPECT_EQ(result["service_us"]["count"], result["offered"]);
    EXPECT_EQ(result["errors"], Json::object());
    // A busy machine may hold up the client, but the server has time enough.
    EXPECT_NE(result["verdict"], "overloaded") << result.dump();
  }

  void freeze_server(milliseconds duration) {
    server_.signal(SIGSTOP);
    std::this_thread::sleep_for(duration);  // the time that is to be seen
    server_.signal(SIGCONT);
  }

  std::string address_;

 private:
  static std::vector<std::string> command_of(std::vector<std::string> flags) {
    std::vector<std::string> command{COLLET_SERVER_PROGRAM, "--quiet", "--listen", "127.0.0.1:0"};
    command.insert(command.end(), flags.begin(), flags.end());
    return command;
  }

  Program server_;
};

// What a closed loop hides: for a fifth of a second nothing is answered, and every request that was
// due then was late.
TEST_F(OpenLoopTest, ShowsThatTheServerWasFrozen) {
  const auto load = this->load({"-R", "1000", "-c", "4", "-d", "2s"});
  freeze_server(milliseconds(200));
  const Json result = result_of(*load);
  EXPECT_EQ(result["load"], "open");
  EXPECT_GE(result["response_us"]["p99"], 100'000) << result.dump();
  // On a crowded machine the first request is due a moment after the load has said that it begins.
  EXPECT_GE(result["response_us"]["max"], 150'000) << result.dump();
  // Only the four that were under way had to wait for their service; the 200 that were due behind
  // them were sent when it was over.
  EXPECT_LT(result["service_us"]["p99"], 100'000) << result.dump();
  EXPECT_GE(result["service_us"]["max"], 150'000) << result.dump();
  EXPECT_EQ(result["unfinished"], 0);
  EXPECT_EQ(result["response_us"]["count"], result["offered"]);
}

TEST_F(OpenLoopTest, AClosedLoopHidesThatTheServerWasFrozen) {
  const auto load = this->load({"-c", "4", "-d", "2s"});
  freeze_server(milliseconds(200));
  const Json result = result_of(*load);
  EXPECT_EQ(result["load"], "closed");
  EXPECT_FALSE(result.contains("response_us"));
  EXPECT_LT(result["service_us"]["p99"], 100'000) << result.dump();
  EXPECT_GE(result["service_us"]["max"], 190'000) << result.dump();
}

TEST_F(OpenLoopTest, SendsAtTheRateThatWasAskedFor) {
  for (const std::string arrivals : {"uniform", "poisson"}) {
    for (const std::string threads : {"1", "3"}) {
      const Json result = result_of(
          *load({"-R", "2k", "-d", "1s", "--arrivals", arrivals, "-t", threads, "-c", "32"}));
      EXPECT_NEAR(result["offered"], 2000, arrivals == "uniform" ? 2 : 250) << result.dump();
      EXPECT_EQ(result["unfinished"], 0);
      EXPECT_EQ(result["response_us"]["count"], result["offered"]);
      EXPECT_EQ(result["errors"], Json::object());
    }
  }
}

TEST_F(OpenLoopTest, PipelinesOnOneConnection) {
  const Json result = result_of(*load({"-R", "2k", "-d", "500ms", "-c", "1", "--pipeline", "8"}));
  EXPECT_NEAR(result["offered"], 1000, 2);
  EXPECT_EQ(result["unfinished"], 0) << result.dump();
}

TEST_F(OpenLoopTest, LeavesMostOfALargeCrowdIdle) {
  allow_many_descriptors();
  const Json result = result_of(*load({"-R", "1k", "-d", "500ms", "-c", "1500"}));
  EXPECT_NEAR(result["offered"], 500, 2);
  EXPECT_EQ(result["unfinished"], 0) << result.dump();
  EXPECT_EQ(result["errors"], Json::object());
}

// Each answer takes 1 ms on the one loop: 1000 a second at most.
class SlowServerTest : public OpenLoopTest {
 protected:
  SlowServerTest() : OpenLoopTest({"--block", "1ms"}) {}
};

TEST_F(SlowServerTest, IsOverloadedByThreeTimesWhatItCanDo) {
  const auto begun = std::chrono::steady_clock::now();
  const Json result = result_of(*load({"-R", "3k", "-d", "1s", "-c", "16"}));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(10));
  EXPECT_EQ(result["verdict"], "overloaded") << result.dump();
  EXPECT_NEAR(result["offered"], 3000, 3);
  EXPECT_GT(result["unfinished"], 0);
  // Those that were never answered count too, with the time they had waited in vain.
  EXPECT_EQ(result["response_us"]["count"], result["offered"]);
  EXPECT_GE(result["response_us"]["p90"], 500'000) << result.dump();
}

// What is due and cannot be sent is a time in a schedule, not a thing in a queue.
TEST_F(SlowServerTest, CostsTheClientNoMemoryHoweverMuchIsDue) {
  const auto load = this->load({"-R", "2m", "-d", "1s", "-c", "16"});
  const Json result = result_of(*load);
  EXPECT_GT(result["unfinished"], 1'000'000) << result.dump();
  EXPECT_GT(load->peak_kib(), 0);
  EXPECT_LT(load->peak_kib(), (kSanitized ? 1024 : 48) * 1024);
}

// Each answer takes 30 ms: those to the warm-up are not all there yet when the load is over.
class VerySlowServerTest : public OpenLoopTest {
 protected:
  VerySlowServerTest() : OpenLoopTest({"--block", "30ms"}) {}
};

TEST_F(VerySlowServerTest, HasLostNothingWhileItStillAnswersFromALongQueue) {
  const Json result = result_of(*load({"-R", "1k", "-d", "300ms", "-c", "200"}));
  EXPECT_EQ(result["verdict"], "overloaded") << result.dump();
  EXPECT_GT(result["unanswered"], 0) << result.dump();
  EXPECT_EQ(result["errors"], Json::object());
}

TEST_F(OpenLoopTest, TheIdleCrowdHasARateOfItsOwn) {
  const Json result = result_of(*load({"--workload", "idle", "-c", "300", "-d", "500ms"}));
  EXPECT_EQ(result["load"], "open");
  EXPECT_EQ(result["rate_per_s"], 2000);
  EXPECT_NEAR(result["offered"], 1000, 2);
  EXPECT_EQ(result["unfinished"], 0) << result.dump();
}

TEST_F(OpenLoopTest, SlowReadersHoldUpNobodyElse) {
  const Json result = result_of(*load({"--workload", "slow", "-c", "8", "-d", "500ms"}));
  EXPECT_EQ(result["errors"], Json::object());
  EXPECT_GT(result["requests"], 100) << result.dump();
  EXPECT_EQ(result["unanswered"], 4) << "the slow ones, which never have all of it";
  EXPECT_FALSE(result.contains("littles_law_gap"));
}

class GreetingServerTest : public OpenLoopTest {
 protected:
  GreetingServerTest() : OpenLoopTest({"--workload", "greet"}) {}
};

TEST_F(GreetingServerTest, IsGreetedAtTheRateThatWasAskedFor) {
  const Json result =
      result_of(*load({"--workload", "greet", "-R", "500", "-d", "1s", "-c", "50"}));
  EXPECT_NEAR(result["offered"], 500, 2);
  EXPECT_EQ(result["unfinished"], 0) << result.dump();
  EXPECT_EQ(result["response_us"]["count"], result["offered"]);
  EXPECT_GT(result["connect_us"]["count"], 0);
  EXPECT_EQ(result["errors"], Json::object());
}

class HttpOpenLoopTest : public OpenLoopTest {
 protected:
  HttpOpenLoopTest() : OpenLoopTest({"--workload", "http"}) {}
};

TEST_F(HttpOpenLoopTest, IsAskedAtTheRateThatWasAskedFor) {
  const std::vector<std::vector<std::string>> shapes{
      {"--arrivals", "uniform"}, {"--pipeline", "4"}, {"--payload", "3000"}};
  for (std::vector<std::string> flags : shapes) {
    flags.insert(flags.end(), {"--workload", "http", "-R", "1k", "-d", "500ms", "-c", "20"});
    expect_rate(result_of(*load(flags)), 500);
  }
}

// Remembers who asked, in the order of asking.
class Callers {
 public:
  std::unique_ptr<Handler> make_handler() { return std::make_unique<Caller>(*this); }

  std::set<const Handler*> among_the_first(std::size_t count) {
    const std::lock_guard lock(mutex_);
    const auto end = asked_.begin() + static_cast<std::ptrdiff_t>(std::min(count, asked_.size()));
    return {asked_.begin(), end};
  }

 private:
  class Caller : public Handler {
   public:
    explicit Caller(Callers& callers) : callers_(callers) {}
    void on_data(std::span<const std::byte> bytes, Output& out) override {
      const std::lock_guard lock(callers_.mutex_);
      callers_.asked_.push_back(this);
      out.write(bytes);
    }

   private:
    Callers& callers_;
  };

  std::mutex mutex_;
  std::vector<const Handler*> asked_;
};

// A server sees the load as of many callers who know nothing of each other, not as bursts of all of
// them, nor of one who calls again and again.
TEST(OpenLoopCrowdTest, ConnectionsTakeTurns) {
  Callers callers;
  auto server = TcpServer::start(*registry().backend("epoll"), *registry().pool("inline"),
                                 {.listen = *parse_endpoint("127.0.0.1:0")},
                                 [&callers] { return callers.make_handler(); });
  ASSERT_TRUE(server.ok()) << server.status();
  Program load({COLLET_LOAD_PROGRAM, format_endpoint((*server)->endpoint()), "-R", "1k", "-d",
                "200ms", "--warmup", "0", "-c", "20", "--json"});
  EXPECT_EQ(load.wait(), 0) << load.errors();
  EXPECT_EQ(callers.among_the_first(60).size(), 20U);
}

}  // namespace
}  // namespace collet::integration

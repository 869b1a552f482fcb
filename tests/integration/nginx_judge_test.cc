// SPDX-License-Identifier: MIT
// nginx_judge_test.cc: the http workload's client against a server that others wrote, in a closed
// and in an open loop.
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/support/client.h"
#include "tests/support/program.h"

namespace collet::integration {
namespace {

using Json = nlohmann::json;

class NginxJudge : public ::testing::Test {
 protected:
  // The port that the kernel gave may be another program's a moment later: then nginx ends, and
  // gets another.
  void SetUp() override {
    for (int attempt = 0; attempt < 3; ++attempt) {
      const std::string port = free_port();
      address_ = "127.0.0.1:" + port;
      nginx_ = std::make_unique<Program>(std::vector<std::string>{COLLET_NGINX_RECIPE, port});
      ASSERT_TRUE(eventually([this] { return nginx_->has_ended() || answers(); }));
      if (!nginx_->has_ended()) return;
    }
    FAIL() << nginx_->errors();
  }

  void TearDown() override {
    nginx_->signal(SIGTERM);
    EXPECT_EQ(nginx_->wait(), 0) << nginx_->errors();
    EXPECT_EQ(nginx_->errors(), "");
  }

  Json load(const std::vector<std::string>& flags) const {
    std::vector<std::string> command{COLLET_LOAD_PROGRAM, address_, "--workload", "http", "--json"};
    command.insert(command.end(), flags.begin(), flags.end());
    Program program(command);
    Json result = Json::object();
    for (std::string line; !(line = program.read_line()).empty();) result = Json::parse(line);
    EXPECT_EQ(program.wait(), 0) << program.errors();
    EXPECT_EQ(result["errors"], Json::object());
    return result;
  }

 private:
  static std::string free_port() {
    const Descriptor probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {}, .sin_zero = {}};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(probe.get(), generic, size), 0);
    EXPECT_EQ(::getsockname(probe.get(), generic, &size), 0);
    return std::to_string(ntohs(address.sin_port));
  }

  bool answers() const {
    return Program({COLLET_LOAD_PROGRAM, address_, "--workload", "http", "-n", "1"}).wait() == 0;
  }

  std::unique_ptr<Program> nginx_;
  std::string address_;
};

TEST_F(NginxJudge, AnswersWhatAClosedLoopAsks) {
  EXPECT_EQ(load({"-n", "5000", "-c", "20"})["requests"], 5000);
  EXPECT_EQ(load({"-n", "5000", "-c", "20", "--pipeline", "16"})["requests"], 5000);
}

TEST_F(NginxJudge, IsAskedAtTheRateThatWasAskedFor) {
  for (const std::string arrivals : {"uniform", "poisson"}) {
    const Json result =
        load({"-R", "1k", "-d", "500ms", "--warmup", "100ms", "-c", "20", "--arrivals", arrivals});
    EXPECT_NEAR(result["offered"], 500, arrivals == "uniform" ? 2 : 120) << result.dump();
    EXPECT_EQ(result["unfinished"], 0) << result.dump();
    EXPECT_EQ(result["response_us"]["count"], result["offered"]);
    EXPECT_EQ(result["service_us"]["count"], result["offered"]);
    EXPECT_NE(result["verdict"], "overloaded") << result.dump();
  }
}

}  // namespace
}  // namespace collet::integration

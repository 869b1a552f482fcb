// SPDX-License-Identifier: MIT
// http_judges_test.cc: what programs that others wrote think of the http workload's server, and
// what its client finds: curl, Chromium, wrk, h2load, collet-load.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
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
using Json = nlohmann::json;

class HttpJudges : public CellTest {
 protected:
  HttpJudges() {
    const std::string line = server_.read_line();
    std::istringstream words(line);
    words >> address_ >> address_;
    url_ = "http://" + address_;
  }

  // Whatever has happened, the server ends well.
  ~HttpJudges() override {
    server_.signal(SIGTERM);
    EXPECT_EQ(server_.wait(), 0) << server_.errors();
  }

  // What a program that must succeed prints.
  static std::string run(std::vector<std::string> command) {
    command.insert(command.begin(), "/usr/bin/env");
    Program program(command);
    const std::string printed = program.read_rest();
    EXPECT_EQ(program.wait(), 0) << ::testing::PrintToString(command) << program.errors();
    return printed;
  }

  static std::string curl(std::vector<std::string> flags) {
    flags.insert(flags.begin(), {"curl", "--silent", "--show-error", "--max-time", "20"});
    return run(flags);
  }

  static std::vector<std::string> server_command() {
    return {COLLET_SERVER_PROGRAM,
            "--quiet",
            "--workload",
            "http",
            "--backend",
            GetParam().backend,
            "--pool",
            GetParam().pool,
            "--workers",
            std::to_string(GetParam().workers),
            "--listen",
            "127.0.0.1:0"};
  }

  Program server_{server_command()};
  std::string address_;
  std::string url_;
};

// Every backend, where there is time; and a pool whose workers take turns at a connection.
std::vector<Cell> judged_cells() {
  std::vector<Cell> cells = every_backend();
  if (!has_all_cells()) cells.resize(1);
  cells.push_back({"epoll", "mutex", 2});
  return cells;
}
INSTANTIATE_TEST_SUITE_P(Cells, HttpJudges, ::testing::ValuesIn(judged_cells()), name_of_cell);

TEST_P(HttpJudges, CurlReadsEveryReply) {
  EXPECT_EQ(curl({url_ + "/plaintext"}), "Hello, World!");
  EXPECT_EQ(Json::parse(curl({url_ + "/json"})), Json({{"message", "Hello, World!"}}));
  EXPECT_THAT(curl({"--head", url_ + "/json"}), HasSubstr("\r\nContent-Length: 27\r\n"));
  EXPECT_EQ(curl({"--http1.0", url_ + "/plaintext"}), "Hello, World!");
  EXPECT_EQ(curl({"--data", "a=b", url_ + "/echo"}), "a=b");
  EXPECT_EQ(curl({"--data", "a=b", "--header", "Transfer-Encoding: chunked", url_ + "/echo"}),
            "a=b");
  const std::vector<std::string> status{"--output", "/dev/null", "--write-out", "%{http_code}"};
  const auto status_of = [&](std::vector<std::string> flags) {
    flags.insert(flags.end(), status.begin(), status.end());
    return curl(flags);
  };
  EXPECT_EQ(status_of({url_ + "/none"}), "404");
  EXPECT_EQ(status_of({"--request", "DELETE", url_ + "/json"}), "405");
  EXPECT_EQ(status_of({"--header", "Content-Length: 2000000", "--data", "a", "--header",
                       "Expect: 100-continue", url_ + "/echo"}),
            "413");
  EXPECT_EQ(status_of({"--header", "A: " + std::string(9000, 'a'), url_ + "/json"}), "431");
}

TEST_P(HttpJudges, CurlUsesAConnectionAgainUnlessTold) {
  const auto connects = [&](std::vector<std::string> flags) {
    flags.insert(flags.end(), {"--write-out", " %{num_connects}\n", url_ + "/plaintext",
                               url_ + "/json", url_ + "/none", url_ + "/plaintext"});
    return curl(flags);
  };
  EXPECT_THAT(connects({}), MatchesRegex(".*! 1\n.* 0\n.* 0\nHello, World! 0\n"));
  EXPECT_THAT(connects({"--header", "Connection: close"}),
              MatchesRegex(".*! 1\n.* 1\n.* 1\nHello, World! 1\n"));
}

TEST_P(HttpJudges, CurlGetsALargeBodyBack) {
  const UnixPath file;
  const std::string body = pattern(1 << 20);
  std::ofstream(file.path(), std::ios::binary) << body;
  const std::vector<std::vector<std::string>> ways{
      {"--header", "Expect: 100-continue"}, {"--header", "Transfer-Encoding: chunked"}, {}};
  for (std::vector<std::string> flags : ways) {
    flags.insert(flags.end(), {"--data-binary", "@" + file.path(), url_ + "/echo"});
    EXPECT_TRUE(curl(flags) == body) << flags.front();
  }
}

// Into a page of its own, with the text as it came.
TEST_P(HttpJudges, ChromiumShowsTheText) {
  std::string profile = ::testing::TempDir() + "/collet-browser-XXXXXX";
  ASSERT_NE(::mkdtemp(profile.data()), nullptr);
  const auto page = [&](const std::string& path) {
    return run({"chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--user-data-dir=" + profile, "--dump-dom", url_ + path});
  };
  EXPECT_THAT(page("/plaintext"), HasSubstr(">Hello, World!</pre>"));
  EXPECT_THAT(page("/json"), HasSubstr(R"(>{"message":"Hello, World!"}</pre>)"));
  std::filesystem::remove_all(profile);
}

TEST_P(HttpJudges, WrkFindsNoError) {
  const std::string report = run({"wrk", "-t1", "-c32", "-d1s", url_ + "/plaintext"});
  EXPECT_THAT(report, HasSubstr("Requests/sec:"));
  EXPECT_THAT(report, Not(HasSubstr("Socket errors")));
  EXPECT_THAT(report, Not(HasSubstr("Non-2xx")));
}

TEST_P(HttpJudges, H2loadFindsNoError) {
  const std::string requests = kSanitized ? "500" : "5000";
  const std::string report =
      run({"h2load", "--h1", "-n" + requests, "-c10", "-m8", url_ + "/plaintext"});
  EXPECT_THAT(report, HasSubstr(" " + requests + " succeeded, 0 failed, 0 errored, 0 timeout\n"));
  EXPECT_THAT(report, HasSubstr("status codes: " + requests + " 2xx, 0 3xx, 0 4xx, 0 5xx\n"));
}

TEST_P(HttpJudges, ColletLoadFindsNoError) {
  const std::vector<std::vector<std::string>> shapes{
      {"--pipeline", "16"}, {"--payload", "3000", "--pipeline", "3"}, {}};
  for (std::vector<std::string> flags : shapes) {
    std::vector<std::string> command{COLLET_LOAD_PROGRAM,
                                     address_,
                                     "--workload",
                                     "http",
                                     "--backend",
                                     GetParam().backend,
                                     "-n",
                                     "5000",
                                     "-c",
                                     "20",
                                     "--json"};
    command.insert(command.end(), flags.begin(), flags.end());
    std::istringstream lines(run(command));
    Json result = Json::object();
    for (std::string line; std::getline(lines, line);) result = Json::parse(line);
    EXPECT_EQ(result["requests"], 5000) << result.dump();
    EXPECT_EQ(result["errors"], Json::object());
    EXPECT_EQ(result["wrong_bytes"], 0);
  }
}

}  // namespace
}  // namespace collet::integration

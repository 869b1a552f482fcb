// SPDX-License-Identifier: MIT
// http_test.cc: the http workload's server on every backend and pool, as plain sockets see it.
#include <string>
#include <string_view>

#include <gmock/gmock.h>

#include "apps/workloads/workload.h"
#include "tests/support/every_cell.h"

namespace collet::integration {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

constexpr std::string_view kGet = "GET /plaintext HTTP/1.1\r\nHost: x\r\n\r\n";

struct Reply {
  std::string head;  // with its empty line
  std::string body;
};

std::size_t length_in(const std::string& head) {
  const std::string field = "\r\nContent-Length: ";
  const auto at = head.find(field);
  return at == head.npos ? 0 : std::stoul(head.substr(at + field.size()));
}

// The next reply; its head is empty if there is none.
Reply read_reply(const Descriptor& client, bool to_head = false) {
  Reply reply;
  while (!reply.head.ends_with("\r\n\r\n")) {
    const std::string byte = read_up_to(client, 1);
    if (byte.empty()) return {};
    reply.head += byte;
  }
  if (!to_head) reply.body = read_up_to(client, length_in(reply.head));
  return reply;
}

Reply ask(const Descriptor& client, std::string_view request) {
  write_all(client, request);
  return read_reply(client, request.starts_with("HEAD"));
}

class HttpTest : public CellTest {
 protected:
  Server serve_http() {
    return serve(loopback(),
                 [this] { return (*apps::find_workload("http"))->make_server(burden_); });
  }

  apps::Burden burden_;
  Server server_ = serve_http();
  Descriptor client_ = dial(server_->endpoint());
};
INSTANTIATE_TEST_SUITE_P(EveryCell, HttpTest, ::testing::ValuesIn(every_cell()), name_of_cell);

TEST_P(HttpTest, ConnectionServesRequestsOfEveryKind) {
  for (int round = 0; round < 3; ++round) {
    const Reply plain = ask(client_, kGet);
    EXPECT_THAT(plain.head, MatchesRegex("HTTP/1.1 200 OK\r\nServer: collet\r\n"
                                         "Date: [A-Za-z0-9:, ]+ GMT\r\nContent-Type: text/plain\r\n"
                                         "Content-Length: 13\r\n\r\n"));
    EXPECT_EQ(plain.body, "Hello, World!");
    EXPECT_EQ(ask(client_, "GET /json HTTP/1.1\r\nHost: x\r\n\r\n").body,
              R"({"message":"Hello, World!"})");
    EXPECT_EQ(length_in(ask(client_, "HEAD /json HTTP/1.1\r\nHost: x\r\n\r\n").head), 27U);
    EXPECT_EQ(ask(client_, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc").body,
              "abc");
    EXPECT_EQ(ask(client_,
                  "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "2\r\nab\r\n1;x\r\nc\r\n0\r\n\r\n")
                  .body,
              "abc");
    EXPECT_THAT(ask(client_, "GET /none HTTP/1.1\r\nHost: x\r\n\r\n").head,
                StartsWith("HTTP/1.1 404 "));
    EXPECT_THAT(ask(client_, "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n").head,
                HasSubstr("\r\nAllow: POST\r\n"));
  }
}

TEST_P(HttpTest, EveryPipelinedRequestIsAnsweredBeforeTheEnd) {
  constexpr std::size_t kRequests = 1000;
  std::string requests;
  for (std::size_t i = 0; i < kRequests; ++i) requests += kGet;
  write_all(client_, requests);
  end_sending(client_);
  std::size_t answered = 0;
  while (read_reply(client_).body == "Hello, World!") ++answered;
  EXPECT_EQ(answered, kRequests);
  EXPECT_TRUE(at_end(client_));
  WatcherShard interval;
  server_->take_interval(interval);
  EXPECT_EQ(interval.requests, kRequests);
}

TEST_P(HttpTest, RequestsInSmallPiecesAreAnswered) {
  const int on = 1;
  ::setsockopt(client_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const std::string requests =
      std::string(kGet) +
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n0\r\n\r\n";
  for (const char byte : requests) write_all(client_, {&byte, 1});
  EXPECT_EQ(read_reply(client_).body, "Hello, World!");
  EXPECT_EQ(read_reply(client_).body, "hello");
}

TEST_P(HttpTest, LargestBodyComesBack) {
  const std::string body = pattern(1 << 20);
  const std::string head = "POST /echo HTTP/1.1\r\nHost: x\r\n";
  EXPECT_TRUE(ask(client_, head + "Content-Length: 1048576\r\n\r\n" + body).body == body);
  EXPECT_TRUE(
      ask(client_, head + "Transfer-Encoding: chunked\r\n\r\n100000\r\n" + body + "\r\n0\r\n\r\n")
          .body == body);
  EXPECT_EQ(ask(client_, kGet).body, "Hello, World!");
}

TEST_P(HttpTest, ClientThatWaitsIsToldToGoOn) {
  const std::string head =
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
  EXPECT_EQ(ask(client_, head).head, "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(ask(client_, "hello").body, "hello");
}

TEST_P(HttpTest, ClientThatWaitsIsToldThatItsBodyIsTooLarge) {
  const Reply refused = ask(client_,
                            "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n"
                            "Expect: 100-continue\r\n\r\n");
  EXPECT_THAT(refused.head, StartsWith("HTTP/1.1 413 "));
  EXPECT_TRUE(at_end(client_));
}

// The reply must reach a client that does not wait for it, and not be lost in a reset.
TEST_P(HttpTest, BodyThatIsTooLargeIsRefusedWhileItComes) {
  write_all(client_, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n");
  write_all(client_, pattern(2'000'000));
  EXPECT_THAT(read_reply(client_).head, StartsWith("HTTP/1.1 413 "));
  EXPECT_TRUE(at_end(client_));
}

TEST_P(HttpTest, HeadThatIsTooLargeIsRefused) {
  const Reply refused =
      ask(client_, "GET /json HTTP/1.1\r\nHost: x\r\nA: " + std::string(9000, 'a'));
  EXPECT_THAT(refused.head, StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(refused.head, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_TRUE(at_end(client_));
}

TEST_P(HttpTest, NothingFollowsTheLastReply) {
  const std::string last = "GET /json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  write_all(client_, std::string(kGet) + last + std::string(kGet));
  EXPECT_EQ(read_reply(client_).body, "Hello, World!");
  EXPECT_THAT(read_reply(client_).head, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_TRUE(at_end(client_));
}

TEST_P(HttpTest, WhatIsNoRequestEndsOnlyItsOwnConnection) {
  const Descriptor other = dial(server_->endpoint());
  EXPECT_THAT(ask(other, "\x16\x03\x01 hello\r\n\r\n").head, StartsWith("HTTP/1.1 400 "));
  EXPECT_TRUE(at_end(other));
  EXPECT_EQ(ask(client_, kGet).body, "Hello, World!");
}

}  // namespace
}  // namespace collet::integration

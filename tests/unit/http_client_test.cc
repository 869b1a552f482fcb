// SPDX-License-Identifier: MIT
// http_client_test.cc: the client half of http against its own server's words, against what other
// servers say, and against servers that get it wrong.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "apps/workloads/http_responses.h"

namespace collet::apps {
namespace {

std::string with_length(std::string_view body, std::string_view fields = "") {
  return std::string("HTTP/1.1 200 OK\r\n").append(fields).append("Content-Length: ") +
         std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

std::string chunked(std::string_view chunks) {
  return std::string("HTTP/1.1 200 OK\r\nServer: x\r\nTransfer-Encoding: chunked\r\n\r\n")
      .append(chunks);
}

struct Taken {
  bool right = true;
  std::size_t completed = 0;

  friend bool operator==(const Taken&, const Taken&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Taken& taken) {
    return out << (taken.right ? "right, " : "wrong, ") << taken.completed;
  }
};

// What comes of a stream that comes in pieces: one of the first size, then each of the other.
Taken take(std::string_view stream, std::size_t first, std::size_t others, ExpectedBodies bodies) {
  HttpResponses responses(std::move(bodies));
  Taken taken;
  for (std::size_t size = first; taken.right && !stream.empty(); size = others) {
    const std::string piece(stream.substr(0, size));
    taken.right = responses.take(piece, taken.completed);
    stream.remove_prefix(piece.size());
  }
  return taken;
}

// The same on a connection that shares nothing with others.
Taken take(std::string_view stream, std::size_t first = SIZE_MAX, std::size_t others = SIZE_MAX) {
  std::string first_body;
  return take(stream, first, others, ExpectedBodies(first_body));
}

TEST(HttpResponsesTest, ResponsesCountInEverySplit) {
  const std::string stream =
      with_length("Hello", "Date: 1\r\n") + with_length("Hello", "Date: 1\r\n") +
      with_length("Hello", "Date: 12\r\n") + chunked("2\r\nHe\r\n3;a=b\r\n") +
      "llo\r\n0\r\nT: u\r\n\r\n" + chunked("5\r\nHello\r\n0\r\n\r\n") +
      with_length("Hello", "Date: 12\r\n") + with_length("Hello");
  const Taken all{true, 7};
  EXPECT_EQ(take(stream), all);
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    ASSERT_EQ(take(stream, cut), all) << cut;
  }
  for (std::size_t size = 1; size < 20; ++size) EXPECT_EQ(take(stream, size, size), all) << size;
}

TEST(HttpResponsesTest, EmptyBodiesAreWrong) {
  for (const std::string& empty : {with_length(""), chunked("0\r\n\r\n")}) {
    EXPECT_EQ(take(empty), (Taken{false, 0})) << empty;
    EXPECT_EQ(take(empty, 1, 1), (Taken{false, 0})) << empty;
  }
}

TEST(HttpResponsesTest, BodiesAreAlikeOnAllConnections) {
  std::string first_body;
  const auto take_another = [&first_body](const std::string& stream) {
    return take(stream, 1, 1, ExpectedBodies(first_body));
  };
  EXPECT_EQ(take_another(with_length("Hello") + with_length("Hello")), (Taken{true, 2}));
  EXPECT_EQ(take_another(with_length("Hello")), (Taken{true, 1}));
  EXPECT_EQ(take_another(chunked("5\r\nHello\r\n0\r\n\r\n")), (Taken{true, 1}));
  EXPECT_EQ(take_another(with_length("Jello")), (Taken{false, 0}));
  EXPECT_EQ(take_another(with_length("Hell")), (Taken{false, 0}));
  EXPECT_EQ(take_another(chunked("4\r\nHell\r\n0\r\n\r\n")), (Taken{false, 0}));
}

TEST(HttpResponsesTest, BodiesThatBeganAsTheFirstAreAlikeToo) {
  for (const std::string other : {"Jello", "Hell", "Hello"}) {
    std::string first_body;
    HttpResponses one{ExpectedBodies(first_body)};
    HttpResponses two{ExpectedBodies(first_body)};
    const std::string late = with_length(other);
    std::size_t completed = 0;
    EXPECT_TRUE(two.take(late.substr(0, late.size() - 1), completed));
    EXPECT_TRUE(one.take(with_length("Hello"), completed));
    EXPECT_EQ(two.take(late.substr(late.size() - 1), completed), other == "Hello") << other;
    EXPECT_EQ(completed, other == "Hello" ? 2U : 1U);
    EXPECT_EQ(first_body, "Hello");
  }
}

TEST(HttpResponsesTest, LargeChunksPass) {
  const std::string body(300'000, 'a');
  const std::string stream = with_length(body) + chunked("493e0\r\n" + body + "\r\n0\r\n\r\n");
  EXPECT_EQ(take(stream), (Taken{true, 2}));
  EXPECT_EQ(take(stream, 1000, 16'384), (Taken{true, 2}));
}

TEST(HttpResponsesTest, BodiesOfThePatternMustFollowIt) {
  const PatternCursor start(7);
  Output out;
  std::string body;
  PatternCursor stream = start;
  for (std::size_t i = 0; i < 20; ++i) {  // found by asking, a byte at a time
    for (int value = 0; value < 256; ++value) {
      PatternCursor attempt = stream;
      const auto byte = static_cast<std::byte>(value);
      if (!attempt.match(std::span(&byte, 1))) continue;
      stream = attempt;
      body += static_cast<char>(value);
      break;
    }
  }
  const ExpectedBodies bodies(10, start);
  const std::string first = body.substr(0, 10);
  const std::string second = body.substr(10);
  EXPECT_EQ(take(with_length(first) + with_length(second), 1, 1, bodies), (Taken{true, 2}));
  EXPECT_EQ(take(with_length(first) + chunked("a\r\n" + second + "\r\n0\r\n\r\n"), 3, 7, bodies),
            (Taken{true, 2}));
  EXPECT_EQ(take(with_length(first) + with_length(first), 1, 1, bodies), (Taken{false, 1}));
  EXPECT_EQ(take(with_length(body), 1, 1, bodies), (Taken{false, 0}));
  EXPECT_EQ(take(with_length(first.substr(1)), 1, 1, bodies), (Taken{false, 0}));
}

struct Wrong {
  const char* name;
  std::string sent;  // after one good response

  friend std::ostream& operator<<(std::ostream& out, const Wrong& each) { return out << each.name; }
};

const std::vector<Wrong> kWrong{
    {"OtherBody", with_length("Jello")},
    {"LongerBody", with_length("Hello!")},
    {"ShorterBody", with_length("Hell")},
    {"NoBody", with_length("")},
    {"OtherChunks", chunked("5\r\nJello\r\n0\r\n\r\n")},
    {"LongerChunks", chunked("5\r\nHello\r\n1\r\n!\r\n0\r\n\r\n")},
    {"ShorterChunks", chunked("4\r\nHell\r\n0\r\n\r\n")},
    {"BrokenChunks", chunked("5\r\nHelloX0\r\n\r\n")},
    {"EndlessChunkHead", chunked("5;" + std::string(40'000, 'a'))},
    {"NotFound", "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nHello"},
    {"Unavailable", "HTTP/1.1 503 Sorry\r\nContent-Length: 5\r\n\r\nHello"},
    {"BodyUntilTheEnd", "HTTP/1.1 200 OK\r\n\r\nHello"},
    {"BothFramings",
     "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nHello"},
    {"NoHttp", "Hello, World!\r\n\r\n"},
    {"BodyAgain", "Hello" + with_length("Hello") + "\r\n\r\n"},
    {"EndlessHead", "HTTP/1.1 200 OK\r\nA: " + std::string(40'000, 'a')},
};

class HttpWrongTest : public ::testing::TestWithParam<Wrong> {};

TEST_P(HttpWrongTest, IsSeen) {
  const std::string stream = with_length("Hello") + GetParam().sent;
  for (const std::size_t size : {SIZE_MAX, std::size_t{1}, std::size_t{7}}) {
    EXPECT_EQ(take(stream, size, size), (Taken{false, 1})) << size;
  }
}

INSTANTIATE_TEST_SUITE_P(Each, HttpWrongTest, ::testing::ValuesIn(kWrong),
                         [](const auto& each) { return std::string(each.param.name); });

TEST(HttpResponsesTest, KnowTheLastOneOfAConnection) {
  const std::vector<std::string> lasts{with_length("ok", "Connection: close\r\n"),
                                       "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"};
  for (const std::string& last : lasts) {
    std::string first_body;
    HttpResponses responses{ExpectedBodies(first_body)};
    std::size_t completed = 0;
    EXPECT_TRUE(responses.take(with_length("ok"), completed));
    EXPECT_TRUE(responses.take(with_length("ok"), completed));
    EXPECT_FALSE(responses.ended());
    EXPECT_TRUE(responses.take(last.substr(0, last.size() - 1), completed));
    EXPECT_FALSE(responses.ended());
    EXPECT_TRUE(responses.take(last.substr(last.size() - 1), completed));
    EXPECT_TRUE(responses.ended());
    EXPECT_EQ(completed, 3U);
    EXPECT_FALSE(responses.take(with_length("ok"), completed)) << "more after the last";
  }
}

}  // namespace
}  // namespace collet::apps

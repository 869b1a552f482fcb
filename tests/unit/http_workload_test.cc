// SPDX-License-Identifier: MIT
// http_workload_test.cc: the server half of http, with requests that come in every possible pieces,
// and with requests that are none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <collet/connections.h>
#include <collet/event_loop.h>

#include "apps/workloads/http.h"
#include "tests/conformance/plain_socket.h"
#include "tests/support/builtin_registry.h"

namespace collet::apps {
namespace {

using conformance::Descriptor;
using std::chrono::milliseconds;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

using Sizes = std::vector<std::size_t>;

// Shows a handler what comes in pieces of the sizes given, in turn, each in memory of its own that
// is gone afterwards.
class InPieces final : public Handler {
 public:
  InPieces(std::unique_ptr<Handler> inner, Sizes sizes, EventLoop& loop)
      : inner_(std::move(inner)), sizes_(std::move(sizes)), loop_(loop) {}

  void on_data(std::span<const std::byte> bytes, Output& out) override {
    while (!bytes.empty()) {
      const std::size_t size = std::min(bytes.size(), left_);
      const std::vector<std::byte> piece(bytes.begin(),
                                         bytes.begin() + static_cast<std::ptrdiff_t>(size));
      inner_->on_data(piece, out);
      bytes = bytes.subspan(size);
      left_ -= size;
      if (left_ == 0) left_ = sizes_[next_++ % sizes_.size()];
    }
  }
  void on_end(Output& out) override { inner_->on_end(out); }
  void on_close(CloseReason, int) noexcept override { loop_.stop(); }

 private:
  std::unique_ptr<Handler> inner_;
  Sizes sizes_;
  EventLoop& loop_;
  std::size_t next_ = 1;
  std::size_t left_ = sizes_.front();
};

// All that the server says to a client that sends this and then no more.
std::string replies_to(std::string_view sent, const Sizes& sizes = {SIZE_MAX},
                       const Burden& burden = {}) {
  int ends[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  const Descriptor client = conformance::patient(ends[1]);
  conformance::write_all(client, sent);
  ::shutdown(client.get(), SHUT_WR);

  const std::unique_ptr<ThreadPool> pool = *registry().pool("inline")->make(0);
  EventLoop loop(*registry().backend("epoll")->make());
  Connections connections(loop, *pool, {});
  connections.adopt(ends[0], std::make_unique<InPieces>(make_http_server(burden), sizes, loop));
  loop.run();
  return conformance::read_up_to(client, 1 << 20);
}

// With every date made the same, so that a test may last longer than a second.
std::string undated(std::string text) {
  constexpr std::string_view kField = "\r\nDate: ";
  constexpr std::size_t kDateBytes = 29;
  for (auto at = text.find(kField); at != text.npos; at = text.find(kField, at + 1)) {
    text.replace(at + kField.size(), kDateBytes, "now");
  }
  return text;
}

std::string reply(std::string_view status, std::string_view fields, std::string_view body) {
  return std::string("HTTP/1.1 ").append(status).append("\r\nServer: collet\r\nDate: now\r\n") +
         std::string(fields).append("\r\n\r\n").append(body);
}

const std::string kHello =
    reply("200 OK", "Content-Type: text/plain\r\nContent-Length: 13", "Hello, World!");

std::string get(std::string_view target, std::string_view fields = "Host: x\r\n") {
  return std::string("GET ").append(target).append(" HTTP/1.1\r\n").append(fields) + "\r\n";
}

std::string post(std::string_view fields, std::string_view body) {
  return std::string("POST /echo HTTP/1.1\r\nHost: x\r\n").append(fields).append("\r\n") +
         std::string(body);
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

// -- What is answered ----------------------------------------------------------------------------

TEST(HttpServerTest, GetIsAnsweredInFull) {
  const std::string got = replies_to(get("/plaintext"));
  EXPECT_EQ(undated(got), kHello);
  EXPECT_THAT(got, MatchesRegex(".*\r\nDate: [A-Z][a-z][a-z], [0-3][0-9] [A-Z][a-z][a-z] "
                                "20[0-9][0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9] GMT\r\n.*"));
  EXPECT_EQ(undated(replies_to(get("/json"))),
            reply("200 OK", "Content-Type: application/json\r\nContent-Length: 27",
                  R"({"message":"Hello, World!"})"));
}

TEST(HttpServerTest, HeadIsAnsweredWithTheHeadOfGet) {
  for (const std::string target : {"/plaintext", "/json"}) {
    const std::string whole = replies_to(get(target));
    const std::string head = whole.substr(0, whole.find("\r\n\r\n") + 4);
    const std::string sent = "HEAD " + target + " HTTP/1.1\r\nHost: x\r\n\r\n";
    EXPECT_EQ(undated(replies_to(sent)), undated(head));
  }
}

TEST(HttpServerTest, TargetsAreUnderstoodInEachForm) {
  for (const char* target :
       {"/plaintext?a=/b?c", "http://x/plaintext", "HTTP://x:80/plaintext?q"}) {
    EXPECT_EQ(undated(replies_to(get(target))), kHello) << target;
  }
  for (const char* target : {"/", "/plaintex", "/plaintext/", "/PLAINTEXT", "*", "http://x",
                             "https://x/plaintext", "x:80", "/?/plaintext"}) {
    EXPECT_THAT(replies_to(get(target)), StartsWith("HTTP/1.1 404 Not Found\r\n")) << target;
  }
}

TEST(HttpServerTest, BodiesComeBackWhateverTheirFraming) {
  const std::string same = reply(
      "200 OK", "Content-Type: application/octet-stream\r\nContent-Length: 11", "hello world");
  EXPECT_EQ(undated(replies_to(post("Content-Length: 11\r\n", "hello world"))), same);
  EXPECT_EQ(undated(replies_to(post("Content-Length: 11, 11\r\n", "hello world"))), same);
  EXPECT_EQ(undated(replies_to(post("Transfer-Encoding: Chunked\r\n",
                                    "006\r\nhello \r\n5;a=b;c=\"d\"\r\nworld\r\n0\r\n\r\n"))),
            same);
  EXPECT_THAT(replies_to(post("Transfer-Encoding: chunked\r\n", "0\r\nA: b\r\nC: d\r\n\r\n")),
              HasSubstr("\r\nContent-Length: 0\r\n"));
  EXPECT_THAT(replies_to(post("", "")), HasSubstr("\r\nContent-Length: 0\r\n"));
}

TEST(HttpServerTest, BodyOfARequestThatIsNotServedIsSkipped) {
  const std::string sent = "PUT /plaintext HTTP/1.1\r\nHost: x\r\nContent-Length: 18\r\n\r\n" +
                           std::string("GET / HTTP/1.1\r\n\r\n") + get("/plaintext");
  EXPECT_EQ(undated(replies_to(sent)),
            reply("405 Method Not Allowed",
                  "Allow: GET, HEAD\r\nContent-Type: text/plain\r\nContent-Length: 23",
                  "405 Method Not Allowed\n") +
                kHello);
}

TEST(HttpServerTest, WrongMethodIsToldTheRightOnes) {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"}) {
    const std::string got = replies_to(std::string(method) + " /json HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(got, StartsWith("HTTP/1.1 405 ")) << method;
    EXPECT_THAT(got, HasSubstr("\r\nAllow: GET, HEAD\r\n")) << method;
  }
  EXPECT_THAT(replies_to(get("/echo")), HasSubstr("\r\nAllow: POST\r\n"));
  EXPECT_THAT(replies_to("HEAD /echo HTTP/1.1\r\nHost: x\r\n\r\n"), EndsWith("\r\n\r\n"));
}

TEST(HttpServerTest, EmptyLinesBeforeARequestDoNotMatter) {
  EXPECT_EQ(undated(replies_to("\r\n\r\n" + get("/plaintext") + "\r\n" + get("/plaintext"), {1})),
            kHello + kHello);
}

TEST(HttpServerTest, FoldedFieldIsOneField) {
  EXPECT_EQ(undated(replies_to(get("/plaintext", "Host: x\r\nA: b\r\n c\r\n"))), kHello);
}

// -- How connections go on -----------------------------------------------------------------------

TEST(HttpServerTest, ConnectionGoesOnAsTheClientWantsIt) {
  const auto sent = [](std::string_view version, std::string_view fields) {
    const std::string one =
        std::string("GET /plaintext HTTP/").append(version).append("\r\nHost: x\r\n") +
        std::string(fields) + "\r\n";
    return replies_to(one + one);
  };
  EXPECT_EQ(count(sent("1.1", ""), "200 OK"), 2U);
  EXPECT_EQ(count(sent("1.1", "Connection: keep-alive\r\n"), "200 OK"), 2U);
  EXPECT_EQ(count(sent("1.1", "Connection: close\r\n"), "200 OK"), 1U);
  EXPECT_EQ(count(sent("1.1", "Connection: close\r\n"), "\r\nConnection: close\r\n"), 1U);
  EXPECT_EQ(count(sent("1.1", "Connection: x, CLOSE\r\n"), "200 OK"), 1U);
  EXPECT_EQ(count(sent("1.0", ""), "200 OK"), 1U);
  EXPECT_EQ(count(sent("1.0", ""), "\r\nConnection: close\r\n"), 1U);
  EXPECT_EQ(count(sent("1.0", "Connection: keep-alive\r\n"), "\r\nConnection: keep-alive\r\n"), 2U);
}

TEST(HttpServerTest, HttpOneZeroNeedsNoHost) {
  EXPECT_THAT(replies_to("GET /json HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST(HttpServerTest, BodyIsAskedForOnlyIfItIsWanted) {
  const std::string fields = "Content-Length: 5\r\nExpect: 100-continue\r\n";
  const std::size_t head = post(fields, "").size();
  const std::string asked = replies_to(post(fields, "hello"), {head, SIZE_MAX});
  EXPECT_THAT(asked, StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(asked, EndsWith("\r\n\r\nhello"));
  EXPECT_THAT(replies_to(post(fields, "hello")), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(replies_to(post("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n", "")),
              StartsWith("HTTP/1.1 100 Continue\r\n\r\n"));

  const std::string large = "Content-Length: 1048577\r\nExpect: 100-continue\r\n";
  EXPECT_THAT(replies_to(post(large, "")), StartsWith("HTTP/1.1 413 "));
  const std::string elsewhere = "PUT /json HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n";
  const std::string refused = replies_to(elsewhere + "hello", {elsewhere.size(), SIZE_MAX});
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 405 "));
  EXPECT_EQ(count(refused, "HTTP/1.1"), 1U);
  EXPECT_THAT(refused, HasSubstr("\r\nConnection: close\r\n"));

  EXPECT_THAT(replies_to("POST /echo HTTP/1.0\r\n" + fields + "\r\n"), Not(HasSubstr("100")));
  EXPECT_THAT(replies_to(get("/json", "Host: x\r\nExpect: 100-continue\r\n")),
              StartsWith("HTTP/1.1 200 "));
}

TEST(HttpServerTest, EveryRequestIsABurden) {
  using Clock = std::chrono::steady_clock;
  const auto begun = Clock::now();
  replies_to(get("/json") + get("/none") + "junk\r\n\r\n", {SIZE_MAX}, {.block = milliseconds(5)});
  EXPECT_GE(Clock::now() - begun, milliseconds(15));
}

// -- Pieces --------------------------------------------------------------------------------------

const std::string& some_of_everything() {
  static const std::string requests =
      get("/plaintext") + "HEAD /json HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n" +
      post("Content-Length: 5\r\n", "hello") + "\r\n" +
      post("Transfer-Encoding: chunked\r\n",
           "3;e=f\r\nabc\r\n0a\r\n0123456789\r\n0\r\nT: u\r\n\r\n") +
      post("Transfer-Encoding: chunked\r\n", "0\r\n\r\n") + get("/nothing") +
      "DELETE /json HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nxyz" +
      get("/json", "Host: x\r\nConnection: close\r\n") + get("/plaintext");
  return requests;
}

TEST(HttpServerTest, AnswersAreTheSameInEverySplit) {
  const std::string whole = undated(replies_to(some_of_everything()));
  ASSERT_EQ(count(whole, "HTTP/1.1 "), 8U);
  for (std::size_t cut = 1; cut < some_of_everything().size(); ++cut) {
    ASSERT_EQ(undated(replies_to(some_of_everything(), {cut, SIZE_MAX})), whole) << cut;
  }
  for (const Sizes& sizes : {Sizes{1}, Sizes{2}, Sizes{3}, Sizes{4, 1}, Sizes{5}, Sizes{1, 100}}) {
    EXPECT_EQ(undated(replies_to(some_of_everything(), sizes)), whole) << sizes.front();
  }
}

TEST(HttpServerTest, BodyOfManyChunksComesBackWhole) {
  std::string chunks;
  std::string body;
  for (int i = 0; i < 1000; ++i) {
    const std::string piece = std::to_string(i) + std::string(static_cast<std::size_t>(i % 7), '-');
    chunks += std::to_string(piece.size()) + "\r\n" + piece + "\r\n";
    body += piece;
  }
  const std::string sent = post("Transfer-Encoding: chunked\r\n", chunks + "0\r\n\r\n");
  for (const Sizes& sizes : {Sizes{SIZE_MAX}, Sizes{1}, Sizes{7, 13}}) {
    EXPECT_THAT(replies_to(sent, sizes), EndsWith("\r\n\r\n" + body));
  }
}

// -- What is refused -----------------------------------------------------------------------------

struct Malformed {
  const char* name;
  std::string sent;
  const char* status = "400 Bad Request";

  friend std::ostream& operator<<(std::ostream& out, const Malformed& each) {
    return out << each.name;
  }
};

std::string with_nul(std::string text) {
  std::replace(text.begin(), text.end(), '@', '\0');
  return text;
}

// Whatever is hidden in a body that two parsers might see differently.
const std::string kHidden = "0\r\n\r\n" + get("/json");

const std::vector<Malformed> kMalformed{
    {"Junk", "junk\r\n\r\n"},
    {"NoTarget", "GET HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"EmptyMethod", " /json HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"MethodThatIsNoToken", "G(T /json HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"SpaceInTarget", get("/js on")},
    {"TwoSpaces", "GET  /json HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"ControlInTarget", get("/js\x01on")},
    {"NulInTarget", with_nul(get("/js@on"))},
    {"NoVersion", "GET /json\r\n\r\n"},
    {"OtherProtocol", "GET /json HTTPS/1.1\r\nHost: x\r\n\r\n"},
    {"LaterVersion", "PRI * HTTP/2.0\r\n\r\n"},
    {"SmallVersion", "GET /json http/1.1\r\nHost: x\r\n\r\n"},
    {"LongVersion", "GET /json HTTP/1.10\r\nHost: x\r\n\r\n"},
    {"BareLfs", "GET /json HTTP/1.1\nHost: x\n\n"},
    {"BareLfAfterTheRequestLine", "GET /json HTTP/1.1\nHost: x\r\n\r\n"},
    {"BareLfAfterAField", get("/json", "Host: x\nA: b\r\n")},
    {"BareLfAtTheEnd", "GET /json HTTP/1.1\r\nHost: x\r\n\n"},
    {"BareCrInAField", get("/json", "Host: x\r\nA: b\rc\r\n")},
    {"NulInAValue", with_nul(get("/json", "Host: x\r\nA: b@c\r\n"))},
    {"NulInAName", with_nul(get("/json", "Host: x\r\nA@: b\r\n"))},
    {"ControlInAValue", get("/json", "Host: x\r\nA: \x7f\r\n")},
    {"NoHost", get("/json", "")},
    {"TwoHosts", get("/json", "Host: x\r\nhost: x\r\n")},
    {"FieldWithoutColon", get("/json", "Host: x\r\nA\r\n")},
    {"FieldWithoutName", get("/json", "Host: x\r\n: b\r\n")},
    {"SpaceBeforeColon", post("Content-Length : 5\r\n", kHidden)},
    {"FoldInTheFirstField", "GET /json HTTP/1.1\r\n Host: x\r\n\r\n"},
    {"BothFramings", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", kHidden)},
    {"BothFramingsReversed", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", kHidden)},
    {"LengthWithOtherCoding",
     post("Transfer-Encoding: identity\r\nContent-Length: 5\r\n", kHidden)},
    {"DifferentLengths", post("Content-Length: 5\r\nContent-Length: 6\r\n", kHidden)},
    {"DifferentLengthsInOne", post("Content-Length: 5, 6\r\n", kHidden)},
    {"LengthInHex", post("Content-Length: 0x5\r\n", kHidden)},
    {"SignedLength", post("Content-Length: +5\r\n", kHidden)},
    {"NegativeLength", post("Content-Length: -5\r\n", kHidden)},
    {"EmptyLength", post("Content-Length: \r\n", kHidden)},
    {"LengthWithSpace", post("Content-Length: 1 0\r\n", kHidden)},
    {"LengthBeyondCounting", post("Content-Length: 18446744073709551621\r\n", kHidden)},
    {"CodingWithoutChunks", post("Transfer-Encoding: gzip\r\n", kHidden)},
    {"ChunksNotLast", post("Transfer-Encoding: chunked, gzip\r\n", kHidden)},
    {"ChunksTwice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", kHidden)},
    {"AlmostChunks", post("Transfer-Encoding: xchunked\r\n", kHidden)},
    {"QuotedChunks", post("Transfer-Encoding: \"chunked\"\r\n", kHidden)},
    {"ChunksWithControl", post("Transfer-Encoding: \x0b"
                               "chunked\r\n",
                               kHidden)},
    {"ChunksOfHttpOneZero", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + kHidden},
    {"OtherCodingsThenChunks", post("Transfer-Encoding: gzip, chunked\r\n", kHidden),
     "501 Not Implemented"},
    {"NoChunkSize", post("Transfer-Encoding: chunked\r\n", "\r\nhello\r\n")},
    {"ChunkSizeInWords", post("Transfer-Encoding: chunked\r\n", "five\r\nhello\r\n0\r\n\r\n")},
    {"NegativeChunkSize", post("Transfer-Encoding: chunked\r\n", "-5\r\nhello\r\n0\r\n\r\n")},
    {"ChunkSizeWithPrefix", post("Transfer-Encoding: chunked\r\n", "0x5\r\nhello\r\n0\r\n\r\n")},
    {"ChunkSizeBeyondCounting",
     post("Transfer-Encoding: chunked\r\n", "10000000000000005\r\nhello\r\n0\r\n\r\n")},
    {"BareLfAfterChunkSize", post("Transfer-Encoding: chunked\r\n", "5\nhello\r\n0\r\n\r\n")},
    {"ChunkThatIsTooLong", post("Transfer-Encoding: chunked\r\n", "5\r\nhello!\r\n0\r\n\r\n")},
    {"BareLfAfterChunk", post("Transfer-Encoding: chunked\r\n", "5\r\nhello\n0\r\n\r\n")},
    {"JunkAfterChunkSize", post("Transfer-Encoding: chunked\r\n", "5 x\r\nhello\r\n0\r\n\r\n")},
    {"LengthInTrailer",
     post("Transfer-Encoding: chunked\r\n", "0\r\nContent-Length: 5\r\n\r\nhello")},
    {"EndlessChunkExtension",
     post("Transfer-Encoding: chunked\r\n", "5;" + std::string(20'000, 'a'))},
    {"EndlessTrailer",
     post("Transfer-Encoding: chunked\r\n", "0\r\nA: " + std::string(20'000, 'a'))},
    {"LargeBody", post("Content-Length: 1048577\r\n", ""), "413 Content Too Large"},
    {"LargeChunk", post("Transfer-Encoding: chunked\r\n", "100001\r\n"), "413 Content Too Large"},
    {"LargeChunks", post("Transfer-Encoding: chunked\r\n", "1\r\nx\r\n100000\r\n"),
     "413 Content Too Large"},
    {"LongTarget", get("/" + std::string(9000, 'a')), "414 URI Too Long"},
    {"EndlessTarget", "GET /" + std::string(20'000, 'a'), "414 URI Too Long"},
    {"LargeHead", get("/json", "Host: x\r\nA: " + std::string(9000, 'a') + "\r\n"),
     "431 Request Header Fields Too Large"},
    {"EndlessHead", "GET /json HTTP/1.1\r\nA: " + std::string(20'000, 'a'),
     "431 Request Header Fields Too Large"},
};

class HttpRefusalTest : public ::testing::TestWithParam<Malformed> {};

// One reply, and the end: nothing behind it is taken for a request.
TEST_P(HttpRefusalTest, IsOneReplyAndTheEnd) {
  const std::string before = undated(replies_to(get("/plaintext")));
  for (const Sizes& sizes : {Sizes{SIZE_MAX}, Sizes{1}, Sizes{100, 3}}) {
    const std::string got =
        undated(replies_to(get("/plaintext") + GetParam().sent + get("/json"), sizes));
    ASSERT_THAT(got, StartsWith(before));
    const std::string status = GetParam().status;
    EXPECT_EQ(got.substr(before.size()),
              reply(status,
                    "Connection: close\r\nContent-Type: text/plain\r\nContent-Length: " +
                        std::to_string(status.size() + 1),
                    status + "\n"))
        << "in pieces of " << sizes.front();
  }
}

INSTANTIATE_TEST_SUITE_P(Each, HttpRefusalTest, ::testing::ValuesIn(kMalformed),
                         [](const auto& each) { return std::string(each.param.name); });

TEST(HttpServerTest, RefusalOfHeadHasNoBody) {
  EXPECT_THAT(replies_to("HEAD /json HTTP/1.1\r\n\r\n"), EndsWith("\r\n\r\n"));
}

TEST(HttpServerTest, HeadOfExactlyTheMostIsServed) {
  constexpr std::size_t kMost = 8192;
  const auto sized = [](std::size_t size) {
    const std::string rest = get("/json", "Host: x\r\nA: \r\n");
    return get("/json", "Host: x\r\nA: " + std::string(size - rest.size(), 'a') + "\r\n");
  };
  for (const Sizes& sizes : {Sizes{SIZE_MAX}, Sizes{1}, Sizes{8191, 1}, Sizes{8192, 1}}) {
    EXPECT_THAT(replies_to(sized(kMost), sizes), StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(replies_to(sized(kMost + 1), sizes), StartsWith("HTTP/1.1 431 "));
  }
}

TEST(HttpServerTest, RequestThatDoesNotEndIsNotAnswered) {
  EXPECT_EQ(replies_to("GET /json HTTP/1.1\r\nHost: x\r\n"), "");
  EXPECT_EQ(replies_to(post("Content-Length: 5\r\n", "hell")), "");
  EXPECT_EQ(replies_to(post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n")), "");
}

}  // namespace
}  // namespace collet::apps

// SPDX-License-Identifier: MIT
// address_test.cc: endpoints to and from text.
#include <netinet/in.h>
#include <sys/un.h>

#include <cstddef>
#include <string>

#include <gtest/gtest.h>
#include <collet/address.h>

namespace collet {
namespace {

std::string error_of(std::string_view text) {
  return std::string(parse_endpoint(text).status().message());
}

void expect_round_trip(std::string_view text, int family) {
  const auto endpoint = parse_endpoint(text);
  ASSERT_TRUE(endpoint.ok()) << endpoint.status();
  EXPECT_EQ(endpoint->family(), family);
  EXPECT_EQ(format_endpoint(*endpoint), text);
  EXPECT_TRUE(*parse_endpoint(format_endpoint(*endpoint)) == *endpoint);
}

TEST(AddressTest, TextSurvivesARoundTrip) {
  expect_round_trip("127.0.0.1:7000", AF_INET);
  expect_round_trip("0.0.0.0:0", AF_INET);
  expect_round_trip("255.255.255.255:65535", AF_INET);
  expect_round_trip("[::1]:7000", AF_INET6);
  expect_round_trip("[::]:0", AF_INET6);
  expect_round_trip("[2001:db8::7]:443", AF_INET6);
  expect_round_trip("[fe80::1%lo]:80", AF_INET6);
  expect_round_trip("unix:/run/app.sock", AF_UNIX);
  expect_round_trip("unix:app.sock", AF_UNIX);
  expect_round_trip("unix:/with:colon", AF_UNIX);
}

TEST(AddressTest, LocalhostIsTheIPv4Loopback) {
  EXPECT_EQ(format_endpoint(*parse_endpoint("localhost:80")), "127.0.0.1:80");
}

TEST(AddressTest, TheKernelsFormIsFilledIn) {
  const auto endpoint = parse_endpoint("127.0.0.1:7000");
  ASSERT_TRUE(endpoint.ok());
  EXPECT_EQ(endpoint->length, sizeof(sockaddr_in));
  EXPECT_EQ(parse_endpoint("[::1]:1")->length, sizeof(sockaddr_in6));
  EXPECT_EQ(parse_endpoint("unix:/a")->length, offsetof(sockaddr_un, sun_path) + 3);
}

TEST(AddressTest, AnErrorSaysWhatWasGivenAndWhatWouldWork) {
  const std::string what_works = "write 127.0.0.1:7000, [::1]:7000 or unix:/run/app.sock";
  EXPECT_EQ(error_of("7000"), "\"7000\" is not an address: " + what_works);
  EXPECT_EQ(error_of(":7000"), "\":7000\" is not an address: " + what_works);
  EXPECT_EQ(error_of(""), "\"\" is not an address: " + what_works);
  EXPECT_EQ(error_of("example.com:80"),
            "\"example.com:80\" is not an address: names are not looked up, so " + what_works);
  EXPECT_EQ(
      error_of("::1:7000"),
      "\"::1:7000\" is not an address: write an IPv6 address in brackets, such as [::1]:7000");
  EXPECT_EQ(error_of("127.0.0.1:65536"),
            "\"127.0.0.1:65536\" is not an address: a port is a number from 0 to 65535");
  EXPECT_EQ(error_of("unix:"), "\"unix:\" names no path: write unix:/run/app.sock");
}

TEST(AddressTest, MalformedAddressesAreRefused) {
  for (const char* text :
       {"127.0.0.1", "127.0.0.1:", "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1:80x", "127.0.0.1: 80",
        "127.1:80", "256.0.0.1:80", "[::1]", "[]:80", "[127.0.0.1]:80", "[::1%]:80",
        "[::1%nosuchlink0]:80", "[::g]:80", "Unix:/a", "*:80"}) {
    EXPECT_FALSE(parse_endpoint(text).ok()) << text;
  }
}

TEST(AddressTest, TheLongestUnixPathFitsAndOneMoreIsRefused) {
  const std::string longest = "unix:" + std::string(107, 'p');
  expect_round_trip(longest, AF_UNIX);
  EXPECT_EQ(
      error_of(longest + "p"),
      "\"" + longest + "p\" is too long: the path of a Unix socket has at most 107 bytes, not 108");
  EXPECT_FALSE(parse_endpoint(std::string_view("unix:/a\0b", 9)).ok());
}

TEST(AddressTest, AnEndpointWithoutAnAddressIsAQuestionMark) {
  EXPECT_EQ(format_endpoint(Endpoint{}), "?");
  Endpoint nameless;  // what the kernel says of a Unix client
  nameless.storage.ss_family = AF_UNIX;
  nameless.length = sizeof(sa_family_t);
  EXPECT_EQ(format_endpoint(nameless), "?");
  Endpoint foreign;
  foreign.storage.ss_family = AF_PACKET;
  foreign.length = 20;
  EXPECT_EQ(format_endpoint(foreign), "?");
}

TEST(AddressTest, PortsAreReadAndReplaced) {
  for (const char* text : {"127.0.0.1:80", "[::1]:80"}) {
    auto endpoint = *parse_endpoint(text);
    EXPECT_EQ(port_of(endpoint), 80);
    set_port(endpoint, 65535);
    EXPECT_EQ(port_of(endpoint), 65535);
    set_port(endpoint, 80);
    EXPECT_TRUE(endpoint == *parse_endpoint(text));
  }
}

TEST(AddressTest, AUnixPathHasNoPort) {
  auto endpoint = *parse_endpoint("unix:/run/app.sock");
  EXPECT_EQ(port_of(endpoint), 0);
  set_port(endpoint, 80);
  EXPECT_EQ(format_endpoint(endpoint), "unix:/run/app.sock");
  EXPECT_EQ(port_of(Endpoint{}), 0);
}

}  // namespace
}  // namespace collet

// SPDX-License-Identifier: MIT
// workload_server_rules.cc: the rules of <collet/workload.h> about what a server answers, and when.
#include "tests/conformance/workload_rule.h"

namespace collet::conformance {
namespace {

class WorkloadServerRule : public WorkloadRule {
 protected:
  // What the server says to kRequests of serial 1 that are cut so; the client must find it right.
  Saying say(const Cut& cut) {
    ClientHalf client(shape());
    ServerHalf server;
    server.give(client.ask(kRequests), cut);
    const std::string said = server.take();
    client.give(said);
    EXPECT_FALSE(client.wrong());
    EXPECT_EQ(client.counted(), kRequests) << "replies";
    return {1, said};
  }

  // Byte by byte, so that what may be wrong behind a reply does not hide it.
  static std::uint64_t count_in(ClientHalf& client, const std::string& said) {
    client.give(said, byte_by_byte);
    return client.counted();
  }
};

// -- W3: how requests are cut --------------------------------------------------------------------

RULE(WorkloadServerRule, W3_1,
     "requests that arrive byte by byte are answered like those that arrive whole") {
  expect_as_usual({1}, [&] { return std::vector{say(byte_by_byte), say(whole)}; });
}

RULE(WorkloadServerRule, W3_2, "so are those that are cut in two, wherever that is") {
  expect_as_usual({1}, [&] {
    constexpr std::size_t kMost = 1000;
    const std::size_t size = write_script(shape()).asked().size();
    std::vector<Saying> sayings;
    for (std::size_t i = 1; i < std::min(size, kMost); ++i) {
      const std::size_t place = size <= kMost ? i : 1 + pick(size - 1);
      sayings.push_back(say([&](std::size_t left) { return left == size ? place : left; }));
      if (HasFailure()) break;
    }
    return sayings;
  });
}

RULE(WorkloadServerRule, W3_3, "so are those in random pieces, with the ends of several in one") {
  expect_as_usual({1}, [&] {
    std::vector<Saying> sayings;
    for (int i = 0; i < 200 && !HasFailure(); ++i) sayings.push_back(say(RandomCut(next_seed())));
    return sayings;
  });
}

// -- W7: when they are answered ------------------------------------------------------------------

RULE(WorkloadServerRule, W7_1, "a request is answered in the call that brings its last byte") {
  for (const bool in_pieces : {false, true}) {
    ClientHalf client(shape());
    ServerHalf server;
    for (std::size_t i = 1; i <= kRequests; ++i) {
      server.give(client.ask(), in_pieces ? Cut(byte_by_byte) : Cut(whole));
      ASSERT_EQ(count_in(client, server.take()), i) << "replies, of requests";
    }
  }
}

RULE(WorkloadServerRule, W7_2, "so it is when that call brings a part of the next one") {
  for (int round = 0; round < 50; ++round) {
    ClientHalf client(shape());
    ServerHalf server;
    std::string left = client.ask();  // of the request that is answered next
    for (std::size_t i = 1; i <= kRequests; ++i) {
      const std::string next = client.ask();
      const std::size_t part = pick(next.size());
      server.give(left + next.substr(0, part));
      left = next.substr(part);
      ASSERT_EQ(count_in(client, server.take()), i) << "replies, of requests";
    }
  }
}

RULE(WorkloadServerRule, W7_3,
     "neither the peer's end nor half a request before it takes an answer away") {
  for (int round = 0; round < 50; ++round) {
    ClientHalf client(shape());
    ServerHalf server;
    std::string asked = client.ask(kRequests);
    if (round % 2 == 1) {
      const std::string next = client.ask();
      asked += next.substr(0, pick(next.size()));
    }
    server.give(asked, round < 4 ? Cut(whole) : RandomCut(next_seed()));
    server.end();
    ASSERT_GE(count_in(client, server.take()), kRequests) << "replies, of requests";
  }
}

RULE(WorkloadServerRule, W7_4, "Served::requests of all calls add up to the requests sent") {
  for (int i = 0; i < 50; ++i) {
    ClientHalf client(shape());
    ServerHalf server;
    server.give(client.ask(kRequests), i == 0   ? Cut(whole)
                                       : i == 1 ? Cut(byte_by_byte)
                                                : RandomCut(next_seed()));
    server.end();
    ASSERT_EQ(server.requests(), kRequests);
  }
}

RULE(WorkloadServerRule, W7_5,
     "right requests end no connection: the server neither finishes nor closes") {
  ClientHalf client(shape());
  ServerHalf server;
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(server.then(), Then::go_on) << "after " << i << " requests";
    server.give(client.ask(), RandomCut(next_seed()));
    client.give(server.take());
  }
  ASSERT_EQ(server.then(), Then::go_on);
}

RULE(WorkloadServerRule, W7_6, "random steps of both halves: nothing is wrong, all is answered") {
  constexpr std::size_t kMostBytes = 8 << 20;
  const Script script = write_script(shape(), 1);
  const std::size_t size = script.asked().size() + script.said().size();
  ClientShape many = shape();
  many.pipeline = 64;
  Talk talk(many, std::min<std::size_t>(5000, 1 + kMostBytes / size), next_seed(),
            {.overwrites_input = true});
  talk.complete();
}

}  // namespace
}  // namespace collet::conformance

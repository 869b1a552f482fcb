// SPDX-License-Identifier: MIT
// workload_client_rules.cc: the rules of <collet/workload.h> about what a client sends, and what it
// finds right and wrong.
#include <limits>
#include <set>

#include "tests/conformance/workload_rule.h"

namespace collet::conformance {
namespace {

class WorkloadClientRule : public WorkloadRule {
 protected:
  // Whether a client that has asked kRequests calls wrong what `make` makes of the replies to them.
  template <typename Make>
  bool finds_wrong(Make&& make, const ClientShape& of = shape()) {
    ClientHalf client(of);
    const Script script = write_script(client);
    client.give(make(script), pick(2) == 0 ? Cut(whole) : RandomCut(next_seed()));
    return client.wrong();
  }

  // What each reply to each serial usually is. The serials take turns, because what varies may do
  // so with time.
  static std::vector<std::vector<Usual>> usual_replies(const std::vector<std::uint64_t>& serials) {
    std::vector<std::vector<Usual>> usual(serials.size(), std::vector<Usual>(kRequests));
    for (int i = 0; i < 8; ++i) {
      for (std::size_t k = 0; k < serials.size(); ++k) {
        const Script script = write_script(shape(serials[k]));
        for (std::size_t n = 0; n < kRequests; ++n) usual[k][n].add(script.replies[n]);
      }
    }
    return usual;
  }
};

// -- W4: what is right ---------------------------------------------------------------------------

RULE(WorkloadClientRule, W4_1,
     "byte by byte, each reply is counted with its last byte, and none before") {
  ClientHalf client(shape());
  const Script script = write_script(client);
  client.give(script.greeting, byte_by_byte);
  ASSERT_FALSE(client.wrong()) << "what is said before any reply";
  for (std::size_t i = 0; i < kRequests; ++i) {
    const std::string_view reply = script.replies[i];
    client.give(reply.substr(0, reply.size() - 1), byte_by_byte);
    ASSERT_EQ(client.counted(), i) << "one byte before the end of reply " << i;
    client.give(reply.substr(reply.size() - 1));
    ASSERT_FALSE(client.wrong()) << "reply " << i;
    ASSERT_EQ(client.counted(), i + 1);
  }
}

RULE(WorkloadClientRule, W4_2, "in random pieces, each call counts the replies that end in it") {
  for (int i = 0; i < 200; ++i) {
    ClientHalf client(shape());
    const Script script = write_script(client);
    const std::string said = script.said();
    const std::vector<std::size_t> ends = script.ends();
    RandomCut cut(next_seed());
    for (std::size_t given = 0; given < said.size();) {
      const std::size_t size = i == 0 ? said.size() : cut(said.size() - given);
      client.give(std::string_view(said).substr(given, size));
      given += size;
      const auto ended = std::upper_bound(ends.begin(), ends.end(), given) - ends.begin();
      ASSERT_FALSE(client.wrong()) << "after " << given << " bytes";
      ASSERT_EQ(client.counted(), static_cast<std::size_t>(ended)) << "after " << given << " bytes";
    }
  }
}

// -- W4: what is wrong ---------------------------------------------------------------------------

RULE(WorkloadClientRule, W4_3,
     "bytes behind the last reply are wrong, even those of the next one") {
  const std::string next = write_script(shape(), kRequests + 1).replies.back();
  for (int i = 0; i < 20; ++i) {
    const std::string byte(1, static_cast<char>(pick(256)));
    EXPECT_TRUE(finds_wrong([&](const Script& script) { return script.said() + byte; }))
        << "a random byte";
    EXPECT_TRUE(finds_wrong([&](const Script& script) { return script.said() + next; }))
        << "the reply to a request that has not been written";
    EXPECT_TRUE(finds_wrong([&](const Script& script) {
      return script.said() + script.replies.back();
    })) << "the last reply once more";
    ASSERT_FALSE(HasFailure());
  }
}

RULE(WorkloadClientRule, W4_4, "a reply is wrong when all of its bytes are others") {
  for (std::size_t i = 0; i < kRequests; ++i) {
    EXPECT_TRUE(finds_wrong([&](const Script& script) {
      std::string reply = script.replies[i];
      for (char& byte : reply) byte = static_cast<char>(~byte);
      return script.said(i) + reply;
    })) << "reply "
        << i;
  }
}

RULE(WorkloadClientRule, W4_5,
     "it is wrong with one other byte, where replies to different requests differ") {
  const auto usual = usual_replies({1, 2, 3, 4});
  std::set<std::pair<std::size_t, std::size_t>> places;  // reply, byte
  for (std::size_t other = 1; other < usual.size(); ++other) {
    for (std::size_t i = 0; i < kRequests; ++i) {
      for (const std::size_t at : usual[0][i].differences(usual[other][i])) places.emplace(i, at);
    }
  }
  const std::vector<std::pair<std::size_t, std::size_t>> telling(places.begin(), places.end());
  if (telling.empty()) GTEST_SKIP() << "its replies are the same, whatever is asked";
  constexpr std::size_t kMost = 1000;
  for (std::size_t k = 0; k < std::min(kMost, telling.size()); ++k) {
    const auto place = telling[telling.size() <= kMost ? k : pick(telling.size())];
    const auto change = static_cast<char>(1 + pick(255));
    ASSERT_TRUE(finds_wrong([place, change](const Script& script) {
      std::string spoilt = script.replies[place.first];
      spoilt[place.second] = static_cast<char>(spoilt[place.second] ^ change);
      return script.said(place.first) + spoilt;
    })) << "byte "
        << place.second << " of reply " << place.first;
  }
}

RULE(WorkloadClientRule, W4_6, "replies in another order are wrong, where they differ") {
  bool differ = false;
  for (std::size_t i = 0; i + 1 < kRequests; ++i) {
    Usual forth;
    Usual back;
    for (int k = 0; k < 8; ++k) {
      const Script script = write_script(shape());
      forth.add(script.replies[i] + script.replies[i + 1]);
      back.add(script.replies[i + 1] + script.replies[i]);
    }
    if (forth.differences(back).empty()) continue;
    differ = true;
    EXPECT_TRUE(finds_wrong([i](const Script& script) {
      return script.said(i) + script.replies[i + 1] + script.replies[i];
    })) << "reply "
        << i + 1 << " before the one it should follow";
  }
  if (!differ) GTEST_SKIP() << "its replies on one connection are alike";
}

// -- W5: serials ---------------------------------------------------------------------------------

RULE(WorkloadClientRule, W5_1, "no two of 70 serials, the largest included, send the same") {
  std::vector<std::uint64_t> serials;
  for (std::uint64_t i = 0; i < 64; ++i) serials.push_back(i);
  for (const int bit : {32, 63}) {
    for (const std::uint64_t low : {0U, 1U}) serials.push_back((std::uint64_t{1} << bit) + low);
  }
  constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();
  serials.insert(serials.end(), {kLargest - 1, kLargest});
  std::set<std::string> sent;
  for (const std::uint64_t serial : serials) {
    ClientHalf client({traits().payload_bytes, kRequests, serial});
    EXPECT_TRUE(sent.insert(client.ask(kRequests)).second)
        << "serial " << serial << " sends what a smaller one has sent";
  }
}

RULE(WorkloadClientRule, W5_2, "the replies to another serial are wrong, where they differ") {
  bool differ = false;
  for (const auto& [own, other] : {std::pair{1, 2}, std::pair{2, 1}, std::pair{0, 63}}) {
    const auto serial = static_cast<std::uint64_t>(own);
    const auto foreign = static_cast<std::uint64_t>(other);
    const auto usual = usual_replies({serial, foreign});
    for (std::size_t i = 0; i < kRequests; ++i) {
      if (usual[0][i].differences(usual[1][i]).empty()) continue;
      differ = true;
      const std::string reply = write_script(shape(foreign)).replies[i];
      EXPECT_TRUE(
          finds_wrong([&](const Script& script) { return script.said(i) + reply; }, shape(serial)))
          << "reply " << i << " to serial " << foreign << ", where serial " << serial << " asked";
    }
  }
  if (!differ) GTEST_SKIP() << "its replies are the same, whatever the serial";
}

// -- W6: what is sent ----------------------------------------------------------------------------

// Calls `judge` with a client of each payload, but for those that the workload refuses.
template <typename Judge>
void with_each_payload(const std::vector<std::uint64_t>& payloads, const Judge& judge) {
  const WorkloadTraits& traits = subject().workload->description().traits;
  for (const std::uint64_t payload : payloads) {
    SCOPED_TRACE("payload " + std::to_string(payload));
    auto session = subject().workload->make_client({payload, 3, 1});
    const bool promised = payload == traits.least_payload_bytes || payload == traits.payload_bytes;
    EXPECT_TRUE(session.ok() || !promised) << session.status().message();
    if (session.ok()) judge(payload, ClientHalf(*std::move(session)));
  }
}

RULE(WorkloadClientRule, W6_1,
     "payloads of the least size, of the usual one and of others are sent and answered") {
  with_each_payload(payloads_to_try(), [&](std::uint64_t, ClientHalf client) {
    ServerHalf server;
    server.give(client.ask(3), [this](std::size_t left) { return 1 + pick(left); });
    client.give(server.take(), [this](std::size_t left) { return 1 + pick(left); });
    EXPECT_FALSE(client.wrong()) << "after " << client.counted() << " replies";
    EXPECT_EQ(client.counted(), 3U);
  });
}

RULE(WorkloadClientRule, W6_2,
     "a request is as long as its payload, and longer by framing_bytes at most") {
  with_each_payload(payloads_to_try(), [&](std::uint64_t payload, ClientHalf client) {
    for (int i = 0; i < 3; ++i) {
      const std::size_t size = client.ask().size();
      EXPECT_GE(size, payload);
      EXPECT_LE(size, payload + traits().framing_bytes);
    }
  });
}

RULE(WorkloadClientRule, W6_3, "write_requests(n) writes what n times write_requests(1) writes") {
  const auto write_all = [](const Cut& cut) {
    ClientHalf client(shape());
    std::string all;
    for (std::size_t left = kRequests; left > 0;) {
      const std::size_t count = std::min(left, cut(left));
      all += client.ask(count);
      left -= count;
    }
    return all;
  };
  Usual usual;
  std::vector<std::string> tried;
  for (int i = 0; i < 8; ++i) {
    usual.add(write_all(byte_by_byte));
    tried.push_back(write_all(i == 0 ? Cut(whole) : RandomCut(next_seed())));
  }
  usual.add(write_all(byte_by_byte));
  for (const std::string& all : tried) {
    const std::size_t unusual = usual.first_unusual(all);
    ASSERT_TRUE(unusual == all.npos) << "byte " << unusual << " of " << all.size() << " is another";
  }
}

}  // namespace
}  // namespace collet::conformance

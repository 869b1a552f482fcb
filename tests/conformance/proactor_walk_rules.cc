// SPDX-License-Identifier: MIT
// proactor_walk_rules.cc: a crowd of streams that do anything at any time, and a model that knows
// which bytes each side has yet to see.
#include <list>
#include <random>
#include <string>
#include <utility>

#include "tests/conformance/proactor_rule.h"

namespace collet::conformance {
namespace {

class ProactorWalkRule : public ProactorRule {
 protected:
  void TearDown() override {
    driver().close_all();  // what it sends lies in the crowd
    crowd_.clear();
    ProactorRule::TearDown();
  }

  struct Walker {
    explicit Walker(Connected connected) : ends(std::move(connected)) {}

    Connected ends;
    bool peer_ended = false;
    std::string to_us;    // all that the peer has sent
    std::string to_peer;  // all that was given to send()
    std::string at_peer;  // all that the peer has received
  };

  std::size_t pick(std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_);
  }
  std::string words() { return words_.substr(pick(words_.size() / 2), 1 + pick(20'000)); }

  bool is_sending(const Walker& one) {
    Seen& seen = driver()[one.ends.stream];
    return seen.begun[Operation::send] != seen.last[Operation::send];
  }

  void peer_sends(Walker& one) {
    if (one.peer_ended) return;
    const std::string text = words();
    const auto count =
        ::send(one.ends.peer.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) one.to_us.append(text, 0, static_cast<std::size_t>(count));
  }
  void peer_receives(Walker& one) {
    char buffer[32 * 1024];
    const auto count = ::recv(one.ends.peer.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (count > 0) one.at_peer.append(buffer, static_cast<std::size_t>(count));
  }
  void we_send(Walker& one) {
    if (is_sending(one)) return;
    const std::size_t before = one.to_peer.size();
    one.to_peer += words();
    ASSERT_EQ(driver().send(one.ends.stream, std::string_view(one.to_peer).substr(before)), 0);
  }
  bool is_receiving(const Walker& one) {
    Seen& seen = driver()[one.ends.stream];
    return seen.begun[Operation::receive] != seen.last[Operation::receive];
  }
  // Whether receiving has come to the end, after which there is nothing to start.
  bool has_ended(const Walker& one) {
    Seen& seen = driver()[one.ends.stream];
    return seen.last[Operation::receive] > 0 && seen.error[Operation::receive] == 0;
  }
  void start(Walker& one) {
    if (is_receiving(one)) {
      EXPECT_EQ(Errno(driver()->start(one.ends.stream.handle)), EALREADY);
    } else if (!has_ended(one)) {
      EXPECT_EQ(driver().start(one.ends.stream), 0);
    }
  }
  void replace(Walker& one) {
    driver().close(one.ends.stream, pick(2) == 0);
    driver().run_until_last(one.ends.stream, Operation::close);  // or it may still read to_peer
    one = Walker(receiving(pick(2) == 0 ? tcp_pair() : local_pair()));
  }

  void step(Walker& one) {
    switch (pick(12)) {
      case 0:
        return pick(8) == 0 ? replace(one) : start(one);
      case 1:
        EXPECT_EQ(Errno(driver()->stop(one.ends.stream.handle)), 0);
        return;
      case 2:
        if (pick(8) != 0) return;
        one.peer_ended = true;
        ::shutdown(one.ends.peer.get(), SHUT_WR);
        return;
      case 3:
      case 4:
        return start(one);
      case 5:
      case 6:
        return we_send(one);
      case 7:
      case 8:
        return peer_receives(one);
      default:
        return peer_sends(one);
    }
  }

  void expect_prefixes(const Walker& one) {
    EXPECT_TRUE(one.to_us.starts_with(driver()[one.ends.stream].received));
    EXPECT_TRUE(one.to_peer.starts_with(one.at_peer));
  }

  // Lets both directions end, and compares all of it.
  void finish(Walker& one) {
    driver().run_until([&] {
      peer_receives(one);
      return !is_sending(one);
    });
    EXPECT_EQ(Errno(driver()->shutdown(one.ends.stream.handle)), 0);
    one.at_peer += read_up_to(one.ends.peer, one.to_peer.size() - one.at_peer.size());
    EXPECT_TRUE(one.at_peer == one.to_peer);
    EXPECT_TRUE(at_end(one.ends.peer));
    ::shutdown(one.ends.peer.get(), SHUT_WR);
    driver().run_until([&] {
      if (driver()[one.ends.stream].received.size() >= one.to_us.size()) return true;
      if (is_receiving(one)) return false;
      start(one);
      return has_ended(one);
    });
    EXPECT_TRUE(driver()[one.ends.stream].received == one.to_us);
  }

  std::mt19937_64 random_{subject().seed};
  const std::string words_ = pattern(100'000);
  std::list<Walker> crowd_;
};

RULE(ProactorWalkRule, R2_9,
     "5000 random steps lose, repeat and reorder nothing; each start ends") {
  for (int i = 0; i < 10; ++i) {
    crowd_.emplace_back(receiving(i % 2 == 0 ? tcp_pair() : local_pair()));
  }
  for (int i = 0; i < 5000; ++i) {
    auto one = crowd_.begin();
    std::advance(one, pick(crowd_.size()));
    step(*one);
    if (pick(2) == 0) driver().run(nanoseconds::min());
    if (i % 50 == 0) expect_prefixes(*one);
    ASSERT_FALSE(HasFailure()) << "after " << i << " steps";
  }
  for (Walker& one : crowd_) finish(one);
}

}  // namespace
}  // namespace collet::conformance

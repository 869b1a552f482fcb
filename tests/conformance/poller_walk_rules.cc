// SPDX-License-Identifier: MIT
// poller_walk_rules.cc: a Poller and a model of it take the same random steps, and are compared
// after each wait().
#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/conformance/poller_rule.h"

namespace collet::conformance {
namespace {

class PollerWalkRule : public PollerRule {
 protected:
  void TearDown() override {
    crowd_.clear();
    PollerRule::TearDown();
  }

  struct Watched {
    Pair pair;
    bool watched = false;
    Interest interest = Interest::none;
    Token token{};
    bool readable = false;
    bool peer_gone = false;
  };

  std::size_t pick(std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_);
  }
  Interest pick_interest() {
    constexpr Interest kChoice[] = {Interest::none, Interest::read, Interest::write,
                                    Interest::read | Interest::write};
    return kChoice[pick(std::size(kChoice))];
  }

  // What wait() must report of it, at least.
  static Readiness expected(const Watched& one) {
    Readiness ready = one.peer_gone ? Readiness::hang_up : Readiness::none;
    const Readiness holds =
        (one.readable || one.peer_gone ? Readiness::read : Readiness::none) | Readiness::write;
    return ready | (one.interest & holds);
  }

  void replace(Watched& one) {
    if (one.watched) {
      EXPECT_EQ(poller_->remove(one.pair.ours.get()), 0);
    }
    one = Watched{.pair = local_pair()};
  }
  void set(Watched& one) {
    const int fd = one.pair.ours.get();
    const Interest interest = pick_interest();
    const Token token{++last_token_};
    const bool modify = pick(2) == 0;
    const Errno error =
        modify ? poller_->modify(fd, interest, token) : poller_->add(fd, interest, token);
    EXPECT_EQ(error, modify == one.watched ? 0 : modify ? ENOENT : EEXIST);
    if (error != 0) return;
    one.watched = true;
    one.interest = interest;
    one.token = token;
  }
  void remove(Watched& one) {
    EXPECT_EQ(poller_->remove(one.pair.ours.get()), one.watched ? 0 : ENOENT);
    one.watched = false;
  }
  void fill(Watched& one) {
    if (one.peer_gone || one.readable) return;
    write_all(one.pair.theirs, "x");
    one.readable = true;
  }
  void empty(Watched& one) {
    if (!one.readable) return;
    EXPECT_EQ(read_up_to(one.pair.ours, 1), "x");
    one.readable = false;
  }
  void hang_up(Watched& one) {
    one.pair.theirs.close();
    one.peer_gone = true;
  }

  void step(Watched& one) {
    switch (pick(10)) {
      case 0:
        return replace(one);
      case 1:
        return hang_up(one);
      case 2:
      case 3:
        return remove(one);
      case 4:
      case 5:
        return fill(one);
      case 6:
        return empty(one);
      default:
        return set(one);
    }
  }

  void compare() {
    const std::size_t room = 1 + pick(events_.size());
    if (pick(4) == 0) poller_->wake();
    const std::size_t count = poller_->wait(std::span(events_).first(room), nanoseconds::zero());
    std::map<Token, Readiness> reported;
    for (std::size_t i = 0; i < count; ++i) {
      const auto known = std::find_if(crowd_.begin(), crowd_.end(), [&](const Watched& one) {
        return one.watched && one.token == events_[i].token;
      });
      ASSERT_NE(known, crowd_.end()) << "an event for a token that is not watched";
      reported[events_[i].token] = reported[events_[i].token] | events_[i].ready;
    }
    if (count == room) return;  // there may be more
    for (const Watched& one : crowd_) {
      if (!one.watched) continue;
      EXPECT_EQ(reported[one.token] & expected(one), expected(one)) << "something is missing";
    }
  }

  std::mt19937_64 random_{subject().seed};
  std::vector<Watched> crowd_;
  std::uint64_t last_token_ = 0;
};

RULE(PollerWalkRule, P2_4, "20000 random steps: nothing is missing, nothing removed is reported") {
  for (int i = 0; i < 20; ++i) crowd_.push_back({.pair = local_pair()});
  for (int i = 0; i < 20'000; ++i) {
    step(crowd_[pick(crowd_.size())]);
    if (pick(3) == 0) compare();
    ASSERT_FALSE(HasFailure()) << "after " << i << " steps";
  }
  for (const Watched& one : crowd_) {
    if (one.watched) poller_->remove(one.pair.ours.get());
  }
}

}  // namespace
}  // namespace collet::conformance

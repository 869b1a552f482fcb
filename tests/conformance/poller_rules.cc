// SPDX-License-Identifier: MIT
// poller_rules.cc: the rules of <collet/poller.h> about what is reported, and what is not.
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/conformance/poller_rule.h"

namespace collet::conformance {
namespace {

// -- P7: registration -----------------------------------------------------------------------------

RULE(PollerRule, P7_1, "add() of what is watched is EEXIST, and changes nothing") {
  const Pair pair = local_pair();
  EXPECT_EQ(poller_->add(pair.ours.get(), Interest::read, kFirst), 0);
  EXPECT_EQ(poller_->add(pair.ours.get(), Interest::read, kSecond), EEXIST);
  write_all(pair.theirs, "x");
  EXPECT_TRUE(wait_for(kFirst, Readiness::read));
  EXPECT_EQ(poller_->remove(pair.ours.get()), 0);
}

RULE(PollerRule, P7_2, "modify() and remove() of what is not watched are ENOENT") {
  const Pair pair = local_pair();
  EXPECT_EQ(poller_->modify(pair.ours.get(), Interest::read, kFirst), ENOENT);
  EXPECT_EQ(poller_->remove(pair.ours.get()), ENOENT);
  EXPECT_EQ(poller_->add(pair.ours.get(), Interest::read, kFirst), 0);
  EXPECT_EQ(poller_->remove(pair.ours.get()), 0);
  EXPECT_EQ(poller_->modify(pair.ours.get(), Interest::read, kFirst), ENOENT);
  EXPECT_EQ(poller_->remove(pair.ours.get()), ENOENT);
}

RULE(PollerRule, P7_3,
     "add() of a descriptor that is not open is EBADF, and leaves nothing behind") {
  Pair pair = local_pair();
  const int fd = pair.ours.get();
  pair.ours.close();
  EXPECT_EQ(poller_->add(fd, Interest::read | Interest::write, kFirst), EBADF);
  EXPECT_EQ(poller_->add(fd, Interest::read | Interest::write, kFirst), EBADF) << "again";
  EXPECT_EQ(poller_->add(-1, Interest::read, kFirst), EBADF);
  const Pair successor = local_pair();
  ASSERT_EQ(successor.ours.get(), fd);
  write_all(successor.theirs, "x");
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(wait_once(kFirst).has_value());
  EXPECT_EQ(poller_->remove(fd), ENOENT);
  ASSERT_EQ(poller_->add(fd, Interest::read, kSecond), 0);
  EXPECT_TRUE(wait_for(kSecond, Readiness::read));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(wait_once(kFirst).has_value());
  EXPECT_EQ(poller_->remove(fd), 0);
}

// Files are always ready, says poll(2), or nothing to be watched, says epoll(7): both will do, but
// whoever waits must not be left waiting.
RULE(PollerRule, P7_4,
     "add() of a regular file is EPERM, or the file is ready or failed for good") {
  const Descriptor file(::memfd_create("file", MFD_CLOEXEC));
  ASSERT_GE(file.get(), 0);
  const Pair pair = local_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::read, kSecond), 0);
  write_all(pair.theirs, "x");
  for (const Interest interest : {Interest::read, Interest::write}) {
    const Errno error = poller_->add(file.get(), interest, kFirst);
    if (error == 0) {
      for (int i = 0; i < 3; ++i) EXPECT_TRUE(wait_for(kFirst, interest | Readiness::error));
      EXPECT_EQ(poller_->remove(file.get()), 0);
    } else {
      EXPECT_EQ(error, EPERM);
      EXPECT_NE(poller_->remove(file.get()), 0);
    }
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(wait_once(kFirst).has_value());
    EXPECT_TRUE(wait_for(kSecond, Readiness::read)) << "others are served as before";
  }
  poller_->remove(pair.ours.get());
}

RULE(PollerRule, P8_1, "a descriptor stays the caller's, open when the Poller is gone") {
  Pair pair = local_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::read | Interest::write, kFirst), 0);
  poller_.reset();
  write_all(pair.ours, "still open");
  EXPECT_EQ(read_up_to(pair.theirs, 10), "still open");
}

// -- P1, P2: what persists is reported again and again --------------------------------------------

RULE(PollerRule, P1_1, "readability is reported by every wait() while it lasts") {
  const Pair pair = local_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::read, kFirst), 0);
  write_all(pair.theirs, "x");
  for (int i = 0; i < 20; ++i)
    ASSERT_TRUE(shows(wait_once(kFirst).value_or(Readiness::none), kAll));
  poller_->remove(pair.ours.get());
}

RULE(PollerRule, P1_2, "so is writability, alone and beside readability") {
  const Pair pair = local_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::read | Interest::write, kFirst), 0);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(shows(wait_once(kFirst).value_or(Readiness::none), Readiness::write));
  }
  write_all(pair.theirs, "x");
  const auto both = wait_once(kFirst).value_or(Readiness::none);
  EXPECT_TRUE(shows(both, Readiness::read));
  EXPECT_TRUE(shows(both, Readiness::write));
  poller_->remove(pair.ours.get());
}

RULE(PollerRule, P1_3, "readiness older than the interest is reported") {
  const Pair pair = local_pair();
  write_all(pair.theirs, "x");
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::none, kFirst), 0);
  for (int i = 0; i < 3; ++i) wait_once(kFirst);
  ASSERT_EQ(poller_->modify(pair.ours.get(), Interest::read, kSecond), 0);
  EXPECT_TRUE(wait_for(kSecond, Readiness::read));
  poller_->remove(pair.ours.get());
}

RULE(PollerRule, P1_4, "modify() replaces interest and token at once") {
  const Pair pair = local_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::write, kFirst), 0);
  EXPECT_TRUE(wait_for(kFirst, Readiness::write));
  ASSERT_EQ(poller_->modify(pair.ours.get(), Interest::read, kSecond), 0);
  EXPECT_FALSE(wait_once(kFirst).has_value());
  write_all(pair.theirs, "x");
  EXPECT_TRUE(wait_for(kSecond, Readiness::read));
  ASSERT_EQ(poller_->modify(pair.ours.get(), Interest::write, kFirst), 0);
  EXPECT_TRUE(wait_for(kFirst, Readiness::write));
  poller_->remove(pair.ours.get());
}

RULE(PollerRule, P1_5, "an interest dropped and taken up again is served") {
  const Pair pair = local_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::read, kFirst), 0);
  for (int i = 0; i < 5; ++i) {
    wait_once(kFirst);
    ASSERT_EQ(poller_->modify(pair.ours.get(), Interest::none, kFirst), 0);
    write_all(pair.theirs, "x");
    wait_once(kFirst);
    ASSERT_EQ(poller_->modify(pair.ours.get(), Interest::read, kFirst), 0);
    ASSERT_TRUE(wait_for(kFirst, Readiness::read));
    EXPECT_EQ(read_up_to(pair.ours, 1), "x");
  }
  poller_->remove(pair.ours.get());
}

RULE(PollerRule, P1_6, "few places for events lose none: what did not fit comes later") {
  std::vector<Pair> pairs;
  for (std::uint64_t i = 0; i < 20; ++i) {
    pairs.push_back(local_pair());
    write_all(pairs.back().theirs, "x");
    ASSERT_EQ(poller_->add(pairs.back().ours.get(), Interest::read, Token{i}), 0);
  }
  std::set<Token> seen;
  std::array<Event, 3> few{};
  for (int i = 0; i < 200 && seen.size() < pairs.size(); ++i) {
    const std::size_t count = poller_->wait(few, nanoseconds::zero());
    for (std::size_t k = 0; k < count; ++k) seen.insert(few[k].token);
  }
  EXPECT_EQ(seen.size(), pairs.size());
  for (const Pair& pair : pairs) poller_->remove(pair.ours.get());
}

RULE(PollerRule, P1_7, "what was read in part is reported again") {
  const Pair pair = local_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::read, kFirst), 0);
  write_all(pair.theirs, "12345");
  for (int left = 5; left > 0; --left) {
    ASSERT_TRUE(shows(wait_once(kFirst).value_or(Readiness::none), Readiness::read)) << left;
    EXPECT_EQ(read_up_to(pair.ours, 1).size(), 1U);
  }
  poller_->remove(pair.ours.get());
}

// As many as a busy server has, or as the limit on descriptors lets there be, and a few spare.
std::size_t many_pairs() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return std::min<std::size_t>(3000, (limit.rlim_cur - count_open_descriptors() - 50) / 2);
}

RULE(PollerRule, P1_8, "of thousands of descriptors just those that are ready are reported") {
  const std::size_t many = many_pairs();
  std::vector<Pair> pairs;
  for (std::uint64_t i = 0; i < many; ++i) {
    pairs.push_back(local_pair());
    ASSERT_EQ(poller_->add(pairs.back().ours.get(), Interest::read, Token{i}), 0);
  }
  std::set<Token> expected;
  for (std::uint64_t i = 3; i < pairs.size(); i += 7) {
    write_all(pairs[i].theirs, "x");
    expected.insert(Token{i});
  }
  std::set<Token> missing = expected;
  std::size_t waits = 0;
  std::size_t untrue = 0;
  const auto deadline = Clock::now() + kPatience;
  while (!missing.empty() && Clock::now() < deadline) {
    const std::size_t count = poller_->wait(events_, kPatience);
    ++waits;
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_TRUE(shows(events_[i].ready, Readiness::read));
      missing.erase(events_[i].token);
      if (!expected.contains(events_[i].token)) ++untrue;
    }
  }
  EXPECT_TRUE(missing.empty());
  EXPECT_LE(untrue, waits) << "one may be spurious now and then, several at once are not";
  for (const Pair& pair : pairs) poller_->remove(pair.ours.get());
}

RULE(PollerRule, P1_9, "a count below the room means that all that is ready was reported") {
  std::vector<Pair> pairs;
  for (std::uint64_t i = 0; i < 30; ++i) {
    pairs.push_back(local_pair());
    ASSERT_EQ(poller_->add(pairs.back().ours.get(), Interest::read, Token{i}), 0);
    write_all(pairs.back().theirs, "x");
    std::array<Event, 32> room{};
    const std::size_t count = poller_->wait(room, nanoseconds::zero());
    std::set<Token> seen;
    for (std::size_t k = 0; k < count; ++k) seen.insert(room[k].token);
    ASSERT_EQ(seen.size(), pairs.size());
  }
  for (const Pair& pair : pairs) poller_->remove(pair.ours.get());
}

RULE(PollerRule, P1_10, "a token comes back as it was given, whatever its value") {
  const Pair pair = local_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::write, kFirst), 0);
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{1} << 63,
                                    std::uint64_t{0xffffffff}, ~std::uint64_t{0} - 1}) {
    ASSERT_EQ(poller_->modify(pair.ours.get(), Interest::write, Token{value}), 0);
    EXPECT_TRUE(wait_for(Token{value}, Readiness::write)) << value;
  }
  poller_->remove(pair.ours.get());
}

// -- P2: nothing is missing -----------------------------------------------------------------------

RULE(PollerRule, P2_1, "pipes, eventfds, timers and listeners are reported like streams") {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  const Descriptor reader(ends[0]);
  const Descriptor writer(ends[1]);
  const Descriptor event(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  const Descriptor timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  const Descriptor listener(open_listener(endpoint("127.0.0.1:0"), {}));
  const int all[] = {reader.get(), event.get(), timer.get(), listener.get()};
  for (std::uint64_t i = 0; i < std::size(all); ++i) {
    ASSERT_EQ(poller_->add(all[i], Interest::read, Token{i}), 0);
  }
  EXPECT_TRUE(lasts(nanoseconds::zero()));
  ASSERT_EQ(::write(writer.get(), "x", 1), 1);
  EXPECT_TRUE(wait_for(Token{0}, Readiness::read));
  ASSERT_EQ(::eventfd_write(event.get(), 1), 0);
  EXPECT_TRUE(wait_for(Token{1}, Readiness::read));
  const itimerspec at_once{{}, {0, 1}};
  ASSERT_EQ(::timerfd_settime(timer.get(), 0, &at_once, nullptr), 0);
  EXPECT_TRUE(wait_for(Token{2}, Readiness::read));
  const Descriptor client = dial(socket_endpoint(listener.get(), Side::local));
  EXPECT_TRUE(wait_for(Token{3}, Readiness::read));
  for (const int fd : all) poller_->remove(fd);
}

RULE(PollerRule, P2_2, "a connect that succeeds or is refused ends in writability or error") {
  Descriptor listener(open_listener(endpoint("127.0.0.1:0"), {}));
  const Endpoint at = socket_endpoint(listener.get(), Side::local);
  for (const bool refused : {false, true}) {
    if (refused) listener.close();
    const Descriptor client(begin_connect(at, nullptr));
    ASSERT_GE(client.get(), 0);
    ASSERT_EQ(poller_->add(client.get(), Interest::write, kFirst), 0);
    EXPECT_TRUE(wait_for(kFirst, Readiness::write | Readiness::error));
    pollfd outcome{client.get(), POLLOUT, 0};
    ASSERT_EQ(::poll(&outcome, 1, kPatienceSeconds * 1000), 1);
    EXPECT_EQ(socket_error(client.get()), refused ? ECONNREFUSED : 0);
    poller_->remove(client.get());
  }
}

// A full socket is not writable; it becomes so when the peer reads.
RULE(PollerRule, P2_3, "a full socket is silent until there is room, and then writable") {
  const Pair pair = local_pair();
  const std::string block(4096, 'x');
  std::size_t written = 0;
  for (std::ptrdiff_t count = 0;
       (count = ::send(pair.ours.get(), block.data(), block.size(), MSG_DONTWAIT)) > 0;) {
    written += static_cast<std::size_t>(count);
  }
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::write, kFirst), 0);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(leaves_out(kFirst, Readiness::write));
  EXPECT_EQ(read_up_to(pair.theirs, written).size(), written);
  EXPECT_TRUE(wait_for(kFirst, Readiness::write));
  poller_->remove(pair.ours.get());
}

// -- P3: what is removed is silent ----------------------------------------------------------------

RULE(PollerRule, P3_1, "remove() silences an event that is ready already") {
  const Pair pair = local_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::read, kFirst), 0);
  wait_once(kFirst);
  write_all(pair.theirs, "x");
  ASSERT_EQ(poller_->remove(pair.ours.get()), 0);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(wait_once(kFirst).has_value());
}

RULE(PollerRule, P3_2, "it silences a descriptor that has a duplicate") {
  Pair pair = local_pair();
  ASSERT_EQ(poller_->add(pair.ours.get(), Interest::read, kFirst), 0);
  wait_once(kFirst);
  const Descriptor duplicate(::dup(pair.ours.get()));
  ASSERT_EQ(poller_->remove(pair.ours.get()), 0);
  pair.ours.close();
  write_all(pair.theirs, "x");
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(wait_once(kFirst).has_value());
}

RULE(PollerRule, P3_3, "a number used again is not reported under its predecessor's token") {
  for (int i = 0; i < 20; ++i) {
    Pair old_pair = local_pair();
    const int number = old_pair.ours.get();
    ASSERT_EQ(poller_->add(number, Interest::read | Interest::write, kFirst), 0);
    write_all(old_pair.theirs, "x");
    if (i % 2 == 0) wait_once(kFirst);
    ASSERT_EQ(poller_->remove(number), 0);
    old_pair.ours.close();

    const Pair pair = local_pair();
    ASSERT_EQ(pair.ours.get(), number);
    ASSERT_EQ(poller_->add(number, Interest::read, kSecond), 0);
    for (int k = 0; k < 3; ++k) EXPECT_FALSE(wait_once(kFirst).has_value());
    write_all(pair.theirs, "y");
    EXPECT_TRUE(wait_for(kSecond, Readiness::read));
    poller_->remove(number);
  }
}

RULE(PollerRule, P3_4, "what a batch reports may be removed while the batch is handled") {
  std::vector<Pair> pairs;
  for (std::uint64_t i = 0; i < 10; ++i) {
    pairs.push_back(local_pair());
    write_all(pairs.back().theirs, "x");
    ASSERT_EQ(poller_->add(pairs.back().ours.get(), Interest::read, Token{i}), 0);
  }
  ASSERT_GT(poller_->wait(events_, kPatience), 0U);
  for (std::size_t i = 1; i < pairs.size(); ++i) {
    EXPECT_EQ(poller_->remove(pairs[i].ours.get()), 0);
    pairs[i].ours.close();
  }
  for (int i = 0; i < 5; ++i) {
    const std::size_t count = poller_->wait(events_, nanoseconds::zero());
    for (std::size_t k = 0; k < count; ++k) EXPECT_EQ(events_[k].token, Token{0});
  }
  poller_->remove(pairs[0].ours.get());
}

// Of what is ready, one wait() has room for a few only: a backend that has taken more from the
// kernel still holds the others.
RULE(PollerRule, P3_7, "a number used again while its batch is handled is another's altogether") {
  for (std::size_t few = 1; few <= 5; ++few) {
    std::vector<Pair> pairs;
    std::vector<Descriptor> old_peers;  // which keep their numbers
    for (std::uint64_t i = 0; i < 10; ++i) {
      pairs.push_back(local_pair());
      write_all(pairs.back().theirs, "x");
      ASSERT_EQ(poller_->add(pairs.back().ours.get(), Interest::read, Token{i}), 0);
    }
    ASSERT_GT(poller_->wait(std::span(events_).first(few), kPatience), 0U);
    for (std::uint64_t i = 0; i < pairs.size(); ++i) {
      const int number = pairs[i].ours.get();
      EXPECT_EQ(poller_->remove(number), 0);
      old_peers.push_back(std::move(pairs[i].theirs));
      pairs[i].ours.close();
      pairs[i] = local_pair();
      ASSERT_EQ(pairs[i].ours.get(), number);
      ASSERT_EQ(poller_->add(number, Interest::read, Token{100 + i}), 0);
    }
    for (int k = 0; k < 3; ++k) {
      const std::size_t count = poller_->wait(events_, nanoseconds::zero());
      for (std::size_t i = 0; i < count; ++i) EXPECT_GE(events_[i].token, Token{100});
    }
    EXPECT_TRUE(lasts(nanoseconds::zero())) << "what was ready is gone";
    for (std::uint64_t i = 0; i < pairs.size(); ++i) {
      write_all(pairs[i].theirs, "y");
      EXPECT_TRUE(wait_for(Token{100 + i}, Readiness::read));
      poller_->remove(pairs[i].ours.get());
    }
  }
}

RULE(PollerRule, P3_5, "removing one leaves the others of its batch reported") {
  std::vector<Pair> pairs;
  for (std::uint64_t i = 0; i < 10; ++i) {
    pairs.push_back(local_pair());
    write_all(pairs.back().theirs, "x");
    ASSERT_EQ(poller_->add(pairs.back().ours.get(), Interest::read, Token{i}), 0);
  }
  for (std::size_t left = pairs.size(); left > 0; --left) {
    std::set<Token> seen;
    const std::size_t count = poller_->wait(events_, kPatience);
    for (std::size_t i = 0; i < count; ++i) seen.insert(events_[i].token);
    ASSERT_EQ(seen.size(), left);
    EXPECT_EQ(poller_->remove(pairs[left - 1].ours.get()), 0);
  }
}

RULE(PollerRule, P3_6, "added and removed a thousand times, a descriptor is served each time") {
  const Pair pair = local_pair();
  write_all(pair.theirs, "x");
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const Interest interest = i % 2 == 0 ? Interest::read : Interest::write;
    ASSERT_EQ(poller_->add(pair.ours.get(), interest, Token{i}), 0);
    if (i % 3 != 0) {
      ASSERT_TRUE(wait_for(Token{i}, interest)) << "the " << i << "th time";
    }
    ASSERT_EQ(poller_->remove(pair.ours.get()), 0);
  }
  EXPECT_EQ(poller_->wait(events_, nanoseconds::zero()), 0U);
}

}  // namespace
}  // namespace collet::conformance

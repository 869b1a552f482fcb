// SPDX-License-Identifier: MIT
// injected_faults_test.cc: each fault that a spec asks for does happen, by itself and each time. If
// one ceased to, whatever is tested under faults would pass more easily, and nobody would know.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <functional>
#include <memory>
#include <semaphore>
#include <string>
#include <vector>

#include <collet/address.h>

#include "tests/conformance/plain_socket.h"
#include "tests/support/builtin_registry.h"

namespace collet {
namespace {

using conformance::Descriptor;
using conformance::Pair;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::Ge;
using ::testing::Gt;
using ::testing::Le;
using ::testing::Lt;

struct Told {
  Operation operation{};
  bool last = false;
  int error = 0;
  std::size_t bytes = 0;
  Handle accepted{};
};

// Runs epoll with faults, and keeps what it is told.
class Loop final : private CompletionSink {
 public:
  explicit Loop(const std::string& faults)
      : proactor_(*registry().backend("fault(epoll):" + faults)->make()) {}

  Proactor* operator->() { return proactor_.get(); }
  const std::vector<Told>& told() const { return told_; }

  // Returns in how many runs it came true; 0 if it has not in a hundred.
  int run_until(const std::function<bool()>& done) {
    for (int runs = 1; runs <= 100; ++runs) {
      proactor_->run(proactor_->now() + milliseconds(10), *this);
      if (done()) return runs;
    }
    ADD_FAILURE() << "waited in vain";
    return 0;
  }

  // Runs until that is told, before or by now.
  Told wait_for(Operation operation, bool last) {
    const auto find = [&] {
      return std::ranges::find_if(
          told_, [&](const Told& one) { return one.operation == operation && one.last == last; });
    };
    run_until([&] { return find() != told_.end(); });
    return find() == told_.end() ? Told() : *find();
  }

  Handle adopt(Pair& pair) { return proactor_->adopt(pair.ours.release(), Token{7}).handle; }
  void receive(Pair& pair) { EXPECT_EQ(proactor_->start(adopt(pair)), 0); }

 private:
  void complete(Completion& completion) noexcept override {
    told_.push_back({completion.operation, completion.last, completion.error,
                     completion.lease.bytes().size(), completion.accepted});
  }

  const std::unique_ptr<Proactor> proactor_;
  std::vector<Told> told_;
};

// -- Receiving ------------------------------------------------------------------------------------

struct Arrival {
  std::vector<std::size_t> pieces;
  int runs = 0;  // until the last of them had come
};

// Of a hundred bytes that were written at once, before the first run.
Arrival arrival_with(const std::string& faults) {
  Loop loop(faults);
  Pair pair = conformance::local_pair();
  loop.receive(pair);
  conformance::write_all(pair.theirs, std::string(100, 'x'));
  Arrival arrival;
  arrival.runs = loop.run_until([&] {
    std::size_t bytes = 0;
    for (const Told& one : loop.told()) bytes += one.bytes;
    return bytes == 100;
  });
  for (const Told& one : loop.told()) arrival.pieces.push_back(one.bytes);
  return arrival;
}

TEST(InjectedFaultTest, WithoutAnyWhatWasWrittenComesWholeAndAtOnce) {
  const Arrival arrival = arrival_with("seed=1");
  EXPECT_EQ(arrival.pieces, std::vector<std::size_t>{100});
  EXPECT_EQ(arrival.runs, 1);
}

TEST(InjectedFaultTest, AShortReadMakesTwoLeasesOfOne) {
  const std::vector<std::size_t> pieces = arrival_with("short_read=1").pieces;
  EXPECT_EQ(pieces.size(), 2U);
  EXPECT_THAT(pieces, Each(AllOf(Gt(0U), Lt(100U))));
}

TEST(InjectedFaultTest, EagainLetsBytesComeOneRunLater) {
  const Arrival arrival = arrival_with("eagain=1");
  EXPECT_EQ(arrival.runs, 2);
  EXPECT_EQ(arrival.pieces, std::vector<std::size_t>{100});
}

TEST(InjectedFaultTest, ADelayLetsThemComeUpToThreeRunsLater) {
  std::vector<int> runs;
  for (int seed = 1; seed <= 20; ++seed) {
    runs.push_back(arrival_with("delay=1,seed=" + std::to_string(seed)).runs);
  }
  EXPECT_THAT(runs, Each(AllOf(Ge(2), Le(4))));
  for (const int later : {2, 3, 4}) EXPECT_THAT(runs, Contains(later));
}

// -- Sending --------------------------------------------------------------------------------------

// How many of a hundred bytes are sent on the spot.
std::size_t sent_with(const std::string& faults) {
  Loop loop(faults);
  Pair pair = conformance::local_pair();
  return loop->send_now(loop.adopt(pair), conformance::bytes_of(std::string(100, 'x')));
}

TEST(InjectedFaultTest, AShortWriteSendsSomeOnTheSpotAndEagainNothing) {
  EXPECT_EQ(sent_with("seed=1"), 100U);
  EXPECT_THAT(sent_with("short_write=1"), AllOf(Gt(0U), Lt(100U)));
  EXPECT_EQ(sent_with("eagain=1"), 0U);
}

// -- Accepting, and streams that break ------------------------------------------------------------

TEST(InjectedFaultTest, EmfileEndsAcceptingAndKeepsTheConnectionForTheNextStart) {
  Loop loop("emfile=1");
  const Handle listener = loop->listen(*parse_endpoint("127.0.0.1:0"), {}, Token{7}).handle;
  EXPECT_EQ(loop->start(listener), 0);
  const Descriptor client = conformance::dial(loop->endpoint(listener, Side::local));
  EXPECT_EQ(loop.wait_for(Operation::accept, true).error, EMFILE);
  EXPECT_EQ(loop.told().size(), 1U);
  EXPECT_EQ(loop->start(listener), 0);
  EXPECT_TRUE(loop.wait_for(Operation::accept, false).accepted);
}

// The peer's view.
void expect_reset(Loop& loop, const Descriptor& peer) {
  pollfd readable{peer.get(), POLLIN, 0};
  loop.run_until([&] { return ::poll(&readable, 1, 0) == 1; });
  char byte = 0;
  EXPECT_EQ(::recv(peer.get(), &byte, 1, MSG_DONTWAIT), -1);
  EXPECT_EQ(errno, ECONNRESET);
}

TEST(InjectedFaultTest, AResetBreaksAStreamThatReceives) {
  Loop loop("reset=1");
  Pair pair = conformance::tcp_pair();
  loop.receive(pair);
  conformance::write_all(pair.theirs, "x");
  EXPECT_EQ(loop.wait_for(Operation::receive, true).error, ECONNRESET);
  expect_reset(loop, pair.theirs);
}

TEST(InjectedFaultTest, AResetBreaksAStreamThatSends) {
  Loop loop("reset=1");
  Pair pair = conformance::tcp_pair();
  const Handle stream = loop.adopt(pair);
  EXPECT_EQ(loop->send_now(stream, conformance::bytes_of("x")), 0U);
  expect_reset(loop, pair.theirs);
  EXPECT_EQ(loop->send(stream, conformance::bytes_of("x")), 0);
  EXPECT_EQ(loop.wait_for(Operation::send, true).error, ECONNRESET);
}

// -- Waits and events of a Poller -----------------------------------------------------------------

TEST(InjectedFaultTest, EintrEndsAWaitForNothing) {
  const auto poller = *registry().backend("fault(epoll):eintr=1")->make_poller();
  std::array<Event, 4> events{};
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(poller->wait(events, seconds(10)), 0U);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(5));
}

TEST(InjectedFaultTest, ASpuriousEventIsReportedOfWhatIsSilent) {
  const auto poller = *registry().backend("fault(epoll):spurious=1")->make_poller();
  const Descriptor silent(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  EXPECT_EQ(poller->add(silent.get(), Interest::read, Token{7}), 0);
  std::array<Event, 4> events{};
  EXPECT_EQ(poller->wait(events, seconds(10)), 1U);
  EXPECT_EQ(events[0].token, Token{7});
  EXPECT_EQ(events[0].ready, Readiness::read);
}

// The order in which twenty descriptors, all ready, are reported.
std::vector<std::uint64_t> order_of_events_with(const std::string& faults) {
  const auto poller = *registry().backend("fault(epoll):" + faults)->make_poller();
  std::vector<Descriptor> ready;
  for (std::uint64_t i = 0; i < 20; ++i) {
    ready.emplace_back(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
    EXPECT_EQ(poller->add(ready.back().get(), Interest::read, Token{i}), 0);
  }
  std::array<Event, 64> events{};
  const std::size_t count = poller->wait(events, nanoseconds::zero());
  std::vector<std::uint64_t> order;
  for (std::size_t i = 0; i < count; ++i) {
    order.push_back(static_cast<std::uint64_t>(events[i].token));
  }
  return order;
}

TEST(InjectedFaultTest, ReorderedEventsAreTheSameInAnotherOrder) {
  std::vector<std::uint64_t> plain = order_of_events_with("seed=1");
  std::vector<std::uint64_t> reordered = order_of_events_with("reorder=1");
  EXPECT_EQ(plain.size(), 20U);
  EXPECT_NE(reordered, plain);
  std::ranges::sort(plain);
  std::ranges::sort(reordered);
  EXPECT_EQ(reordered, plain);
}

// -- Pools ----------------------------------------------------------------------------------------

TEST(InjectedPoolFaultTest, ADelayMakesTasksTakeUpToAMillisecondLonger) {
  const auto pool = *registry().pool("fault(inline):delay=1")->make(0);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i) {
    Task task([] {});
    EXPECT_TRUE(pool->submit(task));
  }
  // Half a millisecond each, on average.
  EXPECT_GT(std::chrono::steady_clock::now() - begin, milliseconds(30));
}

// In which order ten tasks submitted together begin, where one worker of two is held up, so that
// the other takes them one after another.
std::string order_of_tasks_with(const std::string& faults) {
  const auto pool = *registry().pool("fault(mutex):" + faults)->make(2);
  std::binary_semaphore held_up{0};
  std::binary_semaphore released{0};
  Task holds_up([&] {
    held_up.release();
    released.acquire();
  });
  EXPECT_TRUE(pool->submit(holds_up));
  held_up.acquire();
  std::string order;
  std::counting_semaphore<10> run{0};
  std::vector<Task> tasks;
  for (char name = 'a'; name < 'k'; ++name) {
    tasks.emplace_back([&order, &run, name] {
      order += name;
      run.release();
    });
  }
  EXPECT_EQ(pool->submit_bulk(tasks), tasks.size());
  for (int i = 0; i < 10; ++i) run.acquire();
  released.release();
  pool->stop(StopMode::drain);
  return order;
}

TEST(InjectedPoolFaultTest, TasksSubmittedTogetherBeginInAnotherOrder) {
  const std::string plain = order_of_tasks_with("seed=1");
  std::string reordered = order_of_tasks_with("reorder=1");
  EXPECT_EQ(plain, "abcdefghij");
  EXPECT_NE(reordered, plain);
  std::ranges::sort(reordered);
  EXPECT_EQ(reordered, plain);
}

}  // namespace
}  // namespace collet

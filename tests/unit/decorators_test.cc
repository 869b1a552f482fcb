// SPDX-License-Identifier: MIT
// decorators_test.cc: what each decorator does to the calls that go through it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <collet/address.h>
#include <collet/socket.h>
#include <collet/trace.h>

#include "tests/support/builtin_registry.h"

namespace collet {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using ::testing::HasSubstr;
using ::testing::Not;

// Everything a Proactor hands over, as text.
class Journal final : public CompletionSink {
 public:
  std::string text;

 private:
  void complete(Completion& completion) noexcept override {
    text += std::to_string(static_cast<int>(completion.operation)) + (completion.last ? "!" : ".") +
            std::to_string(completion.lease.bytes().size()) + " ";
  }
};

// -- fault ----------------------------------------------------------------------------------------

// How many bytes each of twenty send_now() calls took.
std::vector<std::size_t> sent_with(const std::string& spec) {
  const auto proactor = *registry().backend(spec)->make();
  int ends[2] = {-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
  const Handle stream = proactor->adopt(ends[0], Token{7}).handle;
  const std::array<std::byte, 100> bytes{};
  std::vector<std::size_t> sent;
  for (int i = 0; i < 20; ++i) sent.push_back(proactor->send_now(stream, bytes));
  ::close(ends[1]);
  return sent;
}

TEST(FaultTest, TheSameSeedBringsTheSameFaults) {
  const std::string spec = "fault(epoll):short_write=0.3,eagain=0.2,seed=";
  EXPECT_EQ(sent_with(spec + "5"), sent_with(spec + "5"));
  EXPECT_NE(sent_with(spec + "5"), sent_with(spec + "6"));
  EXPECT_NE(sent_with(spec + "5"), std::vector<std::size_t>(20, 100));
  EXPECT_EQ(sent_with("fault(epoll):seed=5"), std::vector<std::size_t>(20, 100));
}

TEST(FaultTest, InstancesOfOneChoiceDiffer) {
  const auto backend = *registry().backend("fault(epoll):reorder=1");
  std::array<std::string, 2> orders;
  for (std::string& order : orders) {
    const auto poller = *backend.make_poller();
    std::vector<int> ready;
    for (std::uint64_t i = 0; i < 20; ++i) {
      ready.push_back(::eventfd(1, EFD_CLOEXEC));
      EXPECT_EQ(poller->add(ready.back(), Interest::read, Token{i}), 0);
    }
    std::array<Event, 64> events{};
    const std::size_t count = poller->wait(events, nanoseconds::zero());
    EXPECT_EQ(count, ready.size());
    for (std::size_t i = 0; i < count; ++i) {
      order += std::to_string(static_cast<std::uint64_t>(events[i].token)) + " ";
    }
    for (const int fd : ready) ::close(fd);
  }
  EXPECT_NE(orders[0], orders[1]);
}

TEST(FaultTest, ADroppedWakeEndsNoWait) {
  for (const char* spec : {"fault(epoll):drop_wake=1", "fault(asio):drop_wake=1"}) {
    const auto proactor = *registry().backend(spec)->make();
    Journal journal;
    const nanoseconds deadline = proactor->now() + milliseconds(20);
    proactor->wake();
    proactor->run(deadline, journal);
    EXPECT_GE(proactor->now(), deadline) << spec;
  }
}

TEST(FaultTest, AWatchIsToldOnlyWhatHolds) {
  const auto proactor = *registry().backend("fault(epoll):spurious=1")->make();
  const int silent = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  const Handle watch = proactor->watch(silent, Interest::read, Token{7}).handle;
  EXPECT_EQ(proactor->start(watch), 0);
  Journal journal;
  for (int i = 0; i < 10; ++i) proactor->run(nanoseconds::min(), journal);
  EXPECT_EQ(journal.text, "");
  ::eventfd_write(silent, 1);
  proactor->run(nanoseconds::min(), journal);
  EXPECT_THAT(journal.text, HasSubstr("4.0"));
  ::close(silent);
}

// A listener whose queue is full leaves whoever comes next half-way.
TEST(FaultTest, ASpuriousEventEstablishesNoConnection) {
  const int listener = open_listener(*parse_endpoint("127.0.0.1:0"), {.backlog = 0});
  const Endpoint at = socket_endpoint(listener, Side::local);
  const auto proactor = *registry().backend("fault(epoll):spurious=1")->make();
  Journal journal;
  for (std::uint64_t i = 0; i < 8; ++i) proactor->connect(at, nullptr, Token{i});
  for (int i = 0; i < 50; ++i) proactor->run(nanoseconds::min(), journal);
  EXPECT_LT(journal.text.size(), 8 * std::string("1!0 ").size());
  ::close(listener);
}

// -- fault of pools -------------------------------------------------------------------------------

std::vector<Task> counting(std::atomic<int>& count, std::size_t tasks) {
  std::vector<Task> made;
  for (std::size_t i = 0; i < tasks; ++i) made.emplace_back([&count] { ++count; });
  return made;
}

TEST(FaultPoolTest, WhatIsRefusedStaysWithTheCaller) {
  const auto pool = *registry().pool("fault(mutex):refuse=1")->make(1);
  std::atomic<int> count{0};
  auto tasks = counting(count, 3);
  EXPECT_EQ(pool->submit_bulk(tasks), 0U);
  EXPECT_FALSE(pool->submit(tasks[0]));
  EXPECT_FALSE(pool->try_submit(tasks[0]));
  EXPECT_EQ(pool->stats().refused, 5U);
  for (Task& task : tasks) EXPECT_TRUE(task && task.run());
  EXPECT_EQ(count, 3);
}

TEST(FaultPoolTest, WhatTheStoppedPoolRefusesIsAsItWas) {
  const auto pool = *registry().pool("fault(mutex):throw=1,reorder=1")->make(2);
  pool->stop(StopMode::drain);
  std::string order;
  std::vector<Task> tasks;
  for (char name = 'a'; name < 'k'; ++name) {
    tasks.emplace_back([&order, name] { order += name; });
  }
  EXPECT_EQ(pool->submit_bulk(tasks), 0U);
  for (Task& task : tasks) EXPECT_TRUE(task && task.run()) << "it throws";
  EXPECT_EQ(order, "abcdefghij");
}

TEST(FaultPoolTest, ATaskThrowsAfterItsWork) {
  const auto pool = *registry().pool("fault(mutex):throw=1")->make(2);
  std::atomic<int> count{0};
  auto tasks = counting(count, 50);
  EXPECT_EQ(pool->submit_bulk(tasks), 50U);
  pool->stop(StopMode::drain);
  EXPECT_EQ(count, 50);
  EXPECT_EQ(pool->stats().threw, 50U);
}

TEST(FaultPoolTest, OneWorkerKeepsTheOrder) {
  const auto pool = *registry().pool("fault(mutex):reorder=1,delay=0.1")->make(1);
  std::string order;
  std::vector<Task> tasks;
  for (char name = 'a'; name < 'k'; ++name) {
    tasks.emplace_back([&order, name] { order += name; });
  }
  EXPECT_EQ(pool->submit_bulk(tasks), 10U);
  pool->stop(StopMode::drain);
  EXPECT_EQ(order, "abcdefghij");
}

// -- trace ----------------------------------------------------------------------------------------

std::string written_traces() {
  const int file = ::memfd_create("traces", MFD_CLOEXEC);
  write_traces(file);
  std::string text(static_cast<std::size_t>(::lseek(file, 0, SEEK_END)), '\0');
  EXPECT_EQ(::pread(file, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  ::close(file);
  return text;
}

TEST(TraceTest, CallsAndWhatCameOfThemAreRemembered) {
  const auto proactor = *registry().backend("trace(epoll)")->make();
  const int ready = ::eventfd(1, EFD_CLOEXEC);
  const Handle watch = proactor->watch(ready, Interest::read, Token{77}).handle;
  EXPECT_EQ(proactor->start(watch), 0);
  EXPECT_EQ(proactor->start(Handle{12345, 1}), EBADF);
  Journal journal;
  proactor->run(nanoseconds::min(), journal);
  const std::string text = written_traces();
  EXPECT_THAT(text, HasSubstr("trace of epoll poller 0: the last "));
  EXPECT_THAT(text, HasSubstr("epoll poller 0: add fd=" + std::to_string(ready) + " interest=1"));
  EXPECT_THAT(text, HasSubstr("epoll poller 0: wait timeout=0 room=256 = 1\n"));
  EXPECT_THAT(text, HasSubstr("epoll proactor 0: watch token=77 "));
  EXPECT_THAT(text, HasSubstr("epoll proactor 0: start handle=4294979641 = 9\n"));
  EXPECT_THAT(text, HasSubstr("epoll proactor 0: completed ready token=77 last=0 = 1\n"));
  ::close(ready);
}

TEST(TraceTest, TheOldestCallsAreForgotten) {
  const auto poller = *registry().backend("trace(epoll):entries=3")->make_poller();
  for (int fd = 1001; fd <= 1010; ++fd) poller->remove(fd);
  const std::string text = written_traces();
  EXPECT_THAT(text, HasSubstr("the last 3 of 10 calls\n"));
  EXPECT_THAT(text, Not(HasSubstr("remove fd=1007 ")));
  const auto first = text.find("remove fd=1008 = ");
  EXPECT_NE(first, text.npos);
  EXPECT_GT(text.find("remove fd=1010 = "), text.find("remove fd=1009 = "));
  EXPECT_GT(text.find("remove fd=1009 = "), first);
}

TEST(TraceTest, APoolIsTracedTooFromSubmissionToEnd) {
  const auto pool = *registry().pool("trace(mutex)")->make(1);
  std::atomic<int> count{0};
  auto tasks = counting(count, 3);
  Task throws([] { throw 5; });
  EXPECT_TRUE(pool->submit(throws));
  EXPECT_EQ(pool->submit_bulk(tasks), 3U);
  pool->stop(StopMode::drain);
  EXPECT_EQ(pool->stats().threw, 1U);
  const std::string text = written_traces();
  EXPECT_THAT(text, HasSubstr("mutex pool 0: submit task=1 = 1\n"));
  EXPECT_THAT(text, HasSubstr("mutex pool 0: submit_bulk task=2 tasks=3 = 3\n"));
  EXPECT_THAT(text, HasSubstr("mutex pool 0: end task=1 = 0\n"));
  const auto begin = text.find("mutex pool 0: begin task=4 = 0\n");
  EXPECT_NE(begin, text.npos);
  EXPECT_GT(text.find("mutex pool 0: end task=4 = 1\n"), begin);
}

TEST(TraceTest, WhatATracedPoolRefusesIsAsItWas) {
  const auto pool = *registry().pool("trace(mutex)")->make(1);
  pool->stop(StopMode::drain);
  std::atomic<int> count{0};
  auto tasks = counting(count, 3);
  EXPECT_EQ(pool->submit_bulk(tasks), 0U);
  for (Task& task : tasks) EXPECT_TRUE(task && task.run());
  EXPECT_EQ(count, 3);
  EXPECT_THAT(written_traces(), Not(HasSubstr("mutex pool 0: begin ")));
}

// -- count ----------------------------------------------------------------------------------------

TEST(CountedTest, CallsOfAllInstancesAreCounted) {
  using Kind = CallCounts::Kind;
  const auto backend = *registry().backend("count(epoll)");
  const Backend copy = backend;
  for (int i = 0; i < 2; ++i) {
    const auto proactor = *copy.make();
    const int ready = ::eventfd(1, EFD_CLOEXEC);
    EXPECT_EQ(proactor->start(proactor->watch(ready, Interest::read, Token{7}).handle), 0);
    Journal journal;
    for (int runs = 0; runs < 3; ++runs) proactor->run(nanoseconds::min(), journal);
    proactor->wake();
    ::close(ready);
  }
  const CallCounts& counts = backend.counts();
  EXPECT_EQ(counts[Kind::add], 2U);
  EXPECT_EQ(counts[Kind::wait], 6U);
  EXPECT_EQ(counts[Kind::run], 6U);
  EXPECT_EQ(counts[Kind::wake], 2U);
  EXPECT_EQ(counts[Kind::opened], 2U);
  EXPECT_EQ(counts[Kind::completions], 6U);
  EXPECT_EQ(counts[Kind::bytes_in], 0U);
}

// -- count of pools -------------------------------------------------------------------------------

TEST(CountedPoolTest, ATaskThatIsHeldUpHasALongRunTimeAndThoseBehindItALongQueueDelay) {
  constexpr milliseconds kHold(30);
  const auto choice = *registry().pool("count(mutex)");
  const auto pool = *choice.make(1);
  std::atomic<bool> begun{false};
  std::atomic<bool> released{false};
  Task first([&] {
    begun = true;
    begun.notify_one();
    released.wait(false);
  });
  Task second([] {});
  Task third([] {});
  EXPECT_TRUE(pool->submit(first));
  begun.wait(false);
  EXPECT_TRUE(pool->try_submit(second));
  EXPECT_TRUE(pool->submit(third));
  std::this_thread::sleep_for(kHold);  // what is timed
  released = true;
  released.notify_one();
  pool->stop(StopMode::drain);
  const PoolTimes::Totals times = choice.times().totals();
  EXPECT_EQ(times.tasks, 3U);
  EXPECT_EQ(times.batches, 0U);
  EXPECT_EQ(times.queue_delay.count(), 3U);
  EXPECT_EQ(times.run_time.count(), 3U);
  EXPECT_GE(times.run_time.max(), kHold);
  EXPECT_LT(times.run_time.percentile(50), kHold / 2);     // one of three
  EXPECT_GT(times.queue_delay.percentile(50), kHold / 2);  // two of them
  EXPECT_LT(times.queue_delay.min(), kHold);
}

TEST(CountedPoolTest, BatchesOfAllInstancesAreCounted) {
  const auto choice = *registry().pool("count(mutex)");
  const Pool copy = choice;
  std::atomic<int> count{0};
  for (const std::size_t size : {3U, 5U, 4U}) {
    const auto pool = *copy.make(2);
    auto tasks = counting(count, size);
    EXPECT_EQ(pool->submit_bulk(tasks), size);
    pool->stop(StopMode::drain);
  }
  EXPECT_EQ(count, 12);
  const PoolTimes::Totals times = choice.times().totals();
  EXPECT_EQ(times.tasks, 12U);
  EXPECT_EQ(times.batches, 3U);
  EXPECT_EQ(times.largest_batch, 5U);
  EXPECT_EQ(times.run_time.count(), 12U);
}

TEST(CountedPoolTest, WhatIsRefusedIsAsItWasAndNotCounted) {
  const auto choice = *registry().pool("count(mutex)");
  const auto pool = *choice.make(1);
  pool->stop(StopMode::drain);
  std::atomic<int> count{0};
  auto tasks = counting(count, 3);
  EXPECT_EQ(pool->submit_bulk(tasks), 0U);
  EXPECT_FALSE(pool->submit(tasks[0]));
  EXPECT_FALSE(pool->try_submit(tasks[0]));
  for (Task& task : tasks) EXPECT_TRUE(task && task.run());
  EXPECT_EQ(count, 3);
  const PoolTimes::Totals times = choice.times().totals();
  EXPECT_EQ(times.tasks, 0U);
  EXPECT_EQ(times.batches, 0U);
  EXPECT_EQ(times.run_time.count(), 0U);
}

TEST(CountedPoolTest, WhatIsDiscardedHasNoTimes) {
  const auto choice = *registry().pool("count(mutex)");
  const auto pool = *choice.make(1);
  std::atomic<bool> submitted{false};
  std::atomic<bool> stopped{false};
  Task first([&] {
    submitted.wait(false);
    pool->stop(StopMode::discard);
    stopped = true;
    stopped.notify_one();
  });
  std::atomic<int> count{0};
  auto others = counting(count, 3);
  EXPECT_TRUE(pool->submit(first));
  for (Task& other : others) EXPECT_TRUE(pool->submit(other));
  submitted = true;
  submitted.notify_one();
  stopped.wait(false);
  pool->stop(StopMode::drain);  // waits for the end
  EXPECT_EQ(count, 0);
  EXPECT_EQ(pool->stats().discarded, 3U);
  const PoolTimes::Totals times = choice.times().totals();
  EXPECT_EQ(times.tasks, 4U);
  EXPECT_EQ(times.queue_delay.count(), 1U);
  EXPECT_EQ(times.run_time.count(), 1U);
}

TEST(CountedPoolTest, ATaskThatThrowsIsTimedAndStillThrows) {
  const auto choice = *registry().pool("count(mutex)");
  const auto pool = *choice.make(1);
  Task throws([] { throw 5; });
  EXPECT_TRUE(pool->submit(throws));
  pool->stop(StopMode::drain);
  EXPECT_EQ(pool->stats().threw, 1U);
  EXPECT_EQ(choice.times().totals().run_time.count(), 1U);
}

}  // namespace
}  // namespace collet

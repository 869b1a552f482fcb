// SPDX-License-Identifier: MIT
// readiness_test.cc: what ReadinessProactor counts when a Poller says the wrong thing or too much.
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <collet/readiness_proactor.h>

namespace collet {
namespace {

// Says what the test tells it to, about the descriptor that was added last.
class ToldPoller final : public Poller {
 public:
  int add(int, Interest, Token token) noexcept override {
    if (full) return ENOSPC;
    last_added = token;
    return 0;
  }
  int modify(int, Interest, Token) noexcept override { return 0; }
  int remove(int) noexcept override { return 0; }
  std::size_t wait(std::span<Event> ready, std::chrono::nanoseconds) noexcept override {
    const std::size_t count = std::min(ready.size(), events.size());
    std::copy_n(events.begin(), count, ready.begin());
    events.erase(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(count));
    return count;
  }
  void wake() noexcept override {}

  Token last_added{};
  bool full = false;
  std::vector<Event> events;
};

class CountingSink final : public CompletionSink {
 public:
  void complete(Completion& completion) noexcept override {
    if (completion.last) {
      last_error = completion.error;
    } else if (completion.operation == Operation::receive) {
      ++received;
      if (keeps) kept.push_back(std::move(completion.lease));
    }
  }
  int received = 0;
  int last_error = 0;
  bool keeps = false;
  std::vector<Lease> kept;
};

class ReadinessTest : public ::testing::Test {
 protected:
  void make(const ReadinessLimits& limits) {
    auto poller = std::make_unique<ToldPoller>();
    poller_ = poller.get();
    proactor_ = make_readiness_proactor(std::move(poller), limits);
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    peer_ = ends[1];
    stream_ = proactor_->adopt(ends[0], Token{1}).handle;
    EXPECT_EQ(proactor_->start(stream_), 0);
  }
  ~ReadinessTest() override { ::close(peer_); }

  bool run() { return proactor_->run(std::chrono::nanoseconds::min(), sink_); }

  ToldPoller* poller_ = nullptr;
  std::unique_ptr<Proactor> proactor_;
  CountingSink sink_;
  int peer_ = -1;
  Handle stream_;
};

TEST_F(ReadinessTest, AnEventForAHandleThatIsClosedIsDroppedAndCounted) {
  make({});
  EXPECT_EQ(::write(peer_, "x", 1), 1);
  proactor_->close(stream_, false);
  poller_->events = {{poller_->last_added, Readiness::read}};
  run();
  EXPECT_EQ(sink_.received, 0);
  EXPECT_EQ(proactor_->counters().stale_events, 1U);
}

TEST_F(ReadinessTest, APassThatEndsAtItsBoundSaysSoAndIsCounted) {
  make({.events = 1});
  EXPECT_EQ(::write(peer_, "x", 1), 1);
  poller_->events = {{poller_->last_added, Readiness::read}};
  EXPECT_FALSE(run());
  EXPECT_EQ(sink_.received, 1);
  EXPECT_EQ(proactor_->counters().bounded_passes, 1U);
  EXPECT_TRUE(run());
  EXPECT_EQ(proactor_->counters().bounded_passes, 1U);
}

// Where its descriptor was forgotten for want of a lease, no event would ever tell.
TEST_F(ReadinessTest, AStreamThatFindsNoRoomAfterWaitingForALeaseEndsInTheError) {
  make({.slab_bytes = 1024, .receive_bytes = 1024, .slabs = 1});
  sink_.keeps = true;
  EXPECT_EQ(::write(peer_, std::string(2048, 'x').data(), 2048), 2048);
  for (int i = 0; i < 2; ++i) {
    poller_->events = {{poller_->last_added, Readiness::read}};
    run();
  }
  EXPECT_EQ(sink_.received, 1);
  EXPECT_EQ(proactor_->counters().lease_waits, 1U);
  poller_->full = true;
  sink_.kept.clear();
  run();
  run();
  EXPECT_EQ(sink_.last_error, ENOSPC);
}

}  // namespace
}  // namespace collet

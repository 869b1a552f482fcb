// SPDX-License-Identifier: MIT
// readiness_test.cc: what ReadinessProactor counts when a Poller says the wrong thing or too much.
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
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
  std::vector<Event> events;
};

class CountingSink final : public CompletionSink {
 public:
  void complete(Completion& completion) noexcept override {
    if (completion.operation == Operation::receive && !completion.last) ++received;
  }
  int received = 0;
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

}  // namespace
}  // namespace collet

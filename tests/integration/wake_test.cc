// SPDX-License-Identifier: MIT
// wake_test.cc: handlers that are called from outside, on every backend and pool.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "tests/support/every_cell.h"

namespace collet::integration {
namespace {

// Who is connected, for handlers that speak to one another.
class Room {
 public:
  void enter(const Handler* who, const Waker& waker) {
    const std::lock_guard lock(mutex_);
    wakers_[who] = waker;
    all_.push_back(waker);
  }
  void leave(const Handler* who) {
    const std::lock_guard lock(mutex_);
    wakers_.erase(who);
    left_.notify_all();
  }
  void wait_until_empty() {
    std::unique_lock lock(mutex_);
    left_.wait(lock, [this] { return wakers_.empty(); });
  }
  void say(const std::string& what) {
    const std::lock_guard lock(mutex_);
    said_ += what;
    for (const auto& [who, waker] : wakers_) waker.wake();
  }
  std::string said_since(std::size_t begin) {
    const std::lock_guard lock(mutex_);
    ++woken_;
    return said_.substr(begin);
  }
  int woken() {
    const std::lock_guard lock(mutex_);
    return woken_;
  }
  // Of those who have left too.
  std::vector<Waker> all_who_came() {
    const std::lock_guard lock(mutex_);
    return all_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable left_;
  int woken_ = 0;
  std::map<const Handler*, Waker> wakers_;
  std::vector<Waker> all_;
  std::string said_;
};

// Sends what anybody says, its own client included, to its client.
class Guest final : public Handler {
 public:
  explicit Guest(Room& room) : room_(room) {}
  ~Guest() override { room_.leave(this); }

  void on_attach(const Waker& waker) noexcept override { room_.enter(this, waker); }
  void on_data(std::span<const std::byte> bytes, Output&) override {
    room_.say(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }
  void on_wake(Output& out) override {
    const std::string news = room_.said_since(heard_);
    heard_ += news.size();
    out.write(news);
  }

 private:
  Room& room_;
  std::size_t heard_ = 0;
};

class WakeTest : public CellTest {
 protected:
  Server open_room(ServerOptions options = loopback()) {
    return serve(options, [this] { return std::make_unique<Guest>(room_); });
  }

  Room room_;
};
INSTANTIATE_TEST_SUITE_P(EveryCell, WakeTest, ::testing::ValuesIn(every_cell()), name_of_cell);

TEST_P(WakeTest, LetsOneConnectionSpeakToAll) {
  ServerOptions options = loopback();
  options.loops = 2;
  const Server server = open_room(options);
  const std::vector<Descriptor> guests = dial_many(server->endpoint(), 20);
  for (const Descriptor& guest : guests) {
    write_all(guest, "here");
    ASSERT_EQ(read_up_to(guest, 4), "here");
  }
  // Those who came first have heard the others arrive, those who came last have heard all before.
  for (const Descriptor& guest : guests) read_up_to(guest, 4 * 19);
  write_all(guests[7], "hello everybody");
  for (const Descriptor& guest : guests) EXPECT_EQ(read_up_to(guest, 15), "hello everybody");
}

TEST_P(WakeTest, FromManyThreadsLosesNothing) {
  constexpr int kThreads = 4;
  constexpr int kEach = 500;
  const Server server = open_room();
  const Descriptor guest = dial(server->endpoint());
  write_all(guest, "!");
  ASSERT_EQ(read_up_to(guest, 1), "!");
  std::vector<std::thread> speakers;
  for (int i = 0; i < kThreads; ++i) {
    speakers.emplace_back([this, i] {
      for (int n = 0; n < kEach; ++n) room_.say(std::string(1, static_cast<char>('a' + i)));
    });
  }
  const std::string heard = read_up_to(guest, kThreads * kEach);
  for (std::thread& speaker : speakers) speaker.join();
  for (int i = 0; i < kThreads; ++i) {
    EXPECT_EQ(std::count(heard.begin(), heard.end(), static_cast<char>('a' + i)), kEach);
  }
}

TEST_P(WakeTest, OfAConnectionThatHasGoneReachesNobodyElse) {
  const Server server = open_room();
  for (int round = 0; round < 5; ++round) {
    const Descriptor guest = dial(server->endpoint());
    write_all(guest, "x");
    ASSERT_EQ(read_up_to(guest, 1), "x");
  }
  room_.wait_until_empty();
  const std::vector<Waker> gone = room_.all_who_came();
  const Descriptor newcomer = dial(server->endpoint());
  write_all(newcomer, "y");
  ASSERT_EQ(read_up_to(newcomer, 6), "xxxxxy");
  const int woken = room_.woken();
  for (const Waker& waker : gone) waker.wake();
  room_.say("z");
  EXPECT_EQ(read_up_to(newcomer, 1), "z");
  EXPECT_EQ(room_.woken(), woken + 1);
}

TEST_P(WakeTest, WhileTheServerDrainsHurtsNobody) {
  auto server = open_room();
  const std::vector<Descriptor> guests = dial_many(server->endpoint(), 10);
  for (const Descriptor& guest : guests) write_all(guest, "x");
  for (const Descriptor& guest : guests) ASSERT_EQ(read_up_to(guest, 10).size(), 10U);
  std::atomic<bool> over{false};
  std::thread speaker([&] {
    while (!over) room_.say("?");
  });
  server->drain();
  for (const Descriptor& guest : guests) ::shutdown(guest.get(), SHUT_WR);
  server->wait();
  over = true;
  speaker.join();
}

// Takes one piece each time it is let.
class Gate final : public Handler {
 public:
  Gate(Room& room, std::atomic<std::size_t>& taken) : room_(room), taken_(taken) {}
  ~Gate() override { room_.leave(this); }

  void on_attach(const Waker& waker) noexcept override { room_.enter(this, waker); }
  void on_data(std::span<const std::byte> bytes, Output& out) override {
    taken_ += bytes.size();
    out.write(bytes);
    out.pause();
  }

 private:
  Room& room_;
  std::atomic<std::size_t>& taken_;
};

TEST_P(WakeTest, APausedHandlerHoldsItsPeerUpUntilItIsWoken) {
  std::atomic<std::size_t> taken{0};
  const Server server =
      serve(loopback(), [this, &taken] { return std::make_unique<Gate>(room_, taken); });
  const Descriptor client = dial(server->endpoint());
  std::size_t sent = 0;
  EndlessPattern out;
  // Until nothing moves any more: what is not taken fills the kernel's buffers.
  for (int quiet = 0; quiet < 3;) {
    const std::size_t now = out.send_at_once(client);
    sent += now;
    pollfd writable{client.get(), POLLOUT, 0};
    quiet = now == 0 && ::poll(&writable, 1, 50) == 0 ? quiet + 1 : 0;
  }
  EXPECT_LT(taken, sent / 2);
  std::thread lets([this, &taken, sent] {
    while (taken < sent) room_.say("go on");
  });
  EXPECT_EQ(EndlessPattern().receive(client, sent), sent);
  lets.join();
}

TEST_P(WakeTest, APausedHandlerMayFinish) {
  const Server server = serve(loopback(), {.on_data = [](Bytes bytes, Output& out) {
                                out.write(bytes);
                                out.pause();
                                out.finish();
                              }});
  const Descriptor client = dial(server->endpoint());
  expect_echo(client);
  EXPECT_TRUE(at_end(client));
}

}  // namespace
}  // namespace collet::integration

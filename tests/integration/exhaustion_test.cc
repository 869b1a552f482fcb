// SPDX-License-Identifier: MIT
// exhaustion_test.cc: more clients than descriptors, or than the limit: those that are in are
// served, those that are not wait in the accept queue, and waiting costs next to nothing.
#include <sys/resource.h>

#include <algorithm>
#include <span>
#include <thread>

#include "tests/support/every_cell.h"

namespace collet::integration {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kEnough = 200;  // descriptors, for a server and forty clients
constexpr milliseconds kSoon = kSanitized ? milliseconds(5000) : milliseconds(1000);

milliseconds cpu_time_of_this_process() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto sum = [](const timeval& a) { return a.tv_sec * 1000 + a.tv_usec / 1000; };
  return milliseconds(sum(usage.ru_utime) + sum(usage.ru_stime));
}

// While it lives, `count` more descriptors can be opened in this process.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(std::size_t count) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const Descriptor lowest_free(::dup(STDERR_FILENO));
    const rlimit limit{static_cast<rlim_t>(lowest_free.get()) + count, before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  }
  ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

 private:
  rlimit before_{};
};

// While it lives, only `spare` of those that the limit allows are left. The limit itself stays:
// some systems look at it when accepting begins, and not again.
class FewDescriptors {
 public:
  explicit FewDescriptors(std::size_t spare) {
    for (int fd; (fd = ::dup(STDERR_FILENO)) >= 0;) taken_.emplace_back(fd);
    EXPECT_EQ(errno, EMFILE);
    EXPECT_GE(taken_.size(), spare);
    taken_.resize(taken_.size() - spare);
  }

 private:
  std::vector<Descriptor> taken_;
};

class ExhaustionTest : public CellTest {
 protected:
  static ServerOptions at_most(std::size_t connections) {
    ServerOptions options = loopback();
    options.max_connections = connections;
    return options;
  }

  // Sockets that can be connected when no descriptor is left.
  static std::vector<Descriptor> make_sockets(std::size_t count) {
    std::vector<Descriptor> sockets;
    for (std::size_t i = 0; i < count; ++i) {
      sockets.push_back(conformance::patient(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)));
    }
    return sockets;
  }

  static void connect_and_ask(const Endpoint& to, const std::vector<Descriptor>& clients) {
    for (const Descriptor& client : clients) {
      ASSERT_EQ(::connect(client.get(), to.address(), to.length), 0);
      write_all(client, "hello");
    }
  }

  static std::size_t count_answered(const std::vector<Descriptor>& clients) {
    std::size_t answered = 0;
    for (const Descriptor& client : clients) answered += is_readable(client) ? 1U : 0U;
    return answered;
  }

  // For that time nothing more happens than that old clients are served, and it costs little: a
  // listener left watched would be ready all the time. A second shows the back-off from its densest
  // part (10, 20, 40 ms...) to its cap of one try in half a second, which is 27 tries in ten.
  static void expect_calm(TcpServer& server, std::span<const Descriptor> served,
                          milliseconds time) {
    const ServerStats before = server.stats();
    const milliseconds cpu_before = cpu_time_of_this_process();
    const auto until = steady_clock::now() + time;
    while (steady_clock::now() < until) {
      for (const Descriptor& client : served) expect_echo(client);
      std::this_thread::sleep_for(milliseconds(100));  // the pace of this load
    }
    const ServerStats after = server.stats();
    EXPECT_LE(after.accept_failures - before.accept_failures, 10U);
    EXPECT_LE(after.loops.passes - before.loops.passes, 500U);
    EXPECT_LE((cpu_time_of_this_process() - cpu_before).count(), kSanitized ? 500 : 100);
  }
};
INSTANTIATE_TEST_SUITE_P(EveryCell, ExhaustionTest, ::testing::ValuesIn(every_cell()),
                         name_of_cell);

TEST_P(ExhaustionTest, OfDescriptorsPausesAcceptingUntilOneIsFree) {
  const DescriptorLimit limit(kEnough);
  const auto server = serve(at_most(1'000'000));
  expect_echo(dial(server->endpoint()));  // whatever is opened at first use is open now
  journal_.wait_for(1);
  Descriptor spare(::dup(STDERR_FILENO));
  const std::vector<Descriptor> clients = make_sockets(12);
  {
    const FewDescriptors few(4);
    connect_and_ask(server->endpoint(), clients);
    ASSERT_TRUE(eventually([&] { return count_answered(clients) == 4; }));
    ASSERT_TRUE(eventually([&] { return server->stats().accept_failures > 0; }));
    const std::span<const Descriptor> served(clients.data(), 4);
    for (const Descriptor& client : served) EXPECT_EQ(read_up_to(client, 5), "hello");
    expect_calm(*server, served, milliseconds(1000));

    spare.close();  // one that the server knows nothing of
    EXPECT_TRUE(eventually([&] { return is_readable(clients[4]); }, kSoon));
    end_sending(clients[0]);  // one of its own
    EXPECT_TRUE(eventually([&] { return is_readable(clients[5]); }, kSoon));
    EXPECT_FALSE(is_readable(clients[6]));
  }
  EXPECT_TRUE(eventually([&] { return count_answered(clients) == 12 - 3; }, kSoon));
}

// A descriptor that is free serves one of the listeners: they must not all try for it.
TEST_P(ExhaustionTest, OfDescriptorsIsAsCalmWithSeveralListeners) {
  ServerOptions options = at_most(1'000'000);
  options.loops = 4;
  const DescriptorLimit limit(kEnough);
  const auto server = serve(options);
  expect_echo(dial(server->endpoint()));
  journal_.wait_for(1);
  std::vector<Descriptor> clients = make_sockets(40);
  {
    const FewDescriptors few(4);
    connect_and_ask(server->endpoint(), clients);
    ASSERT_TRUE(eventually([&] { return count_answered(clients) == 4; }));
    ASSERT_TRUE(eventually([&] { return server->stats().accept_failures > 0; }));
    expect_calm(*server, {}, milliseconds(1000));
    const auto served = std::find_if(clients.begin(), clients.end(), is_readable);
    EXPECT_EQ(read_up_to(*served, 5), "hello");
    end_sending(*served);  // it sees the end of the stream, and another one is answered
    EXPECT_TRUE(eventually([&] { return count_answered(clients) == 5; }, kSoon));
  }
  EXPECT_TRUE(eventually([&] { return count_answered(clients) == 40; }, kSoon));
}

TEST_P(ExhaustionTest, OfTheLimitAcceptsExactlySoManyUntilOneGoes) {
  const auto server = serve(at_most(4));
  std::vector<Descriptor> clients = make_sockets(12);
  connect_and_ask(server->endpoint(), clients);
  const std::span<const Descriptor> served(clients.data(), 4);
  for (const Descriptor& client : served) EXPECT_EQ(read_up_to(client, 5), "hello");
  expect_calm(*server, served, milliseconds(200));
  EXPECT_EQ(server->stats().connections.opened, 4U);
  EXPECT_EQ(server->stats().accept_failures, 0U);
  for (std::size_t gone = 0; gone < 8; ++gone) {
    clients[gone].close();
    EXPECT_TRUE(eventually([&] { return is_readable(clients[gone + 4]); }, kSoon));
    EXPECT_EQ(server->stats().open.front(), 4U);
    EXPECT_EQ(server->stats().connections.opened, gone + 5);
  }
}

TEST_P(ExhaustionTest, OfTheLimitByABurstKeepsToItAtEveryMoment) {
  constexpr std::size_t kClients = 300;
  allow_many_descriptors();
  const auto server = serve(at_most(10));
  const std::vector<Descriptor> clients = dial_many(server->endpoint(), kClients);
  for (const Descriptor& client : clients) write_all(client, "hello");
  std::size_t most = 0;
  for (const Descriptor& client : clients) {
    EXPECT_EQ(read_up_to(client, 5), "hello");
    most = std::max(most, server->stats().open.front());
    end_sending(client);
  }
  EXPECT_EQ(most, 10U);
}

// -- Several loops -------------------------------------------------------------------------------

class SharedLimitTest : public ExhaustionTest {
 protected:
  // `over`: how many may be accepted by other loops in the moment in which the limit is reached.
  void expect_kept_by(ListenMode mode, std::size_t over) {
    constexpr std::size_t kClients = 200;
    ServerOptions options = at_most(10);
    options.loops = 3;
    options.listen_mode = mode;
    const auto server = serve(options);
    std::vector<Descriptor> clients = dial_many(server->endpoint(), kClients);
    for (const Descriptor& client : clients) write_all(client, "hello");
    std::size_t most = 0;
    for (std::size_t served = 0; served < kClients; ++served) {
      ASSERT_TRUE(eventually([&] { return count_answered(clients) > 0; }));
      const ServerStats stats = server->stats();
      most = std::max(most, stats.open[0] + stats.open[1] + stats.open[2]);
      const auto next = std::find_if(clients.begin(), clients.end(), is_readable);
      EXPECT_EQ(read_up_to(*next, 5), "hello");
      clients.erase(next);
    }
    EXPECT_LE(most, 10 + over);
  }
};
INSTANTIATE_TEST_SUITE_P(EveryBackend, SharedLimitTest, ::testing::ValuesIn(every_backend()),
                         name_of_cell);

TEST_P(SharedLimitTest, IsKeptByHandoff) { expect_kept_by(ListenMode::handoff, 0); }
TEST_P(SharedLimitTest, IsKeptByReuseport) { expect_kept_by(ListenMode::reuseport, 2); }

}  // namespace
}  // namespace collet::integration

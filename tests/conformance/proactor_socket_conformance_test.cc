// SPDX-License-Identifier: MIT
// proactor_socket_conformance_test.cc: listening, accepting, connecting, handing over and watching,
// for every backend.
#include <sys/eventfd.h>

#include <vector>

#include "tests/conformance/proactor_fixture.h"

namespace collet::conformance {
namespace {

class ProactorSocketTest : public ProactorTest {
 protected:
  Endpoint where(const Named& named) { return driver()->endpoint(named.handle, Side::local); }

  Named accepting(const Endpoint& at) {
    const Named listener = driver().listen(at);
    EXPECT_EQ(driver().start(listener, Operation::accept), 0);
    return listener;
  }

  // The next stream that `listener` has accepted and no test has taken yet.
  Named accepted(const Named& listener) {
    driver().run_until([&] { return !driver()[listener].accepted.empty(); });
    const Named stream = driver().take(driver()[listener].accepted.front());
    driver()[listener].accepted.erase(driver()[listener].accepted.begin());
    return stream;
  }

  // Whether this machine has the family at all.
  static bool has_family(const Endpoint& at) {
    const Descriptor probe(open_listener(at, {}));
    return probe.get() >= 0;
  }
};

INSTANTIATE_TEST_SUITE_P(EveryBackend, ProactorSocketTest, ::testing::ValuesIn(backend_names()),
                         name_of_parameter);

// Sends back whatever comes, until the peer ends.
void serve_echo(ProactorDriver& driver, const Named& stream) {
  EXPECT_EQ(driver.start(stream), 0);
  const auto reply = std::make_shared<std::string>();
  driver.on(stream, [&driver, stream, reply](Completion&) {
    Seen& seen = driver[stream];
    const bool sending = seen.begun[Operation::send] != seen.last[Operation::send];
    if (sending || seen.received.empty()) return;
    *reply = std::exchange(seen.received, {});
    EXPECT_EQ(driver.send(stream, *reply), 0);
  });
}

// -- Echo over every family -----------------------------------------------------------------------

TEST_P(ProactorSocketTest, EchoesOverEveryFamily) {
  const UnixPath path;
  for (const Endpoint& at : {endpoint("127.0.0.1:0"), endpoint("[::1]:0"), path.at()}) {
    if (!has_family(at)) continue;
    const Named listener = accepting(at);
    const Named client = driver().connect(where(listener));
    driver().run_until_last(client, Operation::connect);
    ASSERT_EQ(driver()[client].error[Operation::connect], 0) << format_endpoint(at);
    const Named served = accepted(listener);
    serve_echo(driver(), served);
    EXPECT_EQ(driver()->endpoint(client.handle, Side::peer), where(listener));
    EXPECT_EQ(where(served), where(listener));

    const std::string text = pattern(300'000);
    driver().start(client);
    driver().send(client, text);
    driver().run_until_received(client, text.size());
    EXPECT_TRUE(driver()[client].received == text);
    driver().close_all();
  }
}

TEST_P(ProactorSocketTest, TalksToEveryOtherBackend) {
  for (const std::string& other_name : backend_names()) {
    ProactorDriver other(make_proactor(other_name));
    const Named listener = accepting(endpoint("127.0.0.1:0"));
    const Named client = other.connect(where(listener));
    while (other[client].last[Operation::connect] == 0) {
      other.run(other->now() + milliseconds(1));
      driver().run_what_is_ready();
    }
    serve_echo(driver(), accepted(listener));
    const std::string text = pattern(100'000);
    other.start(client);
    other.send(client, text);
    const nanoseconds limit = other->now() + std::chrono::seconds(kPatienceSeconds);
    while (other[client].received.size() < text.size() && other->now() < limit) {
      other.run(other->now() + milliseconds(1));
      driver().run_what_is_ready();
    }
    EXPECT_TRUE(other[client].received == text) << other_name;
    other.close_all();
    driver().close_all();
  }
}

// -- Listening ------------------------------------------------------------------------------------

TEST_P(ProactorSocketTest, PortZeroLetsTheKernelChoose) {
  const Named listener = driver().listen("127.0.0.1:0");
  EXPECT_GT(port_of(where(listener)), 0);
}

TEST_P(ProactorSocketTest, APortInUseIsRefusedUnlessShared) {
  const Named exclusive = driver().listen("127.0.0.1:0");
  const Opened refused = driver()->listen(where(exclusive), {}, Token{99});
  EXPECT_EQ(refused.error, EADDRINUSE);
  EXPECT_FALSE(refused.handle);

  const ListenOptions share{.share_port = true};
  const Named first = driver().listen(endpoint("127.0.0.1:0"), share);
  const Named second = driver().listen(where(first), share);
  EXPECT_EQ(where(first), where(second));
}

TEST_P(ProactorSocketTest, AListenerIsSilentUntilStarted) {
  const Named listener = driver().listen("127.0.0.1:0");
  const Descriptor early = dial(where(listener));
  driver().run_for_a_while();
  EXPECT_TRUE(driver()[listener].accepted.empty());
  driver().start(listener, Operation::accept);
  accepted(listener);
}

TEST_P(ProactorSocketTest, AUnixPathInUseIsRefusedAndALeftoverTakenOver) {
  const UnixPath path;
  const Named first = driver().listen(path.at());
  EXPECT_EQ(driver()->listen(path.at(), {}, Token{99}).error, EADDRINUSE);
  driver().close(first);
  driver().run_until_last(first, Operation::close);
  EXPECT_FALSE(path.exists());

  Descriptor crashed(open_listener(path.at(), {}));
  crashed.close();
  EXPECT_TRUE(path.exists());
  const Named second = accepting(path.at());
  const Descriptor client = dial(path.at());
  accepted(second);
}

TEST_P(ProactorSocketTest, AReleasedSocketIsNonBlockingAndNotInherited) {
  const Named listener = accepting(endpoint("127.0.0.1:0"));
  const Descriptor client = dial(where(listener));
  const Named stream = accepted(listener);
  const int fd = driver().release(stream);
  ASSERT_GE(fd, 0);
  const Descriptor released(fd);
  EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
}

TEST_P(ProactorSocketTest, AcceptingWithoutDescriptorsEndsWithTheErrorAndStartsAgain) {
  const Named listener = accepting(endpoint("127.0.0.1:0"));
  const Descriptor old_client = dial(where(listener));
  const Named old_stream = accepted(listener);
  driver().start(old_stream);
  write_all(old_client, "old clients ");
  driver().run_until_received(old_stream, 12);
  driver()->stop(listener.handle);
  driver().run_until_last(listener, Operation::accept);
  driver().keep_leases(true);  // the undefined-behaviour sanitizer needs a descriptor to see one go

  const Descriptor client = dial(where(listener));
  {
    const NoMoreDescriptors none;
    for (int ends = 2; ends <= 3; ++ends) {
      driver().start(listener, Operation::accept);
      driver().run_until_last(listener, Operation::accept, ends);
      EXPECT_EQ(driver()[listener].error[Operation::accept], EMFILE);
      driver().run_for_a_while();
    }
    write_all(old_client, "go on");
    driver().run_until_received(old_stream, 17);
  }
  driver().start(listener, Operation::accept);
  accepted(listener);
}

// Whether a connection to `at` is established within 50 ms.
bool gets_through(const Endpoint& at) {
  const Descriptor socket(open_stream_socket(at.family()));
  if (::connect(socket.get(), at.address(), at.length) == 0) return true;
  if (errno != EINPROGRESS) return false;
  pollfd writable{socket.get(), POLLOUT, 0};
  return ::poll(&writable, 1, 50) == 1 && socket_error(socket.get()) == 0;
}

TEST_P(ProactorSocketTest, AListenerThatWasShutDownDeliversItsQueueAndRefusesNewOnes) {
  const UnixPath path;
  for (const Endpoint& at : {endpoint("127.0.0.1:0"), path.at()}) {
    const Named listener = driver().listen(at);
    const Endpoint bound = where(listener);
    std::vector<Descriptor> queued;
    for (int i = 0; i < 5; ++i) queued.push_back(dial(bound));
    EXPECT_EQ(driver()->shutdown(listener.handle), 0);
    EXPECT_FALSE(gets_through(bound));
    driver().start(listener, Operation::accept);
    for (const Descriptor& client : queued) {
      const Named stream = accepted(listener);
      driver().start(stream);
      write_all(client, "served");
      driver().run_until_received(stream, 6);
    }
    driver().close_all();
  }
}

TEST_P(ProactorSocketTest, ASuccessorOnTheSamePathOutlivesTheListenerThatWasShutDown) {
  const UnixPath path;
  const Named old_listener = driver().listen(path.at());
  driver()->shutdown(old_listener.handle);
  const Named successor = accepting(path.at());
  driver().close(old_listener);
  driver().run_until_last(old_listener, Operation::close);
  ASSERT_TRUE(path.exists());
  const Descriptor client = dial(path.at());
  accepted(successor);
}

// -- Connecting -----------------------------------------------------------------------------------

// The outcome of connecting, whenever it is known.
int connect_error(ProactorDriver& driver, const Endpoint& to) {
  int error = 0;
  const Named stream = driver.connect(to, error);
  if (error != 0) return error;
  driver.run_until_last(stream, Operation::connect);
  EXPECT_FALSE(driver[stream].last[Operation::close]);
  return driver[stream].error[Operation::connect];
}

TEST_P(ProactorSocketTest, ConnectingToNobodyIsRefused) {
  const Named listener = driver().listen("127.0.0.1:0");
  const Endpoint gone = where(listener);
  driver().close(listener);
  driver().run_until_last(listener, Operation::close);
  EXPECT_EQ(connect_error(driver(), gone), ECONNREFUSED);
}

TEST_P(ProactorSocketTest, ConnectingToAMissingPathSaysSo) {
  const UnixPath path;
  EXPECT_EQ(connect_error(driver(), path.at()), ENOENT);
  Descriptor crashed(open_listener(path.at(), {}));
  crashed.close();
  EXPECT_EQ(connect_error(driver(), path.at()), ECONNREFUSED);
}

TEST_P(ProactorSocketTest, ConnectingToAFullQueueIsAnError) {
  const UnixPath path;
  const Descriptor listener(open_listener(path.at(), {.backlog = 0}));
  const Descriptor first = dial(path.at());
  EXPECT_EQ(connect_error(driver(), path.at()), EAGAIN);
}

TEST_P(ProactorSocketTest, ConnectingFromAnAddressUsesIt) {
  const Named listener = accepting(endpoint("127.0.0.1:0"));
  const Endpoint from = endpoint("127.0.0.9:0");
  int error = 0;
  const Named client = driver().connect(where(listener), error, &from);
  ASSERT_EQ(error, 0);
  driver().run_until_last(client, Operation::connect);
  Endpoint local = where(client);
  set_port(local, 0);
  EXPECT_EQ(format_endpoint(local), format_endpoint(from));
  const Endpoint not_ours = endpoint("203.0.113.1:0");
  EXPECT_EQ(driver()->connect(where(listener), &not_ours, Token{99}).error, EADDRNOTAVAIL);
}

// -- Handing over ---------------------------------------------------------------------------------

TEST_P(ProactorSocketTest, AnAcceptedStreamCanMoveToAnotherProactor) {
  ProactorDriver other(make_proactor(GetParam()));
  const Named listener = accepting(endpoint("127.0.0.1:0"));
  const Descriptor client = dial(where(listener));
  write_all(client, "sent before the move, ");
  const Named stream = accepted(listener);
  const int fd = driver().release(stream);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(driver()->start(stream.handle), EBADF);

  const Named moved = other.adopt(Descriptor(fd));
  other.start(moved);
  write_all(client, "and after it");
  other.run_until_received(moved, 34);
  EXPECT_EQ(other[moved].received, "sent before the move, and after it");
  driver().run_for_a_while();
  other.close_all();
}

TEST_P(ProactorSocketTest, AStreamInUseCannotBeReleased) {
  const Named listener = accepting(endpoint("127.0.0.1:0"));
  const Descriptor client = dial(where(listener));
  const Named stream = accepted(listener);
  driver().start(stream);
  EXPECT_EQ(driver().release(stream), -1);
  EXPECT_EQ(driver().release(listener), -1);
  write_all(client, "unharmed");
  driver().run_until_received(stream, 8);
}

TEST_P(ProactorSocketTest, AdoptingWhatIsNoDescriptorFails) {
  EXPECT_EQ(driver()->adopt(-1, Token{99}).error, EBADF);
}

// -- Watching -------------------------------------------------------------------------------------

TEST_P(ProactorSocketTest, AWatchReportsWhileTheConditionHolds) {
  const Descriptor event(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  const Named watch = driver().watch(event.get(), Interest::read);
  driver().start(watch, Operation::ready);
  driver().run_for_a_while();
  EXPECT_EQ(driver()[watch].ready, Readiness::none);

  ::eventfd_write(event.get(), 1);
  driver().run_until([&] { return driver()[watch].more[Operation::ready] >= 3; });
  EXPECT_TRUE(has(driver()[watch].ready, Readiness::read));
  ::eventfd_t value = 0;
  ::eventfd_read(event.get(), &value);
  driver().run_what_is_ready();
  const int reports = driver()[watch].more[Operation::ready];
  driver().run_for_a_while();
  EXPECT_LE(driver()[watch].more[Operation::ready], reports + 1);

  ::eventfd_write(event.get(), 1);
  driver().run_until([&] { return driver()[watch].more[Operation::ready] > reports + 1; });
  driver().close(watch);
  driver().run_until_last(watch, Operation::close);
  EXPECT_EQ(::eventfd_write(event.get(), 1), 0) << "closing a watch leaves the descriptor open";
}

TEST_P(ProactorSocketTest, AWatchReportsWritabilityAndHangUp) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  Descriptor reader(ends[0]);
  const Descriptor writer(ends[1]);
  const Named writing = driver().watch(writer.get(), Interest::write);
  driver().start(writing, Operation::ready);
  driver().run_until([&] { return has(driver()[writing].ready, Readiness::write); });
  driver().close(writing);
  driver().run_until_last(writing, Operation::close);

  const Named failing = driver().watch(writer.get(), Interest::none);
  driver().start(failing, Operation::ready);
  driver().run_what_is_ready();
  EXPECT_EQ(driver()[failing].ready, Readiness::none);
  reader.close();
  driver().run_until(
      [&] { return has(driver()[failing].ready, Readiness::error | Readiness::hang_up); });
  driver().close(failing);
  driver().run_until_last(failing, Operation::close);
}

TEST_P(ProactorSocketTest, AStoppedWatchIsSilentAndStartsAgain) {
  const Descriptor event(::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC));
  const Named watch = driver().watch(event.get(), Interest::read);
  for (int i = 1; i <= 3; ++i) {
    driver().start(watch, Operation::ready);
    driver()[watch].ready = Readiness::none;
    driver().run_until([&] { return has(driver()[watch].ready, Readiness::read); });
    driver()->stop(watch.handle);
    driver().run_until_last(watch, Operation::ready, i);
    const int reports = driver()[watch].more[Operation::ready];
    driver().run_for_a_while();
    EXPECT_EQ(driver()[watch].more[Operation::ready], reports);
  }
  driver().close(watch);
  driver().run_until_last(watch, Operation::close);
}

}  // namespace
}  // namespace collet::conformance

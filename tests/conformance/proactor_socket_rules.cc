// SPDX-License-Identifier: MIT
// proactor_socket_rules.cc: the rules of <collet/proactor.h> about listening, accepting,
// connecting, handing over and watching.
#include <sys/eventfd.h>

#include <vector>

#include "tests/conformance/proactor_rule.h"

namespace collet::conformance {
namespace {

// Whether this machine has the family at all.
bool has_family(const Endpoint& at) {
  const Descriptor probe(open_listener(at, {}));
  return probe.get() >= 0;
}

// -- R10: echo over every family -----------------------------------------------------------------

RULE(ProactorRule, R10_1, "a server echoes over IPv4, IPv6 and Unix sockets") {
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

// -- Listening ------------------------------------------------------------------------------------

RULE(ProactorRule, R10_4, "port 0 lets the kernel choose") {
  const Named listener = driver().listen("127.0.0.1:0");
  EXPECT_GT(port_of(where(listener)), 0);
}

RULE(ProactorRule, R10_5, "a port in use is EADDRINUSE unless both share it") {
  const Named exclusive = driver().listen("127.0.0.1:0");
  const Opened refused = driver()->listen(where(exclusive), {}, Token{99});
  EXPECT_EQ(refused.error, EADDRINUSE);
  EXPECT_FALSE(refused.handle);

  const ListenOptions share{.share_port = true};
  const Named first = driver().listen(endpoint("127.0.0.1:0"), share);
  const Named second = driver().listen(where(first), share);
  EXPECT_EQ(where(first), where(second));
}

RULE(ProactorRule, R10_6, "a listener is silent until started") {
  const Named listener = driver().listen("127.0.0.1:0");
  const Descriptor early = dial(where(listener));
  driver().run_for_a_while();
  EXPECT_TRUE(driver()[listener].accepted.empty());
  driver().start(listener, Operation::accept);
  accepted(listener);
}

RULE(ProactorRule, R10_7, "a Unix path in use is refused, a leftover one taken over") {
  const UnixPath path;
  const Named first = driver().listen(path.at());
  EXPECT_EQ(Errno(driver()->listen(path.at(), {}, Token{99}).error), EADDRINUSE);
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

RULE(ProactorRule, R10_8, "a released socket is non-blocking and not inherited") {
  const Named listener = accepting(endpoint("127.0.0.1:0"));
  const Descriptor client = dial(where(listener));
  const Named stream = accepted(listener);
  const int fd = driver().release(stream);
  ASSERT_GE(fd, 0);
  const Descriptor released(fd);
  EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
}

RULE(ProactorRule, R10_9, "accepting without descriptors ends in EMFILE and may start again") {
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

RULE(ProactorRule, R10_10, "a listener that was shut down delivers its queue and no more") {
  const UnixPath path;
  for (const Endpoint& at : {endpoint("127.0.0.1:0"), path.at()}) {
    const Named listener = driver().listen(at);
    const Endpoint bound = where(listener);
    std::vector<Descriptor> queued;
    for (int i = 0; i < 5; ++i) queued.push_back(dial(bound));
    EXPECT_EQ(Errno(driver()->shutdown(listener.handle)), 0);
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

RULE(ProactorRule, R10_11, "a successor on its Unix path outlives it") {
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
Errno connect_error(ProactorDriver& driver, const Endpoint& to) {
  Errno error;
  const Named stream = driver.connect(to, error);
  if (error != 0) return error;
  driver.run_until_last(stream, Operation::connect);
  EXPECT_FALSE(driver[stream].last[Operation::close]);
  return driver[stream].error[Operation::connect];
}

RULE(ProactorRule, R10_12, "connecting to nobody is ECONNREFUSED") {
  const Named listener = driver().listen("127.0.0.1:0");
  const Endpoint gone = where(listener);
  driver().close(listener);
  driver().run_until_last(listener, Operation::close);
  EXPECT_EQ(connect_error(driver(), gone), ECONNREFUSED);
}

RULE(ProactorRule, R10_13, "connecting to a missing path is ENOENT, to a leftover ECONNREFUSED") {
  const UnixPath path;
  EXPECT_EQ(connect_error(driver(), path.at()), ENOENT);
  Descriptor crashed(open_listener(path.at(), {}));
  crashed.close();
  EXPECT_EQ(connect_error(driver(), path.at()), ECONNREFUSED);
}

RULE(ProactorRule, R10_14, "connecting to a full Unix queue is EAGAIN") {
  const UnixPath path;
  const Descriptor listener(open_listener(path.at(), {.backlog = 0}));
  const Descriptor first = dial(path.at());
  EXPECT_EQ(connect_error(driver(), path.at()), EAGAIN);
}

RULE(ProactorRule, R10_15, "connecting from a local address uses it, or is EADDRNOTAVAIL") {
  const Named listener = accepting(endpoint("127.0.0.1:0"));
  const Endpoint from = endpoint("127.0.0.9:0");
  Errno error;
  const Named client = driver().connect(where(listener), error, &from);
  ASSERT_EQ(error, 0);
  driver().run_until_last(client, Operation::connect);
  Endpoint local = where(client);
  set_port(local, 0);
  EXPECT_EQ(format_endpoint(local), format_endpoint(from));
  const Endpoint not_ours = endpoint("203.0.113.1:0");
  EXPECT_EQ(Errno(driver()->connect(where(listener), &not_ours, Token{99}).error), EADDRNOTAVAIL);
}

// -- Handing over ---------------------------------------------------------------------------------

RULE(ProactorRule, R10_16, "an accepted stream can move to another proactor") {
  ProactorDriver other(make_proactor());
  const Named listener = accepting(endpoint("127.0.0.1:0"));
  const Descriptor client = dial(where(listener));
  write_all(client, "sent before the move, ");
  const Named stream = accepted(listener);
  const int fd = driver().release(stream);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(Errno(driver()->start(stream.handle)), EBADF);

  const Named moved = other.adopt(Descriptor(fd));
  other.start(moved);
  write_all(client, "and after it");
  other.run_until_received(moved, 34);
  EXPECT_EQ(other[moved].received, "sent before the move, and after it");
  driver().run_for_a_while();
  other.close_all();
}

RULE(ProactorRule, R10_17, "a stream in use cannot be released, nor can a listener") {
  const Named listener = accepting(endpoint("127.0.0.1:0"));
  const Descriptor client = dial(where(listener));
  const Named stream = accepted(listener);
  driver().start(stream);
  EXPECT_EQ(driver().release(stream), -1);
  EXPECT_EQ(driver().release(listener), -1);
  write_all(client, "unharmed");
  driver().run_until_received(stream, 8);
}

RULE(ProactorRule, R10_18, "adopting what is no descriptor is EBADF") {
  EXPECT_EQ(Errno(driver()->adopt(-1, Token{99}).error), EBADF);
}

// -- Watching -------------------------------------------------------------------------------------

RULE(ProactorRule, R11_1, "a watch reports while the condition holds") {
  const Descriptor event(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  const Named watch = driver().watch(event.get(), Interest::read);
  driver().start(watch, Operation::ready);
  driver().run_for_a_while();
  EXPECT_EQ(driver()[watch].ready, Readiness::none);

  ::eventfd_write(event.get(), 1);
  driver().run_until([&] { return driver()[watch].more[Operation::ready] >= 3; });
  EXPECT_TRUE(shows(driver()[watch].ready, Readiness::read));
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

RULE(ProactorRule, R11_2, "it reports writability, and hang-up whatever the interest") {
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

RULE(ProactorRule, R11_5, "urgent data, unread, keeps a watch neither busy nor from a hang-up") {
  Pair pair = tcp_pair();
  const Named watch = driver().watch(pair.ours.get(), Interest::none);
  ASSERT_EQ(driver().start(watch, Operation::ready), 0);
  driver().run_what_is_ready();
  ASSERT_EQ(::send(pair.theirs.get(), "!", 1, MSG_OOB), 1);
  const auto cpu_before = process_cpu_time();
  const nanoseconds end = driver()->now() + milliseconds(200);
  while (driver()->now() < end) driver().run(end);
  EXPECT_LT(process_cpu_time() - cpu_before, milliseconds(30));
  EXPECT_EQ(driver()[watch].ready, Readiness::none);
  reset_connection(pair.theirs);
  driver().run_until(
      [&] { return has(driver()[watch].ready, Readiness::error | Readiness::hang_up); });
  driver().close(watch);
  driver().run_until_last(watch, Operation::close);
}

RULE(ProactorRule, R11_3, "a stopped watch is silent, and starts again") {
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

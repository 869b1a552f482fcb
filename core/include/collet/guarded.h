// SPDX-License-Identifier: MIT
// guarded.h: from an ordinary class that may throw to one behind a seam that must not.
//
//   struct Poll {                                          // no base, no virtual, no noexcept
//     explicit Poll(const collet::OptionValues& options);  // refuses by throwing
//     int add(int fd, collet::Interest interest, collet::Token token);
//     ...                                                  // as in poller.h, each one
//   };
//   constinit const collet::BackendDescription kPoll{
//       .name = "poll", ..., .make_poller = collet::guarded_poller<Poll>, ...};
//
// The same for a Proactor, for a ThreadPool, whose class is made of (options, workers), and for the
// halves of a workload, whose client is made of (options, shape). What is thrown becomes, in
//   a constructor         the refusal, in the words of what()
//   a call with an error  ENOMEM of bad_alloc, the value of a system_error, else EIO
//   submit and the like   false or 0: not accepted
//   a workload's session  the end of its connection
//   any other call        the end of the process, after a line that says which: a wait() that
//                         failed must not look like one that found nothing
#pragma once

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <span>
#include <system_error>
#include <type_traits>
#include <utility>

#include <collet/option.h>
#include <collet/poller.h>
#include <collet/proactor.h>
#include <collet/thread_pool.h>
#include <collet/workload.h>

namespace collet {
namespace guarded {

// For a handler of exceptions only.
inline const char* thrown_words() noexcept {
  try {
    throw;
  } catch (const std::exception& error) {
    // Points into an exception that the caller is still handling.
    return error.what();
  } catch (...) {
    return "something that is no std::exception was thrown";
  }
}

inline int thrown_error() noexcept {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return ENOMEM;
  } catch (const std::system_error& error) {
    return error.code().value() > 0 ? error.code().value() : EIO;
  } catch (...) {
    return EIO;
  }
}

template <typename Call>
int error_of(Call&& call) noexcept {
  try {
    return call();
  } catch (...) {
    return thrown_error();
  }
}

template <typename Call>
Opened opened_by(Call&& call) noexcept {
  try {
    return call();
  } catch (...) {
    return {.handle = {}, .error = thrown_error()};
  }
}

template <typename Result, typename Call>
Result value_or(Result otherwise, Call&& call) noexcept {
  try {
    return call();
  } catch (...) {
    return otherwise;
  }
}

template <typename Call>
auto vital(const char* name, Call&& call) noexcept {
  try {
    return call();
  } catch (...) {
    std::fprintf(stderr, "collet: %s of a plugin threw: %s\n", name, thrown_words());
    std::abort();
  }
}

// Null, and the reason, if it throws.
template <typename Made, typename... Arguments>
Made* made_of(Refusal& why_not, const Arguments&... arguments) noexcept {
  try {
    return new Made(arguments...);
  } catch (...) {
    why_not.say("%s", thrown_words());
    return nullptr;
  }
}

using std::chrono::nanoseconds;

template <typename Class>
class GuardedPoller final : public Poller {
 public:
  explicit GuardedPoller(const OptionValues& options) : own_(options) {}

  int add(int fd, Interest interest, Token token) noexcept override {
    return error_of([&] { return own_.add(fd, interest, token); });
  }
  int modify(int fd, Interest interest, Token token) noexcept override {
    return error_of([&] { return own_.modify(fd, interest, token); });
  }
  int remove(int fd) noexcept override {
    return error_of([&] { return own_.remove(fd); });
  }
  std::size_t wait(std::span<Event> ready, nanoseconds timeout) noexcept override {
    return vital("wait()", [&] { return own_.wait(ready, timeout); });
  }
  void wake() noexcept override {
    vital("wake()", [&] { own_.wake(); });
  }

 private:
  Class own_;
};

template <typename Class>
class GuardedProactor final : public Proactor {
 public:
  explicit GuardedProactor(const OptionValues& options) : own_(options) {}

  Opened listen(const Endpoint& at, const ListenOptions& options, Token token) noexcept override {
    return opened_by([&] { return own_.listen(at, options, token); });
  }
  Opened connect(const Endpoint& to, const Endpoint* from, Token token) noexcept override {
    return opened_by([&] { return own_.connect(to, from, token); });
  }
  Opened adopt(int socket, Token token) noexcept override {
    return opened_by([&] { return own_.adopt(socket, token); });
  }
  Opened watch(int fd, Interest interest, Token token) noexcept override {
    return opened_by([&] { return own_.watch(fd, interest, token); });
  }
  int bind(Handle handle, Token token) noexcept override {
    return error_of([&] { return own_.bind(handle, token); });
  }
  int start(Handle handle) noexcept override {
    return error_of([&] { return own_.start(handle); });
  }
  int stop(Handle handle) noexcept override {
    return error_of([&] { return own_.stop(handle); });
  }
  std::size_t send_now(Handle handle, std::span<const std::byte> bytes) noexcept override {
    return vital("send_now()", [&] { return own_.send_now(handle, bytes); });
  }
  int send(Handle handle, std::span<const std::byte> bytes) noexcept override {
    return error_of([&] { return own_.send(handle, bytes); });
  }
  int shutdown(Handle handle) noexcept override {
    return error_of([&] { return own_.shutdown(handle); });
  }
  int close(Handle handle, bool reset) noexcept override {
    return error_of([&] { return own_.close(handle, reset); });
  }
  int release(Handle handle) noexcept override {
    return value_or(-1, [&] { return own_.release(handle); });
  }
  Endpoint endpoint(Handle handle, Side side) noexcept override {
    return value_or(Endpoint{}, [&] { return own_.endpoint(handle, side); });
  }
  Counters counters() const noexcept override {
    return vital("counters()", [&] { return own_.counters(); });
  }
  nanoseconds now() noexcept override {
    return vital("now()", [&] { return own_.now(); });
  }
  bool run(nanoseconds deadline, CompletionSink& sink) noexcept override {
    return vital("run()", [&] { return own_.run(deadline, sink); });
  }
  void wake() noexcept override {
    vital("wake()", [&] { own_.wake(); });
  }

 private:
  Class own_;
};

template <typename Class>
class GuardedPool final : public ThreadPool {
 public:
  GuardedPool(const OptionValues& options, std::size_t workers) : own_(options, workers) {}

  bool submit(Task& task) noexcept override {
    return value_or(false, [&] { return own_.submit(task); });
  }
  std::size_t submit_bulk(std::span<Task> tasks) noexcept override {
    return value_or(std::size_t{0}, [&] { return own_.submit_bulk(tasks); });
  }
  bool try_submit(Task& task) noexcept override {
    return value_or(false, [&] { return own_.try_submit(task); });
  }
  void stop(StopMode mode) noexcept override {
    vital("stop()", [&] { own_.stop(mode); });
  }
  std::size_t workers() const noexcept override {
    return vital("workers()", [&] { return own_.workers(); });
  }
  PoolStats stats() const noexcept override {
    return vital("stats()", [&] { return own_.stats(); });
  }

 private:
  Class own_;
};

template <typename Class>
class GuardedServer final : public ServerSession {
 public:
  explicit GuardedServer(const OptionValues& options) : own_(options) {}

  Served on_open(ByteSink& out) noexcept override {
    return value_or(kClosed, [&] { return own_.on_open(out); });
  }
  Served on_data(std::span<const std::byte> bytes, ByteSink& out) noexcept override {
    return value_or(kClosed, [&] { return own_.on_data(bytes, out); });
  }
  Served on_end(ByteSink& out) noexcept override {
    return value_or(kClosed, [&] { return own_.on_end(out); });
  }

 private:
  static constexpr Served kClosed{.requests = 0, .then = Then::close};

  Class own_;
};

template <typename Class>
class GuardedClient final : public ClientSession {
 public:
  GuardedClient(const OptionValues& options, const ClientShape& shape) : own_(options, shape) {}

  bool write_requests(std::size_t count, ByteSink& out) noexcept override {
    return value_or(false, [&] { return own_.write_requests(count, out); });
  }
  Checked on_data(std::span<const std::byte> bytes) noexcept override {
    return value_or(Checked{.replies = 0, .wrong = true}, [&] { return own_.on_data(bytes); });
  }

 private:
  Class own_;
};

}  // namespace guarded

// For the factories of descriptions.
template <typename Class>
Poller* guarded_poller(const OptionValues& options, Refusal& why_not) noexcept {
  return guarded::made_of<guarded::GuardedPoller<Class>>(why_not, options);
}
template <typename Class>
Proactor* guarded_proactor(const OptionValues& options, Refusal& why_not) noexcept {
  return guarded::made_of<guarded::GuardedProactor<Class>>(why_not, options);
}
template <typename Class>
ThreadPool* guarded_pool(const OptionValues& options, std::size_t workers,
                         Refusal& why_not) noexcept {
  return guarded::made_of<guarded::GuardedPool<Class>>(why_not, options, workers);
}

template <typename Class>
ServerSession* guarded_server(const OptionValues& options, Refusal& why_not) noexcept {
  return guarded::made_of<guarded::GuardedServer<Class>>(why_not, options);
}
template <typename Class>
ClientSession* guarded_client(const OptionValues& options, const ClientShape& shape,
                              Refusal& why_not) noexcept {
  return guarded::made_of<guarded::GuardedClient<Class>>(why_not, options, shape);
}

}  // namespace collet

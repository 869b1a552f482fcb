// SPDX-License-Identifier: MIT
// proactor_driver.h: runs a Proactor, records what it completes, and checks what every completion
// of every backend must obey: one last completion for each operation, none after that of close(),
// all of them inside run().
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <collet/proactor.h>

#include "tests/conformance/plain_socket.h"
#include "tests/conformance/subject.h"

namespace collet::conformance {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// A handle, and the token that its completions bear.
struct Named {
  Handle handle;
  Token token{};
};

// How often something happened to each Operation.
class Tally {
 public:
  int& operator[](Operation operation) { return counts_[static_cast<std::size_t>(operation)]; }
  bool operator==(const Tally&) const = default;

 private:
  std::array<int, 6> counts_{};
};

// What has completed for one token.
struct Seen {
  Tally begun;
  Tally more;  // completions that were not the last
  Tally last;
  Tally error;  // of the last one
  std::string received;
  std::vector<Lease> leases;  // if the driver keeps them
  std::vector<Handle> accepted;
  std::size_t sent = 0;
  bool emptied = false;
  Readiness ready = Readiness::none;  // since the test cleared it
};

class ProactorDriver final : private CompletionSink {
 public:
  explicit ProactorDriver(std::unique_ptr<Proactor> proactor) : proactor_(std::move(proactor)) {}

  Proactor& operator*() { return *proactor_; }
  Proactor* operator->() { return proactor_.get(); }
  Seen& operator[](const Named& named) { return seen_[named.token]; }

  // Keeps every lease in Seen instead of giving it back.
  void keep_leases(bool keep) { keep_leases_ = keep; }

  // Called with each completion of `named`, after it was recorded and while its lease is held.
  void on(const Named& named, std::function<void(Completion&)> hook) {
    hooks_[named.token] = std::move(hook);
  }

  // -- Operations, counted --------------------------------------------------------------------

  Named listen(const Endpoint& at, const ListenOptions& options = {}) {
    return open([&](Token token) { return proactor_->listen(at, options, token); });
  }
  Named listen(std::string_view at) { return listen(endpoint(at)); }
  Named adopt(Descriptor socket) {
    return open([&](Token token) { return proactor_->adopt(socket.release(), token); });
  }
  Named watch(int fd, Interest interest) {
    return open([&](Token token) { return proactor_->watch(fd, interest, token); });
  }
  // The outcome may be known at once: then it is in `error` and the handle names nothing.
  Named connect(const Endpoint& to, int& error, const Endpoint* from = nullptr) {
    const Token token = new_token();
    const Opened opened = proactor_->connect(to, from, token);
    error = opened.error;
    EXPECT_NE(opened.error == 0, !opened.handle);
    if (error != 0) return {};
    ++seen_[token].begun[Operation::connect];
    return open_[token] = {opened.handle, token};
  }
  Named connect(const Endpoint& to) {
    int error = 0;
    const Named stream = connect(to, error);
    EXPECT_EQ(error, 0);
    return stream;
  }
  // Gives an accepted stream a token of its own.
  Named take(Handle accepted) {
    const Named stream{accepted, new_token()};
    EXPECT_EQ(proactor_->bind(accepted, stream.token), 0);
    return open_[stream.token] = stream;
  }
  // Gives a stream a new token, under which it is known from now on.
  Named rename(const Named& named) {
    const Named renamed = take(named.handle);
    seen_[renamed.token] = std::exchange(seen_[named.token], Seen());
    open_.erase(named.token);
    return renamed;
  }
  int start(const Named& named, Operation operation = Operation::receive) {
    const int error = proactor_->start(named.handle);
    if (error == 0) ++(*this)[named].begun[operation];
    return error;
  }
  int send(const Named& named, std::string_view text) {
    const int error = proactor_->send(named.handle, bytes_of(text));
    if (error == 0) ++(*this)[named].begun[Operation::send];
    return error;
  }
  int close(const Named& named, bool reset = false) {
    const int error = proactor_->close(named.handle, reset);
    if (error == 0) ++(*this)[named].begun[Operation::close];
    return error;
  }
  int release(const Named& named) {
    const int fd = proactor_->release(named.handle);
    if (fd >= 0) open_.erase(named.token);
    return fd;
  }

  // -- Running --------------------------------------------------------------------------------

  bool run(nanoseconds deadline) {
    running_ = true;
    const bool complete = proactor_->run(deadline, *this);
    running_ = false;
    return complete;
  }

  // Hands over what is ready now, and what follows from it.
  void run_what_is_ready() {
    for (int passes = 0; !run(nanoseconds::min()); ++passes) ASSERT_LT(passes, 1'000'000);
  }

  // Runs until `done`; a failure if it takes longer than patience allows.
  void run_until(const std::function<bool()>& done) {
    const nanoseconds deadline = proactor_->now() + std::chrono::seconds(kPatienceSeconds);
    while (!done()) {
      run(deadline);
      if (proactor_->now() < deadline) continue;
      ADD_FAILURE() << "waited in vain";
      return;
    }
  }
  void run_until_last(const Named& named, Operation operation, int count = 1) {
    run_until([&] { return (*this)[named].last[operation] >= count; });
  }
  void run_until_received(const Named& named, std::size_t size) {
    run_until([&] { return (*this)[named].received.size() >= size; });
  }

  // Whether a run() with nothing to do lasts for `span`. Signals and spurious events may end it; a
  // subject that was asked for them may try again.
  bool lasts(nanoseconds span) {
    for (int tries = 0; tries < kTries; ++tries) {
      const nanoseconds deadline = proactor_->now() + span;
      run(deadline);
      if (proactor_->now() >= deadline) return true;
      if (!subject().has_fault("eintr") && !subject().has_fault("spurious")) return false;
    }
    return false;
  }

  // Runs for as long as what should not happen would need to show.
  void run_for_a_while() {
    const nanoseconds end = proactor_->now() + milliseconds(20);
    while (proactor_->now() < end) run(end);
  }

  // -- Ending ---------------------------------------------------------------------------------

  // Closes what is open, and checks that each operation ended exactly once.
  void close_all() {
    hooks_.clear();  // what they refer to may be gone
    for (auto& [token, seen] : seen_) seen.leases.clear();
    const auto open = open_;
    for (const auto& [token, named] : open) {
      const bool closing = seen_[token].begun[Operation::close] != 0;
      EXPECT_TRUE(closing || close(named) == 0);
    }
    run_until([this] { return open_.empty(); });
    for (auto& [token, seen] : seen_) EXPECT_EQ(seen.begun, seen.last);
  }

  // The test goes on without it: leases, and nothing else, may still be out.
  void destroy_proactor() {
    proactor_.reset();
    open_.clear();
  }
  bool alive() const { return proactor_ != nullptr; }

 private:
  Token new_token() { return Token{++last_token_}; }

  template <typename Open>
  Named open(Open&& open) {
    const Token token = new_token();
    const Opened opened = open(token);
    EXPECT_EQ(opened.error, 0);
    EXPECT_TRUE(opened.handle);
    return open_[token] = {opened.handle, token};
  }

  // Whoever listens tries again when descriptors ran out, and so does the driver if that is a fault
  // that the subject was asked for.
  bool is_put_off(const Completion& completion) {
    if (completion.operation != Operation::accept || !completion.last) return false;
    if (completion.error != EMFILE || !subject().has_fault("emfile")) return false;
    return proactor_->start(open_[completion.token].handle) == 0;  // an error if it is closing
  }

  void complete(Completion& completion) noexcept override {
    EXPECT_TRUE(running_) << "the sink was called from outside run()";
    if (is_put_off(completion)) return;
    Seen& seen = seen_[completion.token];
    EXPECT_EQ(seen.last[Operation::close], 0) << "a completion after the close";
    EXPECT_TRUE(completion.last || completion.error == 0);
    const Operation operation = completion.operation;
    ++(completion.last ? seen.last : seen.more)[operation];
    EXPECT_LE(seen.last[operation] + (completion.last ? 0 : 1), seen.begun[operation])
        << "a completion of what has ended, or never began";
    if (completion.last) seen.error[operation] = completion.error;
    if (operation == Operation::receive) {
      EXPECT_EQ(completion.last, completion.lease.empty());
      const auto bytes = completion.lease.bytes();
      seen.received.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      seen.emptied = completion.emptied;
    }
    if (operation == Operation::send) seen.sent = completion.sent;
    if (operation == Operation::ready) seen.ready = seen.ready | completion.ready;
    if (completion.accepted) seen.accepted.push_back(completion.accepted);
    if (operation == Operation::close) {
      open_.erase(completion.token);
      EXPECT_EQ(seen.begun, seen.last) << "closed with something unfinished";
    }
    if (const auto hook = hooks_.find(completion.token); hook != hooks_.end()) {
      const auto copy = hook->second;  // which may replace itself
      copy(completion);
    }
    if (keep_leases_ && !completion.lease.empty()) {
      seen_[completion.token].leases.push_back(std::move(completion.lease));
    }
  }

  std::unique_ptr<Proactor> proactor_;
  std::map<Token, Seen> seen_;
  std::map<Token, Named> open_;
  std::map<Token, std::function<void(Completion&)>> hooks_;
  std::uint64_t last_token_ = 0;
  bool keep_leases_ = false;
  bool running_ = false;
};

}  // namespace collet::conformance

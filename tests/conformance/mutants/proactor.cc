// SPDX-License-Identifier: MIT
// proactor.cc: ReadinessProactor on epoll with the bugs that completion loops really had, one at a
// time.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <collet/plugin.h>
#include <collet/readiness_proactor.h>

#include "backends/backends.h"
#include "tests/conformance/mutants/bug.h"

namespace collet::mutants {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr OptionDescription kBugs[] = {
    bug("closes_unknown", "R1.1: close() of what was never opened is no error"),
    bug("old_handles", "R1.3: an old handle reaches its successor"),
    bug("bind_ignored", "R1.4: bind() changes nothing"),
    bug("late_report", "R1.6: tells later of a watch what was ready in time"),
    bug("cancel_is_success", "R2.1: what was cancelled ends without error"),
    bug("starts_twice", "R2.3: starting twice is no error"),
    bug("lost_end", "R2.4: what close() cancels does not end"),
    bug("reset_is_end", "R2.6: a reset looks like the end"),
    bug("double_end", "R4.4: a send ends twice"),
    bug("one_buffer", "R3.1: lends the same memory again while it is out"),
    bug("half_sent", "R4.1: says that all was sent when half was"),
    bug("sends_later", "R4.2: send_now() looks at the memory after it has returned"),
    bug("sends_on", "R4.6: send() looks at the memory after it has completed"),
    bug("error_forgotten", "R4.3: a send that failed looks like one that did not"),
    bug("no_reset", "R5.3: closes in good order always"),
    bug("after_close", "R5.3: a token is used after its close"),
    bug("leaks", "R5.6: leaks a descriptor for each connection"),
    bug("leaks_thread", "R5.6: leaves a thread behind for every hundredth connection"),
    bug("lost_wake", "R6.1: loses a wake while nobody runs"),
    bug("lost_alone", "R6.6: loses the 15000th wake in a row by one thread"),
    bug("end_first", "R7.1: the end overtakes the last bytes"),
    bug("reordered", "R7.1: each second piece overtakes the one before"),
    bug("shuts_both", "R7.3: shutdown() ends receiving too"),
    bug("never_emptied", "R7.4: never says that the socket held no more"),
    bug("drops_accepted", "R8.1: loses every hundredth connection"),
    bug("always_complete", "R8.1: says that all is done when it is not"),
    bug("eager_sink", "R9.1: completes from within send()"),
    bug("one_report", "R11.1: a watch reports once"),
    bug("looks_for_urgent", "R11.5: a thread of its own spins for who asked for nothing"),
    bug("early", "R12.1: rounds deadlines down"),
    bug("starts_again", "R12.6: after a signal it waits for all of its time once more"),
    bug("busy", "R12.4: polls instead of waiting"),
    bug("ticks", "R12.4: looks every millisecond"),
    bug("spinning_helper", "R12.4: a thread of its own spins"),
};

// Lends one piece of memory to everybody.
class OneBuffer final : public Lender {
 public:
  Lease lend(std::span<const std::byte> bytes) {
    std::memcpy(memory_.data(), bytes.data(), bytes.size());
    return {std::span(memory_).first(bytes.size()), this, 0};
  }
  void give_back(std::uint64_t) noexcept override {}

 private:
  std::vector<std::byte> memory_ = std::vector<std::byte>(1 << 20);
};

class MutantProactor final : public Proactor, private CompletionSink {
 public:
  MutantProactor(const OptionValues& options, std::unique_ptr<Poller> poller)
      : bug_(kBugs, options), inner_(make_readiness_proactor(std::move(poller))) {
    if (is("spinning_helper")) helper_.emplace();
  }

  Opened listen(const Endpoint& at, const ListenOptions& options, Token token) noexcept override {
    return inner_->listen(at, options, token);
  }
  Opened connect(const Endpoint& to, const Endpoint* from, Token token) noexcept override {
    return inner_->connect(to, from, token);
  }
  Opened adopt(int socket, Token token) noexcept override {
    const Opened opened = inner_->adopt(socket, token);
    newest_[opened.handle.index] = opened.handle;
    return opened;
  }
  Opened watch(int fd, Interest interest, Token token) noexcept override {
    const Opened opened = inner_->watch(fd, interest, token);
    watches_[token] = opened.handle;
    if (is("looks_for_urgent") && interest == Interest::none) helper_.emplace();
    return opened;
  }
  int bind(Handle handle, Token token) noexcept override {
    return is("bind_ignored") ? 0 : inner_->bind(handle, token);
  }
  int start(Handle handle) noexcept override {
    const int error = inner_->start(newest(handle));
    return is("starts_twice") && error == EALREADY ? 0 : error;
  }
  int stop(Handle handle) noexcept override { return inner_->stop(newest(handle)); }
  std::size_t send_now(Handle handle, std::span<const std::byte> bytes) noexcept override {
    if (!is("sends_later")) return inner_->send_now(handle, bytes);
    if (!later_.empty()) inner_->send_now(handle, later_);
    later_ = bytes;
    return bytes.size();
  }
  int send(Handle handle, std::span<const std::byte> bytes) noexcept override {
    if (is("half_sent")) bytes = bytes.first(bytes.size() / 2 + 1);
    if (is("sends_on")) {
      while (!later_.empty()) send_later();
      later_ = std::exchange(bytes, {});
    }
    const int error = inner_->send(newest(handle), bytes);
    sender_ = handle;
    if (is("eager_sink") && last_sink_ != nullptr) inner_->run(nanoseconds::min(), *last_sink_);
    return error;
  }
  int shutdown(Handle handle) noexcept override {
    if (is("shuts_both")) inner_->stop(handle);
    return inner_->shutdown(handle);
  }
  int close(Handle handle, bool reset) noexcept override {
    const int error = inner_->close(handle, reset && !is("no_reset"));
    return is("closes_unknown") ? 0 : error;
  }
  int release(Handle handle) noexcept override { return inner_->release(handle); }
  Endpoint endpoint(Handle handle, Side side) noexcept override {
    return inner_->endpoint(handle, side);
  }
  Counters counters() const noexcept override { return inner_->counters(); }
  nanoseconds now() noexcept override { return inner_->now(); }

  bool run(nanoseconds deadline, CompletionSink& sink) noexcept override {
    sink_ = last_sink_ = &sink;
    if (is("sends_on")) send_later();
    if (is("sends_on") && !later_.empty()) deadline = nanoseconds::min();
    if (is("early") && deadline != nanoseconds::max() && deadline > nanoseconds::zero()) {
      deadline = std::chrono::floor<milliseconds>(deadline);
    }
    const nanoseconds span = deadline - std::min(deadline, inner_->now());
    bool complete = false;
    bool begins_again = false;
    errno = 0;
    do {
      handed_over_ = false;
      running_ = true;
      complete = inner_->run(next_look(deadline), *this);
      running_ = false;
      const bool again = is("starts_again") && !handed_over_ && std::exchange(errno, 0) == EINTR;
      if (again && span < kLongest) deadline = inner_->now() + span;
      begins_again = again || is("busy") || is("ticks");
    } while (begins_again && !handed_over_ && inner_->now() < deadline);
    if (!handed_over_) flush();
    return complete || is("always_complete");
  }
  void wake() noexcept override {
    if (is("lost_alone") && row_.is_lost()) return;
    if (!is("lost_wake") || running_) inner_->wake();
  }

 private:
  static constexpr nanoseconds kLongest = std::chrono::hours(1);

  bool is(const char* name) const noexcept { return bug_.is(name); }

  nanoseconds next_look(nanoseconds deadline) const {
    if (is("busy")) return nanoseconds::min();
    return is("ticks") ? std::min(deadline, inner_->now() + milliseconds(1)) : deadline;
  }

  Handle newest(Handle handle) const {
    const auto known = newest_.find(handle.index);
    return is("old_handles") && known != newest_.end() ? known->second : handle;
  }

  void send_later() { later_ = later_.subspan(inner_->send_now(sender_, later_)); }

  // What was held back.
  void flush() {
    if (!held_.has_value()) return;
    Completion completion = std::move(*held_);
    held_.reset();
    sink_->complete(completion);
  }

  void complete(Completion& completion) noexcept override {
    handed_over_ = true;
    const Operation operation = completion.operation;
    const bool ends = completion.last;
    if (operation == Operation::receive) {
      return receive(completion);
    }
    if (operation == Operation::accept && !ends) {
      if (is("leaks")) static_cast<void>(::dup(STDERR_FILENO));
      const bool is_hundredth = ++accepted_ % 100 == 0;
      if (is("leaks_thread") && is_hundredth) leave_thread_behind();
      if (is("drops_accepted") && is_hundredth) {
        ::close(inner_->release(completion.accepted));
        return;
      }
    }
    if (is("late_report") && operation == Operation::ready && !ends && !held_.has_value()) {
      return hold(completion);
    }
    if (is("one_report") && operation == Operation::ready && !ends) {
      inner_->stop(watches_[completion.token]);
    }
    if (is("lost_end") && operation == Operation::send && completion.error == ECANCELED) return;
    if (is("error_forgotten") && operation == Operation::send) completion.error = 0;
    if (is("cancel_is_success") && completion.error == ECANCELED) completion.error = 0;
    if (is("half_sent") && operation == Operation::send) completion.sent *= 2;
    if (is("sends_on") && operation == Operation::send) completion.sent = later_.size();
    Completion again{.operation = operation, .last = ends, .token = completion.token};
    sink_->complete(completion);
    if (is("double_end") && operation == Operation::send) sink_->complete(again);
    if (is("after_close") && operation == Operation::close) sink_->complete(again);
  }

  void receive(Completion& completion) noexcept {
    if (is("never_emptied")) completion.emptied = false;
    if (is("reset_is_end") && completion.error == ECONNRESET) completion.error = 0;
    if (is("cancel_is_success") && completion.error == ECANCELED) completion.error = 0;
    if (is("one_buffer") && !completion.last) {
      completion.lease = buffer_.lend(completion.lease.bytes());
    }
    if (is("end_first") && !completion.last) return flush(), hold(completion);
    if (is("reordered") && !completion.last && !held_.has_value()) return hold(completion);
    if (completion.last && !is("end_first")) flush();
    sink_->complete(completion);
    flush();
  }

  // Until the next run() that has nothing else to hand over.
  void hold(Completion& completion) {
    held_ = std::move(completion);
    inner_->wake();
  }

  const Bug bug_;
  OneBuffer buffer_;
  const std::unique_ptr<Proactor> inner_;
  CompletionSink* sink_ = nullptr;
  CompletionSink* last_sink_ = nullptr;
  bool handed_over_ = false;
  std::atomic<bool> running_{false};
  std::optional<Completion> held_;
  std::span<const std::byte> later_;
  Handle sender_;
  std::map<std::uint32_t, Handle> newest_;
  std::map<Token, Handle> watches_;
  std::uint64_t accepted_ = 0;
  WakesInARow row_;
  std::optional<SpinningThread> helper_;
};

constexpr BackendDescription kMutant{
    .name = "mutant_proactor",
    .summary = "ReadinessProactor with a bug, to see whether it is found",
    .options = kBugs,
    .probe = nullptr,
    .make_poller = nullptr,
    .make_proactor = [](const OptionValues& options, Refusal& why_not) -> Proactor* {
      std::unique_ptr<Poller> poller(kEpoll.make_poller(OptionValues({}), why_not));
      return poller == nullptr ? nullptr : new MutantProactor(options, std::move(poller));
    },
};

}  // namespace
}  // namespace collet::mutants

COLLET_PLUGIN(collet::mutants::kMutant, "0.1")

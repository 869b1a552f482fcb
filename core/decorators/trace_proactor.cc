// SPDX-License-Identifier: MIT
#include "core/decorators/trace_proactor.h"

#include <utility>

#include "core/decorators/trace_ring.h"

namespace collet {
namespace {

using std::chrono::nanoseconds;

constexpr TracedCall kListen{"listen", {"token", "handle"}};
constexpr TracedCall kConnect{"connect", {"token", "handle"}};
constexpr TracedCall kAdopt{"adopt", {"token", "handle", "socket"}};
constexpr TracedCall kWatch{"watch", {"token", "handle", "fd"}};
constexpr TracedCall kBind{"bind", {"handle", "token"}};
constexpr TracedCall kStart{"start", {"handle"}};
constexpr TracedCall kStop{"stop", {"handle"}};
constexpr TracedCall kSendNow{"send_now", {"handle", "bytes"}};
constexpr TracedCall kSend{"send", {"handle", "bytes"}};
constexpr TracedCall kShutdown{"shutdown", {"handle"}};
constexpr TracedCall kClose{"close", {"handle", "reset"}};
constexpr TracedCall kRelease{"release", {"handle"}};
constexpr TracedCall kRun{"run", {"deadline"}};
constexpr TracedCall kWake{"wake", {}};

// By Operation; the result is an errno value of the last completion, else what came of this one:
// a handle, bytes or conditions.
constexpr TracedCall kCompleted[] = {
    {"completed accept", {"token", "last"}},  {"completed connect", {"token", "last"}},
    {"completed receive", {"token", "last"}}, {"completed send", {"token", "last", "bytes"}},
    {"completed ready", {"token", "last"}},   {"completed close", {"token", "last"}}};

template <typename Number>
std::int64_t number(Number value) noexcept {
  return static_cast<std::int64_t>(value);
}
std::int64_t number(Handle handle) noexcept {
  return number(std::uint64_t{handle.generation} << 32 | handle.index);
}

class TraceProactor final : public Proactor, private CompletionSink {
 public:
  TraceProactor(std::unique_ptr<Proactor> inner, const Wrapping& how)
      : inner_(std::move(inner)), ring_(TraceRing::borrow(how, "proactor")) {}
  ~TraceProactor() override { ring_.give_back(); }

  Opened listen(const Endpoint& at, const ListenOptions& options, Token token) noexcept override {
    return note(kListen, token, inner_->listen(at, options, token), 0);
  }
  Opened connect(const Endpoint& to, const Endpoint* from, Token token) noexcept override {
    return note(kConnect, token, inner_->connect(to, from, token), 0);
  }
  Opened adopt(int socket, Token token) noexcept override {
    return note(kAdopt, token, inner_->adopt(socket, token), socket);
  }
  Opened watch(int fd, Interest interest, Token token) noexcept override {
    return note(kWatch, token, inner_->watch(fd, interest, token), fd);
  }
  int bind(Handle handle, Token token) noexcept override {
    return note(kBind, handle, number(token), inner_->bind(handle, token));
  }
  int start(Handle handle) noexcept override {
    return note(kStart, handle, 0, inner_->start(handle));
  }
  int stop(Handle handle) noexcept override { return note(kStop, handle, 0, inner_->stop(handle)); }
  std::size_t send_now(Handle handle, std::span<const std::byte> bytes) noexcept override {
    return note(kSendNow, handle, number(bytes.size()), inner_->send_now(handle, bytes));
  }
  int send(Handle handle, std::span<const std::byte> bytes) noexcept override {
    return note(kSend, handle, number(bytes.size()), inner_->send(handle, bytes));
  }
  int shutdown(Handle handle) noexcept override {
    return note(kShutdown, handle, 0, inner_->shutdown(handle));
  }
  int close(Handle handle, bool reset) noexcept override {
    return note(kClose, handle, reset ? 1 : 0, inner_->close(handle, reset));
  }
  int release(Handle handle) noexcept override {
    return note(kRelease, handle, 0, inner_->release(handle));
  }
  Endpoint endpoint(Handle handle, Side side) noexcept override {
    return inner_->endpoint(handle, side);
  }
  Counters counters() const noexcept override { return inner_->counters(); }
  nanoseconds now() noexcept override { return inner_->now(); }

  bool run(nanoseconds deadline, CompletionSink& sink) noexcept override {
    sink_ = &sink;
    TraceRing::prepare_this_thread();
    const bool complete = inner_->run(deadline, *this);
    sink_ = nullptr;
    ring_.record(kRun, deadline.count(), 0, 0, complete ? 1 : 0);
    return complete;
  }
  void wake() noexcept override {
    ring_.record(kWake, 0, 0, 0, 0);
    inner_->wake();
  }

 private:
  Opened note(const TracedCall& call, Token token, const Opened& opened, int fd) noexcept {
    ring_.record(call, number(token), number(opened.handle), fd, opened.error);
    return opened;
  }
  template <typename Result>
  Result note(const TracedCall& call, Handle handle, std::int64_t argument,
              Result result) noexcept {
    ring_.record(call, number(handle), argument, 0, number(result));
    return result;
  }

  void complete(Completion& completion) noexcept override {
    std::int64_t result = completion.error;
    if (!completion.last) {
      result = completion.accepted
                   ? number(completion.accepted)
                   : number(completion.ready) + number(completion.lease.bytes().size());
    }
    ring_.record(kCompleted[static_cast<std::size_t>(completion.operation)],
                 number(completion.token), completion.last ? 1 : 0, number(completion.sent),
                 result);
    sink_->complete(completion);
  }

  const std::unique_ptr<Proactor> inner_;
  TraceRing& ring_;
  CompletionSink* sink_ = nullptr;  // inside run()
};

}  // namespace

std::unique_ptr<Proactor> make_trace_proactor(std::unique_ptr<Proactor> proactor,
                                              const Wrapping& how) {
  return std::make_unique<TraceProactor>(std::move(proactor), how);
}

}  // namespace collet

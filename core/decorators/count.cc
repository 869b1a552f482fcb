// SPDX-License-Identifier: MIT
// count.cc: counts the calls of a backend: each of a Poller's is about one system call.
#include <utility>

#include "core/decorators/decorators.h"

namespace collet {
namespace {

using Kind = CallCounts::Kind;
using std::chrono::nanoseconds;

class CountPoller final : public Poller {
 public:
  CountPoller(std::unique_ptr<Poller> poller, const Wrapping& how)
      : poller_(std::move(poller)), counts_(how.counts) {}

  int add(int fd, Interest interest, Token token) noexcept override {
    counts_->add(Kind::add);
    return poller_->add(fd, interest, token);
  }
  int modify(int fd, Interest interest, Token token) noexcept override {
    counts_->add(Kind::modify);
    return poller_->modify(fd, interest, token);
  }
  int remove(int fd) noexcept override {
    counts_->add(Kind::remove);
    return poller_->remove(fd);
  }
  std::size_t wait(std::span<Event> ready, nanoseconds timeout) noexcept override {
    const std::size_t count = poller_->wait(ready, timeout);
    counts_->add(Kind::wait);
    counts_->add(Kind::events, count);
    return count;
  }
  void wake() noexcept override {
    counts_->add(Kind::wake);
    poller_->wake();
  }

 private:
  const std::unique_ptr<Poller> poller_;
  const std::shared_ptr<CallCounts> counts_;
};

class CountProactor final : public Proactor, private CompletionSink {
 public:
  CountProactor(std::unique_ptr<Proactor> inner, const Wrapping& how)
      : inner_(std::move(inner)), counts_(how.counts), counts_wakes_(!how.is_poller) {}

  Opened listen(const Endpoint& at, const ListenOptions& options, Token token) noexcept override {
    counts_->add(Kind::opened);
    return inner_->listen(at, options, token);
  }
  Opened connect(const Endpoint& to, const Endpoint* from, Token token) noexcept override {
    counts_->add(Kind::opened);
    return inner_->connect(to, from, token);
  }
  Opened adopt(int socket, Token token) noexcept override {
    counts_->add(Kind::opened);
    return inner_->adopt(socket, token);
  }
  Opened watch(int fd, Interest interest, Token token) noexcept override {
    counts_->add(Kind::opened);
    return inner_->watch(fd, interest, token);
  }
  int bind(Handle handle, Token token) noexcept override { return inner_->bind(handle, token); }
  int start(Handle handle) noexcept override {
    counts_->add(Kind::start);
    return inner_->start(handle);
  }
  int stop(Handle handle) noexcept override {
    counts_->add(Kind::stop);
    return inner_->stop(handle);
  }
  std::size_t send_now(Handle handle, std::span<const std::byte> bytes) noexcept override {
    const std::size_t sent = inner_->send_now(handle, bytes);
    counts_->add(Kind::send_now);
    counts_->add(Kind::bytes_out, sent);
    return sent;
  }
  int send(Handle handle, std::span<const std::byte> bytes) noexcept override {
    counts_->add(Kind::send);
    return inner_->send(handle, bytes);
  }
  int shutdown(Handle handle) noexcept override {
    counts_->add(Kind::shutdown);
    return inner_->shutdown(handle);
  }
  int close(Handle handle, bool reset) noexcept override {
    counts_->add(Kind::close);
    return inner_->close(handle, reset);
  }
  int release(Handle handle) noexcept override {
    counts_->add(Kind::release);
    return inner_->release(handle);
  }
  Endpoint endpoint(Handle handle, Side side) noexcept override {
    return inner_->endpoint(handle, side);
  }
  Counters counters() const noexcept override { return inner_->counters(); }
  nanoseconds now() noexcept override { return inner_->now(); }

  bool run(nanoseconds deadline, CompletionSink& sink) noexcept override {
    counts_->add(Kind::run);
    sink_ = &sink;
    const bool complete = inner_->run(deadline, *this);
    sink_ = nullptr;
    return complete;
  }
  void wake() noexcept override {
    if (counts_wakes_) counts_->add(Kind::wake);
    inner_->wake();
  }

 private:
  void complete(Completion& completion) noexcept override {
    counts_->add(Kind::completions);
    counts_->add(Kind::bytes_in, completion.lease.bytes().size());
    counts_->add(Kind::bytes_out, completion.sent);
    sink_->complete(completion);
  }

  const std::unique_ptr<Proactor> inner_;
  const std::shared_ptr<CallCounts> counts_;
  const bool counts_wakes_;         // no Poller underneath does
  CompletionSink* sink_ = nullptr;  // inside run()
};

}  // namespace

constinit const BackendDecorator kCount{
    .name = "count",
    .summary = "counts calls, completions and bytes; collet-server tells them at its end",
    .options = {},
    .suits = nullptr,
    .wrap_poller = [](std::unique_ptr<Poller> poller,
                      const Wrapping& how) -> std::unique_ptr<Poller> {
      return std::make_unique<CountPoller>(std::move(poller), how);
    },
    .wrap_proactor = [](std::unique_ptr<Proactor> proactor,
                        const Wrapping& how) -> std::unique_ptr<Proactor> {
      return std::make_unique<CountProactor>(std::move(proactor), how);
    },
};

}  // namespace collet

// SPDX-License-Identifier: MIT
#include "core/net/acceptor.h"

#include <cerrno>
#include <chrono>
#include <utility>

namespace collet {
namespace {

// How long a try must have gone well to let the next acceptor have its turn.
constexpr auto kTry = std::chrono::milliseconds(1);

}  // namespace

Acceptor::Acceptor(EventLoop& loop, AcceptTurns& turns, Events events)
    : loop_(loop), turns_(turns), events_(std::move(events)) {}

int Acceptor::listen(const Endpoint& at, const ListenOptions& options) {
  const Opened opened = loop_.proactor().listen(at, options, token_of(*this));
  listener_ = opened.handle;
  return opened.error;
}

void Acceptor::start() {
  if (accepting_ || closing_) return;
  accepting_ = true;
  fresh_ = true;  // for drain(): nobody has looked at the queue yet
  const int error = loop_.proactor().start(listener_);
  if (error != 0) accepting_ended(error);
}

void Acceptor::pause() {
  if (std::exchange(paused_, true)) return;
  ++pauses_;
  loop_.proactor().stop(listener_);
}

void Acceptor::resume() {
  paused_ = false;
  fresh_ = true;
  if (!failed_) start();
}

void Acceptor::on_completion(Completion& completion) noexcept {
  if (completion.operation == Operation::close) return events_.on_closed();
  if (completion.last) return accepting_ended(completion.error);
  fresh_ = true;
  events_.on_accept(completion.accepted);
}

void Acceptor::accepting_ended(int error) {
  accepting_ = false;
  if (closing_) return;
  if (error == ECANCELED) {
    if (!paused_) start();  // resumed before the pause had come through
    return;
  }
  // No descriptor or no memory: a listener left watched would be ready for ever, so it is not
  // watched while it waits for better times.
  ++failures_;
  ++pauses_;
  failed_ = true;
  events_.on_failed(error);
  turns_.failed(loop_, *this);
}

void Acceptor::try_again() {
  failed_ = false;
  if (paused_ || closing_) return turns_.passed();
  start();
  loop_.call_after(kTry, [this] {
    if (!failed_) turns_.passed();
  });
}

// A connection that is in the accept queue is reported by the next complete pass. Nobody can join
// the queue any more, so a complete pass without one means that it is empty.
void Acceptor::drain() {
  if (std::exchange(draining_, true) || closing_) return;
  loop_.proactor().shutdown(listener_);
  fresh_ = false;
  drain_look_.begin([this] {
    const bool looked = accepting_ && !paused_;
    if (looked && !std::exchange(fresh_, false)) close();
    return !closing_;
  });
}

void Acceptor::close() {
  if (std::exchange(closing_, true)) return;
  loop_.proactor().close(listener_, false);
}

}  // namespace collet

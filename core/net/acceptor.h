// SPDX-License-Identifier: MIT
// acceptor.h: one listener of one loop: accepting, pausing, and trying again.
#pragma once

#include <cstdint>
#include <functional>

#include <collet/event_loop.h>

#include "core/net/accept_turns.h"
#include "core/net/drain_look.h"

namespace collet {

class Acceptor final : private CompletionHandler {
 public:
  // `on_accept` gets each new stream, `on_failed` the errno of each try that accepts no more;
  // `on_closed` is the last call.
  struct Events {
    std::function<void(Handle)> on_accept;
    std::function<void(int error)> on_failed;
    std::function<void()> on_closed;
  };

  // `turns` outlives it.
  Acceptor(EventLoop& loop, AcceptTurns& turns, Events events);

  // Returns 0 or an errno. The listener is silent until start().
  int listen(const Endpoint& at, const ListenOptions& options);
  Endpoint endpoint() { return loop_.proactor().endpoint(listener_, Side::local); }
  void start();

  // Leaves new connections in the accept queue until resume().
  void pause();
  void resume();

  // Its turn has come, after a failure for want of descriptors or memory.
  void try_again();

  // Takes what is in the accept queue, lets nobody else in, and closes.
  void drain();
  void close();

  std::uint64_t failures() const noexcept { return failures_; }
  std::uint64_t pauses() const noexcept { return pauses_; }

 private:
  void on_completion(Completion& completion) noexcept override;
  void accepting_ended(int error);

  EventLoop& loop_;
  AcceptTurns& turns_;
  Events events_;
  DrainLook drain_look_{loop_};
  Handle listener_;
  std::uint64_t failures_ = 0;
  std::uint64_t pauses_ = 0;
  bool accepting_ = false;  // started, and its last completion not yet seen
  bool failed_ = false;     // and waits for its turn
  bool paused_ = false;
  bool draining_ = false;
  bool fresh_ = false;  // something was accepted since the last look
  bool closing_ = false;
};

}  // namespace collet

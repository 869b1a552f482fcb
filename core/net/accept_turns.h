// SPDX-License-Identifier: MIT
// accept_turns.h: who of a server's acceptors may try again when descriptors or memory are short.
//
// One at a time for the whole server, since a descriptor that is free serves one of them: each turn
// costs one failed accept at most, however many listeners there are. A turn in which nothing failed
// passes to the next at once.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <mutex>

#include <collet/event_loop.h>

namespace collet {

class Acceptor;

// Every function may be called from any of the server's loops.
class AcceptTurns {
 public:
  // On the acceptor's own loop: it could not accept, and waits for a turn.
  void failed(EventLoop& loop, Acceptor& acceptor);

  // The acceptor whose turn it was has no reason to wait any more.
  void passed();

 private:
  struct Waiting {
    EventLoop* loop;
    Acceptor* acceptor;
  };

  std::chrono::nanoseconds delay_after_failure(std::chrono::nanoseconds now);
  void give_turn();

  std::mutex mutex_;
  std::deque<Waiting> line_;
  bool turn_is_due_ = false;  // a timer gives it
  std::chrono::nanoseconds delay_{};
  std::chrono::nanoseconds failed_at_{};
};

}  // namespace collet

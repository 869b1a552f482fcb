// SPDX-License-Identifier: MIT
// pipelined_client.h: a client that keeps several requests under way on a connection, in a closed
// or an open loop, and times each of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "apps/workloads/client.h"
#include "apps/workloads/workload.h"

namespace collet::apps {

// The workload derives: it writes requests and finds the ends of replies.
class PipelinedClient : public Client, private Meter::Waiter {
 protected:
  PipelinedClient(const RequestShape& shape, Meter& meter)
      : Client(meter),
        pipeline_(static_cast<std::uint32_t>(shape.pipeline)),
        begun_(std::make_unique<Begun[]>(shape.pipeline)) {}

  // Requests sent and not yet answered in full.
  std::size_t unanswered() const noexcept final { return unanswered_; }

  // So many replies have come in full, just now: times them, each of `request_bytes`, and sends
  // what may be sent. The replies of one batch are timed by one look at the clock.
  void take_replies(std::size_t replies, std::size_t request_bytes, Output& out);

  // The same, when the server will answer nothing more on this connection: closes it. What is under
  // way may be sent anew on another.
  void take_last_replies(std::size_t replies, std::size_t request_bytes, Output& out);

 private:
  // Appends the next `count` requests, with one write if that can be.
  virtual void write_requests(std::size_t count, Output& out) = 0;

  void on_attach(const Waker& waker) noexcept final { waker_ = waker; }
  void begin(Output& out) final;
  void on_wake(Output& out) final;
  bool assign(Meter::Nanoseconds due) noexcept final;
  void dismiss() noexcept final;
  void ended() noexcept final;

  Meter::Nanoseconds time_replies(std::size_t replies, std::size_t request_bytes);
  void forget_unanswered() noexcept;
  void send_what_is_due(Meter::Nanoseconds now, Output& out);
  void wait_or_close(Output& out);
  void note(Begun request) noexcept { begun_[slot(unanswered_++)] = request; }

  // The place in the ring `steps` after the oldest request; at most one lap.
  std::uint32_t slot(std::uint32_t steps) const noexcept {
    const std::uint32_t at = oldest_ + steps;
    return at >= pipeline_ ? at - pipeline_ : at;
  }

  Waker waker_;
  bool waits_ = false;  // is with the meter as a waiter
  std::uint32_t pipeline_;
  std::uint32_t unanswered_ = 1;    // until begin(): the request that is to come
  std::uint32_t assigned_ = 0;      // of those: the youngest, to be sent when woken
  std::uint32_t oldest_ = 0;        // in begun_
  std::unique_ptr<Begun[]> begun_;  // a ring
};

}  // namespace collet::apps

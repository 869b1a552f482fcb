// SPDX-License-Identifier: MIT
// connection.h: one stream and its handler, from open to close. Loop thread only.
//
// Bytes in become jobs, one chain of them under way at a time; their output goes out at once if the
// kernel takes it, else it is queued. Small when idle: what is in use only while something moves
// (jobs, queues) is borrowed from the Connections, and what is left lies close together.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <collet/connections.h>
#include <collet/event_loop.h>
#include <collet/handler.h>

#include "core/net/job.h"

namespace collet {

// What the kernel would not take. `sending` belongs to the proactor until its completion.
struct SendQueue {
  std::vector<std::byte> sending;
  std::vector<std::byte> waiting;
  std::size_t sent = 0;  // of `sending`

  std::size_t bytes() const noexcept { return sending.size() - sent + waiting.size(); }
};

class Connection final : private CompletionHandler {
 public:
  Connection(Connections& owner, std::uint32_t index, std::unique_ptr<Handler> handler);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void accepted(Handle stream);
  void adopt(int socket);
  void connect(const Endpoint& to, const Endpoint* from);

  // What Dispatch ran for this connection comes back.
  void jobs_done(Job* chain);

  Handle stream() const noexcept { return stream_; }

  // Calls the handler's on_wake(), in its turn.
  void wake();

  // Ends in good order: no further request is taken, and what has been is answered.
  [[gnu::cold]] void end(CloseReason reason);
  [[gnu::cold]] void close(CloseReason reason, int error);

  // For draining: true, once, if nothing has arrived since the last call and nothing is under way.
  bool was_quiet() noexcept;

  // Closes if nothing has moved for too long, not counting the time the loop was held up; returns
  // when to look again.
  std::chrono::nanoseconds check_idle(std::chrono::nanoseconds now,
                                      std::chrono::nanoseconds held_up);

 private:
  enum class State : std::uint8_t { connecting, open, lingering, closing };
  enum class Receive : std::uint8_t { idle, active, stopping, ended };

  // Every request's way, so all that it calls becomes one function.
  [[gnu::flatten]] void on_completion(Completion& completion) noexcept override;
  [[gnu::cold, gnu::noinline]] void ended(const Completion& completion);
  void opened();
  void received(Completion& completion);
  [[gnu::cold, gnu::noinline]] void received_while_draining(Completion& completion);
  void receive_ended(int error);
  void sent(const Completion& completion);

  void take_on(Job::Kind kind, Lease& input);
  void take_on(Job::Kind kind);
  [[gnu::noinline]] void hand_over(Job::Kind kind, Lease& input);
  void deliver(Job& job);
  [[gnu::noinline]] void deliver_other(Job& job);
  [[gnu::cold]] void handler_asked(Output::End what);
  void send(Output& output);
  std::size_t send_at_once(std::span<const std::byte> bytes);
  [[gnu::cold, gnu::noinline]] std::size_t note_first_byte(std::size_t taken);
  [[gnu::noinline]] void queue_rest(std::span<const std::byte> first,
                                    std::span<const std::byte> second = {});
  void start_send();
  [[gnu::noinline]] void settle();
  void throttle();
  void unthrottle();
  Job* take_pending() noexcept;
  void drop_pending() noexcept;
  void fail_later(int error);
  [[gnu::cold]] void tell_unwatched(int error);
  void leave_place();
  void vanish_if_done();

  Connections& owner_;
  Handle stream_;
  std::unique_ptr<Handler> handler_;
  std::unique_ptr<SendQueue> queue_;  // only while something is unsent
  Job* pending_last_ = nullptr;       // received while a chain is under way; next to it, the oldest
  std::chrono::nanoseconds opened_at_{};
  std::chrono::nanoseconds moved_at_{};  // the last time a byte moved
  std::uint32_t pending_bytes_ = 0;
  int error_ = 0;
  std::uint32_t index_;
  State state_ = State::connecting;
  Receive receive_ = Receive::idle;
  CloseReason reason_ = CloseReason::handler_closed;
  Output::End end_ = Output::End::none;
  bool handler_ended_ : 1 = false;  // and nothing it writes later counts
  bool paused_ : 1 = false;         // by the handler, until it is woken
  bool busy_ : 1 = false;           // a chain of jobs is under way
  bool peer_ended_ : 1 = false;
  bool sent_first_ : 1 = false;
  bool fresh_ = true;     // something has arrived since was_quiet()
  bool suspect_ = false;  // was found idle, and is to be looked at once more
  bool has_place_ = true;
  bool closed_ : 1 = false;  // the proactor is done with the stream
};
static_assert(sizeof(Connection) <= 88);

}  // namespace collet

// SPDX-License-Identifier: MIT
#include "core/net/connection.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <collet/socket.h>

#include "core/net/connections_state.h"

namespace collet {

using std::chrono::nanoseconds;

namespace {

// What a piece of unhandled input counts towards the water mark at least: many tiny ones weigh by
// the jobs that hold them, and by the replies that one chain of them would make.
constexpr std::size_t kLeastWeight = 1024;

constexpr std::size_t kMostSentAtOnce = 256 * 1024;

}  // namespace

Connection::Connection(Connections& owner, std::uint32_t index, std::unique_ptr<Handler> handler)
    : owner_(owner), handler_(std::move(handler)), index_(index) {}

Connection::~Connection() = default;

// -- Opening -------------------------------------------------------------------------------------

void Connection::accepted(Handle stream) {
  stream_ = stream;
  owner_.loop_.proactor().bind(stream, token_of(*this));
  opened();
}

void Connection::adopt(int socket) {
  const Opened stream = owner_.loop_.proactor().adopt(socket, token_of(*this));
  if (stream.error != 0) {
    close_socket(socket, true);  // whose it would have been
    tell_unwatched(stream.error);
    return fail_later(stream.error);
  }
  stream_ = stream.handle;
  opened();
}

void Connection::connect(const Endpoint& to, const Endpoint* from) {
  const Opened stream = owner_.loop_.proactor().connect(to, from, token_of(*this));
  if (stream.error != 0) return fail_later(stream.error);
  stream_ = stream.handle;
}

// There is no stream: the handler hears of it as of any other end, but not from inside the call
// that asked for the connection.
void Connection::fail_later(int error) {
  state_ = State::closing;
  reason_ = CloseReason::error;
  error_ = error;
  closed_ = true;
  owner_.loop_.defer([this] { vanish_if_done(); });
}

// No peer and no handler is to blame, so whoever runs this should know.
void Connection::tell_unwatched(int error) {
  ++owner_.stats_.unwatched;
  if (owner_.events_.on_unwatched) owner_.events_.on_unwatched(error);
}

void Connection::opened() {
  state_ = State::open;
  opened_at_ = owner_.loop_.read_clock();
  moved_at_ = opened_at_;
  ++owner_.stats_.opened;
  ++owner_.shard_.opened;
  ++owner_.shard_.open;
  handler_->on_attach(Waker(owner_, index_, stream_));
  take_on(Job::Kind::open);
  unthrottle();
}

// -- Completions ---------------------------------------------------------------------------------

void Connection::on_completion(Completion& completion) noexcept {
  if (completion.operation == Operation::receive && !completion.last) return received(completion);
  ended(completion);
}

void Connection::ended(const Completion& completion) {
  switch (completion.operation) {
    case Operation::receive:
      return receive_ended(completion.error);
    case Operation::send:
      return sent(completion);
    case Operation::connect:
      if (state_ != State::connecting) return;
      return completion.error == 0 ? opened() : close(CloseReason::error, completion.error);
    case Operation::close:
      closed_ = true;
      return vanish_if_done();
    case Operation::accept:
    case Operation::ready:
      return;
  }
}

void Connection::received(Completion& completion) {
  owner_.shard_.bytes_in += completion.lease.bytes().size();
  if (state_ != State::open || end_ != Output::End::none) return;  // nobody wants them any more
  moved_at_ = owner_.loop_.now();
  fresh_ = true;
  if (owner_.draining_) return received_while_draining(completion);
  take_on(Job::Kind::data, completion.lease);
}

void Connection::received_while_draining(Completion& completion) {
  take_on(Job::Kind::data, completion.lease);
  if (completion.emptied) end(CloseReason::drained);
}

void Connection::receive_ended(int error) {
  if (state_ == State::closing) return;
  if (error == ECANCELED) {
    receive_ = Receive::idle;
    return unthrottle();
  }
  receive_ = Receive::ended;
  peer_ended_ = true;
  if (error == ENOSPC) tell_unwatched(error);  // no socket says that, a full backend does
  if (error != 0) return close(CloseReason::error, error);
  if (state_ == State::lingering) return close(reason_, 0);
  if (end_ != Output::End::none) return settle();
  reason_ = CloseReason::peer_closed;
  take_on(Job::Kind::end);
}

void Connection::sent(const Completion& completion) {
  owner_.shard_.bytes_out += completion.sent;
  if (state_ == State::closing) return;
  if (completion.error != 0) return close(CloseReason::error, completion.error);
  moved_at_ = owner_.loop_.now();
  queue_->sent += completion.sent;
  if (queue_->sent < queue_->sending.size()) {
    start_send();
  } else if (!queue_->waiting.empty()) {
    queue_->sending.clear();
    queue_->sending.swap(queue_->waiting);
    queue_->sent = 0;
    start_send();
  } else {
    owner_.state_->give_back(std::move(queue_));
  }
  unthrottle();
  settle();
}

// -- The handler ---------------------------------------------------------------------------------

// On the loop the lease stays where it is: its bytes are done with when the handler returns.
void Connection::take_on(Job::Kind kind, Lease& input) {
  if (!owner_.runs_on_loop_) return hand_over(kind, input);
  Job& job = owner_.state_->inline_job;
  job.run(kind, *handler_, input.bytes());
  deliver(job);
}

void Connection::take_on(Job::Kind kind) {
  Lease none;
  take_on(kind, none);
}

void Connection::hand_over(Job::Kind kind, Lease& input) {
  Job* job = owner_.state_->borrow_job();
  job->prepare(kind, *this, *handler_, std::move(input));
  if (!busy_) {
    busy_ = true;
    return owner_.state_->dispatch.submit(job);
  }
  pending_bytes_ += static_cast<std::uint32_t>(std::max(job->input_bytes(), kLeastWeight));
  job->next = pending_last_ == nullptr ? job : std::exchange(pending_last_->next, job);
  pending_last_ = job;
  throttle();
}

// As a chain, oldest first; null if nothing is pending.
Job* Connection::take_pending() noexcept {
  pending_bytes_ = 0;
  Job* last = std::exchange(pending_last_, nullptr);
  return last == nullptr ? nullptr : std::exchange(last->next, nullptr);
}

void Connection::jobs_done(Job* chain) {
  busy_ = false;
  moved_at_ = owner_.loop_.now();
  while (chain != nullptr) {
    Job* job = std::exchange(chain, chain->next);
    const bool woken = job->kind == Job::Kind::wake;
    if (woken) paused_ = false;
    if (state_ != State::closing && !handler_ended_) deliver(*job);
    owner_.state_->give_back(job);
    if (woken) unthrottle();
  }
  if (state_ == State::closing) return vanish_if_done();
  if (Job* waiting = take_pending()) {
    busy_ = true;
    owner_.state_->dispatch.submit(waiting);
    unthrottle();
  }
  settle();
}

// Takes what the handler has written and asked for; the job is then ready for another. Most replies
// are bytes that came in, or none.
void Connection::deliver(Job& job) {
  Output& output = job.output;
  if (output.end_ != Output::End::none || queue_ != nullptr || !output.own_.empty()) {
    return deliver_other(job);
  }
  owner_.shard_.requests += std::exchange(output.requests_, 0);
  if (output.borrowed_.empty()) return;
  const std::size_t taken = send_at_once(output.borrowed_);
  const auto rest = std::exchange(output.borrowed_, {}).subspan(taken);
  if (!rest.empty()) queue_rest(rest);
}

void Connection::deliver_other(Job& job) {
  Output& output = job.output;
  if (job.threw()) {
    close(CloseReason::handler_threw, 0);
  } else {
    owner_.shard_.requests += output.requests_;
    send(output);
    if (output.end_ != Output::End::none) handler_asked(output.end_);
  }
  job.reset_output();
}

void Connection::handler_asked(Output::End what) {
  if (what == Output::End::pause) {
    paused_ = true;
    return throttle();
  }
  end_ = what;
  handler_ended_ = true;
  drop_pending();
  settle();
}

void Connection::wake() {
  if (state_ != State::open || end_ != Output::End::none) return;
  if (pending_last_ != nullptr && pending_last_->kind == Job::Kind::wake) return;  // merges
  moved_at_ = owner_.loop_.now();
  if (owner_.runs_on_loop_) paused_ = false;
  take_on(Job::Kind::wake);
  if (owner_.runs_on_loop_) unthrottle();
}

// -- Sending -------------------------------------------------------------------------------------

void Connection::send(Output& output) {
  std::span<const std::byte> borrowed = output.borrowed_;
  std::span<const std::byte> own = output.own_;
  if (queue_ != nullptr) {
    queue_->waiting.insert(queue_->waiting.end(), borrowed.begin(), borrowed.end());
    queue_->waiting.insert(queue_->waiting.end(), own.begin(), own.end());
    return throttle();
  }
  if (!borrowed.empty()) borrowed = borrowed.subspan(send_at_once(borrowed));
  if (borrowed.empty() && !own.empty()) own = own.subspan(send_at_once(own));
  if (borrowed.empty() && own.empty()) return;
  if (borrowed.empty() && own.size() == output.own_.size()) {
    queue_ = owner_.state_->borrow_queue();
    queue_->sending.swap(output.own_);
    start_send();
    throttle();
  } else {
    queue_rest(borrowed, own);
  }
}

// A copy, for they are free again when this returns.
void Connection::queue_rest(std::span<const std::byte> first, std::span<const std::byte> second) {
  queue_ = owner_.state_->borrow_queue();
  queue_->sending.assign(first.begin(), first.end());
  queue_->sending.insert(queue_->sending.end(), second.begin(), second.end());
  start_send();
  throttle();
}

// Returns how many of them the backend took.
std::size_t Connection::send_at_once(std::span<const std::byte> bytes) {
  const std::size_t taken = owner_.loop_.proactor().send_now(stream_, bytes);
  owner_.shard_.bytes_out += taken;
  return sent_first_ ? taken : note_first_byte(taken);
}

std::size_t Connection::note_first_byte(std::size_t taken) {
  sent_first_ = true;
  owner_.shard_.first_byte.record(owner_.loop_.read_clock() - opened_at_);
  return taken;
}

// In pieces, so that a slow peer that reads on is not taken for a silent one.
void Connection::start_send() {
  const auto unsent = std::span<const std::byte>(queue_->sending).subspan(queue_->sent);
  const auto piece = unsent.first(std::min(unsent.size(), kMostSentAtOnce));
  const int error = owner_.loop_.proactor().send(stream_, piece);
  if (error == 0) return;
  tell_unwatched(error);
  close(CloseReason::error, error);
}

// -- Water marks ---------------------------------------------------------------------------------

void Connection::throttle() {
  const std::size_t unsent = queue_ == nullptr ? 0 : queue_->bytes();
  const std::size_t high = owner_.limits_.high_water_bytes;
  const bool too_much = unsent > high || pending_bytes_ > high;
  if (receive_ != Receive::active || (!too_much && !paused_)) return;
  receive_ = Receive::stopping;
  if (too_much) ++owner_.stats_.receive_pauses;
  owner_.loop_.proactor().stop(stream_);
}

void Connection::unthrottle() {
  const std::size_t unsent = queue_ == nullptr ? 0 : queue_->bytes();
  const std::size_t low = owner_.limits_.high_water_bytes / 2;
  if (receive_ != Receive::idle || unsent > low || pending_bytes_ > low || paused_) return;
  if (state_ != State::open && state_ != State::lingering) return;
  receive_ = Receive::active;
  const int error = owner_.loop_.proactor().start(stream_);
  if (error == 0) return;
  tell_unwatched(error);
  close(CloseReason::error, error);
}

// -- Ending --------------------------------------------------------------------------------------

void Connection::end(CloseReason reason) {
  if (state_ != State::open || end_ != Output::End::none) return;
  end_ = Output::End::finish;
  reason_ = reason;
  settle();
}

// Takes the next step towards the end that was asked for, once everything before it is done.
void Connection::settle() {
  if (end_ == Output::End::none || state_ != State::open) return;
  if (busy_ || pending_last_ != nullptr || queue_ != nullptr) return;
  if (end_ == Output::End::close || peer_ended_) return close(reason_, 0);
  owner_.loop_.proactor().shutdown(stream_);
  state_ = State::lingering;
  if (owner_.draining_) leave_place();
  paused_ = false;
  moved_at_ = owner_.loop_.now();
  owner_.sweep_later(moved_at_ + owner_.limits_.linger);
  unthrottle();
}

void Connection::close(CloseReason reason, int error) {
  if (state_ == State::closing) return;
  if (state_ != State::connecting) {
    ++owner_.shard_.finished;
    --owner_.shard_.open;
    owner_.shard_.lifetime.record(owner_.loop_.read_clock() - opened_at_);
  }
  state_ = State::closing;
  reason_ = reason;
  error_ = error;
  drop_pending();
  owner_.loop_.proactor().close(stream_, reason == CloseReason::forced);
}

void Connection::drop_pending() noexcept {
  for (Job* job = take_pending(); job != nullptr;) {
    owner_.state_->give_back(std::exchange(job, job->next));
  }
}

// The last word: the stream is closed and no job is with the pool.
void Connection::vanish_if_done() {
  if (!closed_ || busy_) return;
  ++owner_.stats_.closed[static_cast<std::size_t>(reason_)];
  if (queue_ != nullptr) owner_.state_->give_back(std::move(queue_));
  handler_->on_close(reason_, error_);
  leave_place();
  owner_.gone(index_);  // destroys this
}

void Connection::leave_place() {
  if (std::exchange(has_place_, false) && owner_.events_.on_done) owner_.events_.on_done();
}

bool Connection::was_quiet() noexcept {
  return state_ == State::open && end_ == Output::End::none && !busy_ &&
         (receive_ == Receive::active || receive_ == Receive::ended) &&
         !std::exchange(fresh_, false);
}

// What has run out is looked at once more after another pass: a byte may be in the socket already.
nanoseconds Connection::check_idle(nanoseconds now, nanoseconds held_up) {
  moved_at_ = std::min(moved_at_ + held_up, now);
  nanoseconds limit = nanoseconds::max();
  if (state_ == State::lingering) limit = owner_.limits_.linger;
  if (state_ == State::open && !busy_) limit = owner_.limits_.idle_timeout;
  if (limit == nanoseconds::max()) return limit;
  if (now - moved_at_ < limit) {
    suspect_ = false;
    return moved_at_ + limit;
  }
  if (!std::exchange(suspect_, true)) return now;
  close(state_ == State::lingering ? reason_ : CloseReason::idle, 0);
  return nanoseconds::max();
}

}  // namespace collet

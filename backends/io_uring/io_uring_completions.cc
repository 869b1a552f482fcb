// SPDX-License-Identifier: MIT
// io_uring_completions.cc: what the kernel reports to the io_uring proactor, and what follows.
#include <fcntl.h>
#include <poll.h>
#include <collet/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "backends/io_uring/io_uring_proactor.h"

namespace collet {

using Kind = IoUringSlot::Kind;

// -- Outcomes -------------------------------------------------------------------------------------

void IoUringProactor::take(const Uring::Outcome& outcome) noexcept {
  if (outcome.is_last()) --in_flight_;
  constexpr std::uint64_t kRoles = (1U << kRoleBits) - 1;
  const auto role = static_cast<Role>(outcome.user_data & kRoles);
  if (role == Role::cancel) return;
  if (role == Role::wake) {
    if (outcome.is_last()) watch_wake();
    return;
  }
  ++handled_;
  IoUringSlot& slot = slots_[static_cast<std::uint32_t>(outcome.user_data >> kRoleBits)];
  if (role == Role::output) {
    on_output(slot, outcome);
    if (slot.closing) settle(slot);
    return;
  }
  if (outcome.is_last()) slot.input = false;
  switch (slot.kind) {
    case Kind::listener:
      on_accept(slot, outcome);
      break;
    case Kind::stream:
      on_receive(slot, outcome);
      break;
    default:
      on_ready(slot, outcome);
  }
  if (!slot.input) settle(slot);
}

void IoUringProactor::on_accept(IoUringSlot& slot, const Uring::Outcome& outcome) noexcept {
  if (outcome.result >= 0 && slot.closing) {
    close_socket(outcome.result, true);  // as the kernel treats those in the accept queue
  } else if (outcome.result >= 0 && slot.stopping) {
    held_[slot.index].push_back(outcome.result);
    slot.holds = true;
  } else if (outcome.result >= 0) {
    deliver_accepted(slot, outcome.result);
  } else if (outcome.result != -ECANCELED && !slot.closing &&
             classify_accept_error(-outcome.result) != AcceptError::try_next) {
    end_input(slot, -outcome.result);
  }
}

void IoUringProactor::deliver_accepted(IoUringSlot& slot, int socket) noexcept {
  Completion done;
  done.operation = Operation::accept;
  done.token = slot.token;
  done.accepted = open_slot(Kind::stream, socket, Token{}).handle();
  sink_->complete(done);
}

// Whoever the kernel had accepted when stop() came is as good as in the accept queue: let in by the
// next start(), before anybody else.
void IoUringProactor::deliver_held(IoUringSlot& slot) noexcept {
  std::deque<int>& sockets = held_[slot.index];
  while (!sockets.empty() && !slot.stopping && !slot.closing && handled_ < kPassBound) {
    const int socket = sockets.front();
    sockets.pop_front();
    ++handled_;
    deliver_accepted(slot, socket);
  }
  slot.holds = !sockets.empty();
  if (slot.stopping || slot.closing) return;  // it is due, because it has no request
  if (slot.holds) return settle_later(slot);
  begin_input(slot);
}

void IoUringProactor::on_receive(IoUringSlot& slot, const Uring::Outcome& outcome) noexcept {
  if ((outcome.flags & IORING_CQE_F_BUFFER) != 0) {
    if (outcome.result > 0) return lend_all(slot, outcome);
    buffers_->on_taken();
    buffers_->put_back(static_cast<LentBuffers::Id>(outcome.flags >> IORING_CQE_BUFFER_SHIFT));
  }
  if (slot.closing) return;
  if (outcome.result == -ENOBUFS) {
    park(slot);
  } else if (outcome.result == -EINVAL && limits_receives_) {
    limits_receives_ = false;
  } else if (outcome.result == 0) {
    end_input(slot, 0);
  } else if (outcome.result < 0 && outcome.result != -ECANCELED && outcome.result != -EINTR) {
    end_input(slot, -outcome.result);
  }
}

void IoUringProactor::on_ready(IoUringSlot& slot, const Uring::Outcome& outcome) noexcept {
  if (slot.closing) return;
  if (outcome.result < 0) {
    if (outcome.result != -ECANCELED) end_input(slot, -outcome.result);
    return;
  }
  Completion done;
  done.operation = Operation::ready;
  done.token = slot.token;
  done.ready = static_cast<Readiness>(outcome.result) &
               (slot.interest | Readiness::error | Readiness::hang_up);
  // Readiness is a level, which is what requests that are not multishot tell.
  slot.patient = done.ready == Readiness::none;
  if (!slot.patient && !outcome.is_last() && !slot.stopping) cancel(slot, Role::input);
  if (!slot.patient && !slot.stopping) sink_->complete(done);
}

void IoUringProactor::on_connect(IoUringSlot& slot, int result) noexcept {
  slot.connecting = false;
  Completion done;
  done.operation = Operation::connect;
  done.last = true;
  done.token = slot.token;
  done.error = slot.closing ? ECANCELED : result < 0 ? -result : socket_error(slot.fd);
  if (done.error == 0) ::fcntl(slot.fd, F_SETFL, 0);  // blocking, as others are
  sink_->complete(done);
}

void IoUringProactor::on_output(IoUringSlot& slot, const Uring::Outcome& outcome) noexcept {
  if (outcome.is_notice()) {
    if (--slot.notices == 0 && !slot.output) end_send(slot);
    return;
  }
  if (outcome.is_last() || !slot.waits_for_room) slot.output = false;
  if (slot.waits_for_room) {
    on_room(slot, outcome);
  } else if (slot.connecting) {
    on_connect(slot, outcome.result);
  } else {
    if (!outcome.is_last()) ++slot.notices;
    on_send(slot, outcome.result);
  }
}

void IoUringProactor::on_send(IoUringSlot& slot, int result) noexcept {
  if (result > 0) slot.sent += static_cast<std::size_t>(result);
  if (slot.uncopied && result == -EOPNOTSUPP) slot.copies = true;
  // By this kind of socket, or because no more memory may be locked now.
  const bool is_refused =
      slot.uncopied && (result == -EOPNOTSUPP || result == -ENOMEM || result == -ENOBUFS);
  const bool is_whole = slot.sent == slot.bytes.size();
  const bool goes_on =
      is_refused || (result > 0 ? !is_whole : result == -EAGAIN || result == -EINTR);
  if (goes_on && !slot.closing) return is_refused ? begin_send(slot, true) : wait_for_room(slot);
  const bool has_failed = result < 0 && !goes_on;
  slot.send_error = static_cast<std::uint16_t>(has_failed ? -result : is_whole ? 0 : ECANCELED);
  if (slot.notices == 0) end_send(slot);
}

void IoUringProactor::end_send(IoUringSlot& slot) noexcept {
  Completion done;
  done.operation = Operation::send;
  done.last = true;
  done.token = slot.token;
  done.error = slot.send_error;
  done.sent = slot.sent;
  sink_->complete(done);
}

void IoUringProactor::on_room(IoUringSlot& slot, const Uring::Outcome& outcome) noexcept {
  constexpr int kRoom = POLLOUT | POLLERR | POLLHUP;
  if (outcome.result >= 0 && (outcome.result & kRoom) == 0 && !slot.closing) {
    slot.patient = true;
    if (outcome.is_last()) wait_for_room(slot);
  } else if (!outcome.is_last()) {
    if (!slot.closing) cancel(slot, Role::output);
  } else {
    slot.patient = slot.waits_for_room = false;
    slot.closing ? on_send(slot, -ECANCELED) : begin_send(slot);
  }
}

// -- What follows ---------------------------------------------------------------------------------

// One buffer, or a bundle of them; what the handler of one does may be to close.
void IoUringProactor::lend_all(IoUringSlot& slot, const Uring::Outcome& outcome) noexcept {
  auto id = static_cast<LentBuffers::Id>(outcome.flags >> IORING_CQE_BUFFER_SHIFT);
  auto left = static_cast<std::size_t>(outcome.result);
  while (true) {
    const std::size_t size = std::min(left, buffers_->size());
    left -= size;
    // A full buffer says nothing of what is behind it, where the kernel does not count (Unix
    // sockets).
    const bool emptied =
        left == 0 && size < buffers_->size() && (outcome.flags & IORING_CQE_F_SOCK_NONEMPTY) == 0;
    if (left == 0 && !emptied && !slot.closing) more_to_come_ = true;
    const LentBuffers::Id next = buffers_->after(id);
    buffers_->on_taken();
    slot.closing ? buffers_->put_back(id) : lend(slot, id, size, emptied);
    if (left == 0) return;
    ++handled_;
    id = next;
  }
}

// Most handlers look at the bytes and are done: then the buffer goes back without an atomic.
void IoUringProactor::lend(IoUringSlot& slot, LentBuffers::Id id, std::size_t size,
                           bool emptied) noexcept {
  Completion done;
  done.operation = Operation::receive;
  done.token = slot.token;
  done.emptied = emptied;
  done.lease = buffers_->lend(id, size);
  sink_->complete(done);
  if (done.lease.take_back()) buffers_->take_back(id);
}

void IoUringProactor::park(IoUringSlot& slot) noexcept {
  buffers_->on_shortage();
  if (buffers_->available() == 0) ++counters_.lease_waits;
  if (slot.stopping || std::exchange(slot.parked, true)) return;
  parked_.push_back(slot.handle());
}

// As many as have a buffer; more would only find none again.
void IoUringProactor::restart_parked() noexcept {
  if (parked_.empty()) return;
  std::size_t available = buffers_->available();
  while (available > 0 && !parked_.empty()) {
    IoUringSlot* slot = named(parked_.front());
    parked_.pop_front();
    if (slot == nullptr || !std::exchange(slot->parked, false)) continue;
    begin_input(*slot);
    --available;
  }
}

void IoUringProactor::settle(IoUringSlot& slot) noexcept {
  if (slot.started && !slot.input) {
    if (slot.stopping || slot.closing) {
      end_input(slot, ECANCELED);
    } else if (slot.holds) {
      deliver_held(slot);
    } else if (!slot.parked) {
      // It ended because the kernel had no room for outcomes, or would not go on for ever.
      if (slot.kind != Kind::watch) more_to_come_ = true;
      begin_input(slot);
    }
  }
  if (!slot.closing || slot.started || !slot.idle()) return;
  slot.notices == 0 ? finish_close(slot) : end_connection(slot);
}

void IoUringProactor::settle_later(IoUringSlot& slot) noexcept {
  if (std::exchange(slot.due, true)) return;
  due_.push_back(slot.handle());
}

void IoUringProactor::settle_all_due() noexcept {
  std::size_t settled = 0;
  for (; settled < due_.size() && handled_ < kPassBound; ++settled) {
    IoUringSlot* slot = named(due_[settled]);
    if (slot == nullptr) continue;
    ++handled_;
    slot->due = false;
    settle(*slot);
  }
  due_.erase(due_.begin(), due_.begin() + static_cast<std::ptrdiff_t>(settled));
}

// Delivers the last completion of what start() began.
void IoUringProactor::end_input(IoUringSlot& slot, int error) noexcept {
  slot.started = slot.stopping = slot.parked = false;
  Completion done;
  switch (slot.kind) {
    case Kind::listener:
      done.operation = Operation::accept;
      break;
    case Kind::stream:
      done.operation = Operation::receive;
      break;
    default:
      done.operation = Operation::ready;
  }
  done.last = true;
  done.token = slot.token;
  done.error = error;
  sink_->complete(done);
}

void IoUringProactor::finish_close(IoUringSlot& slot) noexcept {
  if (slot.kind == Kind::listener && !slot.refuses) forget_unix_path(slot.fd);
  if (slot.kind != Kind::watch) close_socket(slot.fd, slot.reset);
  if (slot.holds) {
    for (const int socket : held_[slot.index]) close_socket(socket, true);
    held_.erase(slot.index);
  }
  Completion done;
  done.operation = Operation::close;
  done.last = true;
  done.token = slot.token;
  retire(slot);
  sink_->complete(done);
}

}  // namespace collet

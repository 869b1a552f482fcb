// SPDX-License-Identifier: MIT
#include <poll.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include <collet/socket.h>

#include "core/checked_wait.h"
#include "core/readiness.h"

namespace collet {

using std::chrono::nanoseconds;

// -- Running -------------------------------------------------------------------------------------

nanoseconds ReadinessProactor::now() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return std::chrono::seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
}

nanoseconds ReadinessProactor::timeout_until(nanoseconds deadline) noexcept {
  if (!queued_.empty() || deadline == nanoseconds::min()) return nanoseconds::zero();
  if (deadline == nanoseconds::max()) return nanoseconds::max();
  return std::max(deadline - now(), nanoseconds::zero());
}

bool ReadinessProactor::run(nanoseconds deadline, CompletionSink& sink) noexcept {
  at_bound_ = false;
  const std::size_t count = checked_wait(*poller_, events_, timeout_until(deadline));
  for (const Event& event : std::span(events_).first(count)) handle_event(event, sink);
  deliver_queued(sink);
  // A stream that waits for a lease has bytes still to be handed over.
  const bool complete = !at_bound_ && count < events_.size() && queued_.empty() && starved_.empty();
  feed_starved();
  if (!complete) ++counters_.bounded_passes;
  return complete;
}

void ReadinessProactor::queue(Operation operation, std::uint32_t index, int error) {
  Slot& slot = slots_[index];
  Queued& queued = queued_.emplace_back();
  queued.index = index;
  queued.completion.operation = operation;
  queued.completion.last = true;
  queued.completion.error = error;
  queued.completion.token = slot.token;
  queued.completion.sent = operation == Operation::send ? slot.sent : 0;
}

// What handlers queue meanwhile waits for the next run(), which then does not block.
void ReadinessProactor::deliver_queued(CompletionSink& sink) {
  if (queued_.empty()) return;
  delivering_.swap(queued_);
  for (Queued& queued : delivering_) {
    Slot& slot = slots_[queued.index];
    const Operation operation = queued.completion.operation;
    if (operation == Operation::close) {
      slots_.release(queued.index);
    } else if (operation != Operation::send && operation != Operation::connect) {
      slot.ending = false;
    }
    sink.complete(queued.completion);
  }
  delivering_.clear();
}

void ReadinessProactor::handle_event(const Event& event, CompletionSink& sink) {
  const auto word = static_cast<std::uint64_t>(event.token);
  const Handle handle{static_cast<std::uint32_t>(word & kIndexMask),
                      static_cast<std::uint32_t>(word >> 32)};
  const Slot& slot = slots_[handle.index];
  if (event.ready == Readiness::read && slot.receives(handle.generation)) {
    receive_some_bytes(handle.index, sink);  // all that most events are
  } else if (slot.generation() == handle.generation) {
    handle_other_event(handle, event.ready, sink);
  } else {
    ++counters_.stale_events;
  }
}

void ReadinessProactor::handle_other_event(Handle handle, Readiness ready, CompletionSink& sink) {
  const bool failed = has(ready, Readiness::error | Readiness::hang_up);
  const std::uint32_t index = handle.index;
  Slot* slot = &slots_[index];
  switch (slot->kind()) {
    case Kind::connecting:
      // An event may be spurious (P2), and a socket that is still connecting has no error yet.
      if (!failed && socket_endpoint(slot->fd, Side::peer).length == 0) return;
      if (has(ready, Readiness::write) || failed) finish_connect(index, sink);
      return;
    case Kind::listener:
      if (slot->flow() == Flow::producing) return accept_some(index, sink);
      break;
    case Kind::watch:
      if (slot->flow() == Flow::producing) return report_readiness(index, sink);
      break;
    case Kind::stream:
      if ((has(ready, Readiness::read) || failed) && slot->flow() == Flow::producing) {
        receive_some_bytes(index, sink);
        slot = find(handle);
      }
      if (slot != nullptr && slot->sending() && (has(ready, Readiness::write) || failed)) {
        send_more(index, sink);
      }
      break;
    case Kind::none:
      break;
  }
  ignore(handle, ready);
}

// Level-triggered, whatever is reported and not waited for is reported for ever: so an interest
// that nobody has is withdrawn, and a descriptor that failed with nobody waiting is forgotten until
// somebody does.
void ReadinessProactor::ignore(Handle handle, Readiness ready) noexcept {
  Slot* slot = find(handle);
  if (slot == nullptr) return;
  const bool waiting = slot->flow() == Flow::producing || slot->sending();
  if (!waiting && has(ready, Readiness::error | Readiness::hang_up)) {
    disarm(*slot);
  } else {
    arm(handle.index, Arm::exactly);
  }
}

void ReadinessProactor::accept_some(std::uint32_t index, CompletionSink& sink) {
  const Handle listener = handle_of(index);
  for (std::size_t i = 0; i < limits_.accepts; ++i) {
    Slot& slot = slots_[index];
    const int fd = accept_socket(slot.fd);
    if (fd >= 0) {
      Completion completion;
      completion.operation = Operation::accept;
      completion.token = slot.token;
      completion.accepted = open(Kind::stream, fd, Token{}).handle;
      sink.complete(completion);
      const Slot* still = find(listener);
      if (still == nullptr || still->flow() != Flow::producing) return;
    } else if (fd == -EAGAIN) {
      return;
    } else if (classify_accept_error(-fd) != AcceptError::try_next) {
      return end_producing(index, -fd, sink);
    }
  }
  at_bound_ = true;
}

void ReadinessProactor::receive_some_bytes(std::uint32_t index, CompletionSink& sink) {
  if (!leases_.has_room()) return starve(index);
  const Slot& slot = slots_[index];
  const Token token = slot.token;
  const std::span<std::byte> room = leases_.room();
  const auto count = receive_some(slot.fd, room);
  if (count > 0) {
    const auto size = static_cast<std::size_t>(count);
    received_.emptied = size < room.size();
    received_.token = token;
    received_.lease = leases_.offer(size);
    if (!received_.emptied) at_bound_ = true;
    sink.complete(received_);
    leases_.settle(received_.lease, size);
  } else if (count != -EAGAIN) {
    end_producing(index, static_cast<int>(-count), sink);
  }
}

void ReadinessProactor::send_more(std::uint32_t index, CompletionSink& sink) {
  Slot& slot = slots_[index];
  const auto count = send_some(slot.fd, slot.unsent);
  if (count == -EAGAIN) return;
  if (count >= 0) {
    slot.sent += static_cast<std::size_t>(count);
    slot.unsent = slot.unsent.subspan(static_cast<std::size_t>(count));
    if (!slot.unsent.empty()) return;
  }
  slot.set_sending(false);
  arm(index, Arm::exactly);
  Completion completion;
  completion.operation = Operation::send;
  completion.last = true;
  completion.error = count < 0 ? static_cast<int>(-count) : 0;
  completion.token = slot.token;
  completion.sent = slot.sent;
  sink.complete(completion);
}

void ReadinessProactor::finish_connect(std::uint32_t index, CompletionSink& sink) {
  Slot& slot = slots_[index];
  slot.set_kind(Kind::stream);
  Completion completion;
  completion.operation = Operation::connect;
  completion.last = true;
  completion.error = socket_error(slot.fd);
  completion.token = slot.token;
  const Handle handle = handle_of(index);
  sink.complete(completion);
  // Usually the sink has started receiving: one change of interest then serves both.
  if (find(handle) != nullptr) arm(index, Arm::exactly);
}

// What is told must hold, and an event may be spurious (P2).
void ReadinessProactor::report_readiness(std::uint32_t index, CompletionSink& sink) {
  constexpr Readiness kKnown =
      Readiness::read | Readiness::write | Readiness::error | Readiness::hang_up;
  pollfd state{slots_[index].fd, static_cast<short>(slots_[index].watched), 0};
  if (::poll(&state, 1, 0) != 1) return;
  const Readiness ready = static_cast<Readiness>(state.revents) & kKnown;
  if (ready == Readiness::none) return;
  Completion completion;
  completion.operation = Operation::ready;
  completion.token = slots_[index].token;
  completion.ready = ready;
  sink.complete(completion);
}

void ReadinessProactor::end_producing(std::uint32_t index, int error, CompletionSink& sink) {
  Slot& slot = slots_[index];
  slot.set_flow(Flow::idle);
  if (slot.kind() == Kind::listener) disarm(slot);
  Completion completion;
  completion.operation = slot.kind() == Kind::listener ? Operation::accept : Operation::receive;
  completion.last = true;
  completion.error = error;
  completion.token = slot.token;
  sink.complete(completion);
}

// -- Running out of leases -----------------------------------------------------------------------

void ReadinessProactor::starve(std::uint32_t index) {
  ++counters_.lease_waits;
  slots_[index].set_flow(Flow::starved);
  starved_.push_back(handle_of(index));
  disarm(slots_[index]);
  if (slots_[index].sending()) arm_or_end(index);
}

// A returned slab wakes the Poller, so this runs soon after.
void ReadinessProactor::feed_starved() {
  if (starved_.empty() || !leases_.has_room()) return;
  std::vector<Handle> hungry;
  hungry.swap(starved_);
  for (const Handle handle : hungry) {
    Slot* slot = find(handle);
    if (slot == nullptr || slot->flow() != Flow::starved) continue;
    slot->set_flow(Flow::producing);
    arm_or_end(handle.index);
  }
}

// The Poller may have become full since it forgot the stream: a completion must tell then, for no
// event will.
void ReadinessProactor::arm_or_end(std::uint32_t index) {
  const int error = arm(index, Arm::at_least);
  if (error == 0) return;
  Slot& slot = slots_[index];
  if (slot.flow() == Flow::producing) {
    slot.set_flow(Flow::idle);
    slot.ending = true;
    queue(Operation::receive, index, error);
  }
  if (slot.sending()) {
    slot.set_sending(false);
    queue(Operation::send, index, error);
  }
}

}  // namespace collet

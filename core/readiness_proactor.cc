// SPDX-License-Identifier: MIT
#include <collet/readiness_proactor.h>
#include <time.h>

#include <cassert>
#include <cerrno>
#include <utility>
#include <vector>

#include <collet/socket.h>

#include "core/lease_slabs.h"
#include "core/slab.h"

namespace collet {
namespace {

using std::chrono::nanoseconds;

class ReadinessProactor final : public Proactor {
 public:
  ReadinessProactor(std::unique_ptr<Poller> poller, const ReadinessLimits& limits)
      : poller_(std::move(poller)),
        limits_(limits),
        events_(limits.events),
        leases_(limits.slab_bytes, limits.receive_bytes, limits.slabs, [this] { poller_->wake(); }) {
  }
  ~ReadinessProactor() override;

  Opened listen(const Endpoint& at, const ListenOptions& options, Token token) noexcept override;
  Opened connect(const Endpoint& to, const Endpoint* from, Token token) noexcept override;
  Opened adopt(int socket, Token token) noexcept override;
  Opened watch(int fd, Interest interest, Token token) noexcept override;
  int bind(Handle handle, Token token) noexcept override;
  int start(Handle handle) noexcept override;
  int stop(Handle handle) noexcept override;
  std::size_t send_now(Handle handle, std::span<const std::byte> bytes) noexcept override;
  int send(Handle handle, std::span<const std::byte> bytes) noexcept override;
  int shutdown(Handle handle) noexcept override;
  int close(Handle handle, bool reset) noexcept override;
  int release(Handle handle) noexcept override;
  Endpoint endpoint(Handle handle, Side side) noexcept override;
  Counters counters() const noexcept override { return counters_; }
  nanoseconds now() noexcept override;
  bool run(nanoseconds deadline, CompletionSink& sink) noexcept override;
  void wake() noexcept override { poller_->wake(); }

 private:
  enum class Kind : std::uint8_t { none, listener, stream, watch };

  // One cache line for everything a handle names.
  struct Slot {
    int fd = -1;
    std::uint32_t generation = 1;
    Token token{};
    Kind kind = Kind::none;
    bool registered = false;  // known to the Poller, with the interest `armed`
    bool producing = false;   // between start() and its last completion
    bool ending = false;      // stop() was called; that last completion is queued
    bool connecting = false;
    bool sending = false;
    bool starved = false;     // readable, but no lease was left
    Interest armed = Interest::none;
    Interest watched = Interest::read;  // what start() arms: not only read for a watch
    int send_error = 0;                 // from send_now(), for the next send()
    std::size_t sent = 0;
    std::span<const std::byte> unsent{};
  };

  static constexpr std::uint64_t kIndexMask = 0xffffffffU;

  Slot* find(Handle handle) noexcept;
  Opened open(Kind kind, int fd, Token token);
  Handle handle_of(std::uint32_t index) noexcept { return {index, slots_[index].generation}; }
  static void end_generation(Slot& slot) noexcept;

  enum class Arm : std::uint8_t { at_least, exactly };
  int arm(std::uint32_t index, Arm how) noexcept;
  void disarm(Slot& slot) noexcept;

  void queue(Operation operation, std::uint32_t index, int error);
  void deliver_queued(CompletionSink& sink);
  void handle_event(const Event& event, CompletionSink& sink);
  bool handle_stream_event(Handle handle, Readiness ready, CompletionSink& sink);
  void ignore(Handle handle, Readiness ready) noexcept;
  void accept_some(std::uint32_t index, CompletionSink& sink);
  void receive_some_bytes(std::uint32_t index, CompletionSink& sink);
  void send_more(std::uint32_t index, CompletionSink& sink);
  void finish_connect(std::uint32_t index, CompletionSink& sink);
  void report_readiness(std::uint32_t index, Readiness ready, CompletionSink& sink);
  void end_producing(std::uint32_t index, int error, CompletionSink& sink);
  void starve(std::uint32_t index);
  void feed_starved();
  nanoseconds timeout_until(nanoseconds deadline) noexcept;

  struct Queued {
    Completion completion;
    std::uint32_t index;
  };

  std::unique_ptr<Poller> poller_;
  ReadinessLimits limits_;
  std::vector<Event> events_;
  Slab<Slot> slots_;
  std::vector<Queued> queued_;      // completions of operations that ended without waiting
  std::vector<Queued> delivering_;  // the batch being handed over: kept to reuse its memory
  std::vector<Handle> starved_;
  Counters counters_;
  bool at_bound_ = false;
  LeaseSlabs leases_;  // last: its return wakes the Poller
};

ReadinessProactor::~ReadinessProactor() {
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    if (slot.kind == Kind::listener) forget_unix_path(slot.fd);
    if (slot.kind == Kind::listener || slot.kind == Kind::stream) ::close(slot.fd);
  }
}

// -- Handles -------------------------------------------------------------------------------------

// A slot's generation changes when its handle dies, that is at close() and not when the slot is
// free again: so this one comparison also keeps a closing handle from being used.
ReadinessProactor::Slot* ReadinessProactor::find(Handle handle) noexcept {
  if (handle.index >= slots_.size()) return nullptr;
  Slot& slot = slots_[handle.index];
  return slot.generation == handle.generation ? &slot : nullptr;
}

Opened ReadinessProactor::open(Kind kind, int fd, Token token) {
  if (fd < 0) return {{}, -fd};
  const std::uint32_t index = slots_.acquire();
  Slot& slot = slots_[index];
  const std::uint32_t generation = slot.generation;  // of no handle yet
  slot = Slot{.fd = fd, .generation = generation, .token = token, .kind = kind};
  return {handle_of(index), 0};
}

void ReadinessProactor::end_generation(Slot& slot) noexcept {
  slot.kind = Kind::none;
  if (++slot.generation == 0) slot.generation = 1;
}

Opened ReadinessProactor::listen(const Endpoint& at, const ListenOptions& options,
                                 Token token) noexcept {
  return open(Kind::listener, open_listener(at, options), token);
}

Opened ReadinessProactor::connect(const Endpoint& to, const Endpoint* from, Token token) noexcept {
  const Opened opened = open(Kind::stream, begin_connect(to, from), token);
  if (opened.error != 0) return opened;
  slots_[opened.handle.index].connecting = true;
  const int error = arm(opened.handle.index, Arm::at_least);
  if (error == 0) return opened;
  ::close(slots_[opened.handle.index].fd);
  end_generation(slots_[opened.handle.index]);
  slots_.release(opened.handle.index);
  return {{}, error};
}

Opened ReadinessProactor::adopt(int socket, Token token) noexcept {
  return open(Kind::stream, socket >= 0 ? socket : -EBADF, token);
}

Opened ReadinessProactor::watch(int fd, Interest interest, Token token) noexcept {
  const Opened opened = open(Kind::watch, fd >= 0 ? fd : -EBADF, token);
  if (opened.error == 0) slots_[opened.handle.index].watched = interest;
  return opened;
}

int ReadinessProactor::bind(Handle handle, Token token) noexcept {
  Slot* slot = find(handle);
  if (slot == nullptr) return EBADF;
  slot->token = token;
  return 0;
}

int ReadinessProactor::release(Handle handle) noexcept {
  Slot* slot = find(handle);
  if (slot == nullptr || slot->kind != Kind::stream || slot->registered) return -1;
  end_generation(*slot);
  slots_.release(handle.index);
  return slot->fd;
}

Endpoint ReadinessProactor::endpoint(Handle handle, Side side) noexcept {
  const Slot* slot = find(handle);
  return slot == nullptr ? Endpoint{} : socket_endpoint(slot->fd, side);
}

// -- Interest ------------------------------------------------------------------------------------

// Tells the Poller what the slot waits for. `at_least` leaves an interest that is no longer needed
// until an event proves it in the way: most pauses end before that, and cost no system call.
int ReadinessProactor::arm(std::uint32_t index, Arm how) noexcept {
  Slot& slot = slots_[index];
  Interest wanted = slot.producing && !slot.starved ? slot.watched : Interest::none;
  if (slot.sending || slot.connecting) wanted = wanted | Interest::write;
  const Interest needed = how == Arm::exactly ? slot.armed : slot.armed & wanted;
  if (slot.registered && needed == wanted) return 0;
  const Token token{std::uint64_t{slot.generation} << 32 | index};
  const int error = slot.registered ? poller_->modify(slot.fd, wanted, token)
                                    : poller_->add(slot.fd, wanted, token);
  if (error != 0) return error;
  slot.registered = true;
  slot.armed = wanted;
  return 0;
}

void ReadinessProactor::disarm(Slot& slot) noexcept {
  if (!slot.registered) return;
  poller_->remove(slot.fd);
  slot.registered = false;
  slot.armed = Interest::none;
}

// -- Operations ----------------------------------------------------------------------------------

int ReadinessProactor::start(Handle handle) noexcept {
  Slot* slot = find(handle);
  if (slot == nullptr) return EBADF;
  if (slot->producing || slot->ending) return EALREADY;
  slot->producing = true;
  const int error = arm(handle.index, Arm::at_least);
  if (error != 0) slot->producing = false;
  return error;
}

int ReadinessProactor::stop(Handle handle) noexcept {
  Slot* slot = find(handle);
  if (slot == nullptr) return EBADF;
  if (!slot->producing) return 0;
  slot->producing = false;
  slot->ending = true;
  slot->starved = false;
  const auto operation = slot->kind == Kind::listener ? Operation::accept
                         : slot->kind == Kind::watch  ? Operation::ready
                                                      : Operation::receive;
  queue(operation, handle.index, ECANCELED);
  return 0;
}

std::size_t ReadinessProactor::send_now(Handle handle, std::span<const std::byte> bytes) noexcept {
  Slot* slot = find(handle);
  if (slot == nullptr || slot->sending || slot->connecting) return 0;
  const auto count = send_some(slot->fd, bytes);
  if (count >= 0) return static_cast<std::size_t>(count);
  if (count != -EAGAIN) slot->send_error = static_cast<int>(-count);
  return 0;
}

int ReadinessProactor::send(Handle handle, std::span<const std::byte> bytes) noexcept {
  Slot* slot = find(handle);
  if (slot == nullptr) return EBADF;
  if (slot->kind != Kind::stream) return EINVAL;
  if (slot->sending) return EALREADY;
  slot->sent = 0;
  if (slot->send_error != 0 || bytes.empty()) {
    queue(Operation::send, handle.index, std::exchange(slot->send_error, 0));
    return 0;
  }
  slot->unsent = bytes;
  slot->sending = true;
  const int error = arm(handle.index, Arm::at_least);
  if (error != 0) slot->sending = false;
  return error;
}

int ReadinessProactor::shutdown(Handle handle) noexcept {
  Slot* slot = find(handle);
  if (slot == nullptr) return EBADF;
  if (slot->kind == Kind::listener) {
    refuse_new_connections(slot->fd);
    return 0;
  }
  return ::shutdown(slot->fd, SHUT_WR) == 0 ? 0 : errno;
}

int ReadinessProactor::close(Handle handle, bool reset) noexcept {
  Slot* slot = find(handle);
  if (slot == nullptr) return EBADF;
  stop(handle);
  if (std::exchange(slot->connecting, false)) queue(Operation::connect, handle.index, ECANCELED);
  if (std::exchange(slot->sending, false)) queue(Operation::send, handle.index, ECANCELED);
  disarm(*slot);
  if (slot->kind == Kind::listener) forget_unix_path(slot->fd);
  if (slot->kind != Kind::watch) close_socket(slot->fd, reset);
  queue(Operation::close, handle.index, 0);
  end_generation(*slot);
  return 0;
}

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
  const std::size_t count = poller_->wait(events_, timeout_until(deadline));
  for (std::size_t i = 0; i < count; ++i) handle_event(events_[i], sink);
  deliver_queued(sink);
  feed_starved();
  const bool complete = !at_bound_ && count < events_.size() && queued_.empty();
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
  Slot* slot = find(handle);
  if (slot == nullptr) {
    ++counters_.stale_events;
    return;
  }
  if (slot->kind == Kind::stream) {
    if (handle_stream_event(handle, event.ready, sink)) return;
  } else if (slot->producing) {
    if (slot->kind == Kind::listener) return accept_some(handle.index, sink);
    return report_readiness(handle.index, event.ready, sink);
  }
  ignore(handle, event.ready);
}

// True if the event was what the stream waited for and nothing else.
bool ReadinessProactor::handle_stream_event(Handle handle, Readiness ready, CompletionSink& sink) {
  const std::uint32_t index = handle.index;
  const bool failed = has(ready, Readiness::error | Readiness::hang_up);
  Slot* slot = &slots_[index];
  if (slot->connecting) {
    if (has(ready, Readiness::write) || failed) finish_connect(index, sink);
    return true;
  }
  if ((has(ready, Readiness::read) || failed) && slot->producing && !slot->starved) {
    receive_some_bytes(index, sink);
    if (ready == Readiness::read) return true;  // the common case
    slot = find(handle);
    if (slot == nullptr) return true;
  }
  if ((has(ready, Readiness::write) || failed) && slot->sending) send_more(index, sink);
  return false;
}

// Level-triggered, whatever is reported and not waited for is reported for ever: so an interest
// that nobody has is withdrawn, and a descriptor that failed with nobody waiting is forgotten until
// somebody does.
void ReadinessProactor::ignore(Handle handle, Readiness ready) noexcept {
  Slot* slot = find(handle);
  if (slot == nullptr) return;
  const bool waiting = (slot->producing && !slot->starved) || slot->sending || slot->connecting;
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
      if (still == nullptr || !still->producing) return;
    } else if (fd == -EAGAIN) {
      return;
    } else if (classify_accept_error(-fd) != AcceptError::try_next) {
      return end_producing(index, -fd, sink);
    }
  }
  at_bound_ = true;
}

void ReadinessProactor::receive_some_bytes(std::uint32_t index, CompletionSink& sink) {
  Slot& slot = slots_[index];
  const std::span<std::byte> room = leases_.room();
  if (room.empty()) return starve(index);
  const auto count = receive_some(slot.fd, room);
  if (count > 0) {
    const auto size = static_cast<std::size_t>(count);
    Completion completion{.operation = Operation::receive,
                          .emptied = size < room.size(),
                          .token = slot.token,
                          .lease = leases_.lend(size)};
    sink.complete(completion);
    leases_.settle(completion.lease);
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
  slot.sending = false;
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
  slot.connecting = false;
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

void ReadinessProactor::report_readiness(std::uint32_t index, Readiness ready,
                                         CompletionSink& sink) {
  Completion completion;
  completion.operation = Operation::ready;
  completion.token = slots_[index].token;
  completion.ready = ready;
  sink.complete(completion);
}

void ReadinessProactor::end_producing(std::uint32_t index, int error, CompletionSink& sink) {
  Slot& slot = slots_[index];
  slot.producing = false;
  if (slot.kind == Kind::listener) disarm(slot);
  Completion completion;
  completion.operation = slot.kind == Kind::listener ? Operation::accept : Operation::receive;
  completion.last = true;
  completion.error = error;
  completion.token = slot.token;
  sink.complete(completion);
}

// -- Running out of leases -----------------------------------------------------------------------

void ReadinessProactor::starve(std::uint32_t index) {
  ++counters_.lease_waits;
  slots_[index].starved = true;
  starved_.push_back(handle_of(index));
  disarm(slots_[index]);
  if (slots_[index].sending) arm(index, Arm::at_least);
}

// A returned slab wakes the Poller, so this runs soon after.
void ReadinessProactor::feed_starved() {
  if (starved_.empty() || leases_.room().empty()) return;
  std::vector<Handle> hungry;
  hungry.swap(starved_);
  for (const Handle handle : hungry) {
    Slot* slot = find(handle);
    if (slot == nullptr || !slot->starved) continue;
    slot->starved = false;
    arm(handle.index, Arm::at_least);
  }
}

}  // namespace

std::unique_ptr<Proactor> make_readiness_proactor(std::unique_ptr<Poller> poller,
                                                  const ReadinessLimits& limits) {
  return std::make_unique<ReadinessProactor>(std::move(poller), limits);
}

}  // namespace collet

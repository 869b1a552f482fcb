// SPDX-License-Identifier: MIT
// simple_proactor.cc: the whole contract of a Proactor on poll(2) and plain system calls.
//
// It performs operations and says when they are done. The rules R1 to R12 that it must keep are in
// <collet/proactor.h>; beside each piece of code below stands the one that it is there for. What is
// bound to poll(2) is in run() and what that calls; handles, leases and completions may well stay.
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include <collet/guarded.h>
#include <collet/plugin.h>
#include <collet/socket.h>

namespace {

using collet::Completion;
using collet::CompletionSink;
using collet::Endpoint;
using collet::Handle;
using collet::Interest;
using collet::Opened;
using collet::Operation;
using collet::Readiness;
using collet::Token;
using std::chrono::nanoseconds;

// What leases refer to, on whatever thread, after the proactor is gone too.
struct Shared {
  explicit Shared(std::int64_t buffers)
      : wake(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), free_buffers(buffers) {
    if (wake < 0) throw std::system_error(errno, std::generic_category(), "no eventfd");
  }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  ~Shared() { ::close(wake); }

  const int wake;
  std::atomic<std::int64_t> free_buffers;
  std::atomic<bool> starving{false};  // somebody waits for a buffer
};

// R3: received bytes and their lender in one, made when there is something to receive, gone when
// the lease comes home.
struct Buffer final : collet::Lender {
  explicit Buffer(std::shared_ptr<Shared> of) : shared(std::move(of)) { --shared->free_buffers; }
  ~Buffer() {
    ++shared->free_buffers;
    if (shared->starving.exchange(false)) ::eventfd_write(shared->wake, 1);
  }
  void give_back(std::uint64_t) noexcept override { delete this; }

  const std::shared_ptr<Shared> shared;
  std::byte bytes[16 * 1024];
};

enum class Kind : std::uint8_t { none, listener, connecting, stream, watch };

// What a handle names.
struct Slot {
  Kind kind = Kind::none;
  int fd = -1;
  std::uint32_t generation = 1;
  Token token{};
  Interest watched = Interest::read;
  bool touched = false;    // something was started on it
  bool producing = false;  // between start() and what ends it
  bool ending = false;     // the last completion after stop() is queued
  bool starved = false;    // readable, but no buffer was left
  bool refusing = false;   // a listener shut down
  bool sending = false;
  int send_error = 0;  // from send_now(), for the next send()
  std::size_t sent = 0;
  std::span<const std::byte> unsent{};
};

// An ordinary class: guarded.h puts it behind the interface, and turns what it throws into errors.
class SimpleProactor {
 public:
  // The values of the options below. What is thrown here is shown to the user as the reason why
  // this backend cannot start.
  explicit SimpleProactor(const collet::OptionValues& options)
      : shared_(std::make_shared<Shared>(options["buffers"])) {}
  SimpleProactor(const SimpleProactor&) = delete;
  SimpleProactor& operator=(const SimpleProactor&) = delete;
  ~SimpleProactor() {
    for (Slot& slot : slots_) let_go(slot, false);
  }

  // -- Opening: an operation that cannot even begin returns an errno and completes nothing --------

  Opened listen(const Endpoint& at, const collet::ListenOptions& options, Token token) {
    return open(Kind::listener, collet::open_listener(at, options), token);
  }
  Opened connect(const Endpoint& to, const Endpoint* from, Token token) {
    return open(Kind::connecting, collet::begin_connect(to, from), token);
  }
  Opened adopt(int socket, Token token) {
    return open(Kind::stream, socket >= 0 ? socket : -EBADF, token);
  }
  Opened watch(int fd, Interest interest, Token token) {
    const Opened opened = open(Kind::watch, fd >= 0 ? fd : -EBADF, token);
    if (Slot* slot = find(opened.handle); slot != nullptr) slot->watched = interest;
    return opened;
  }
  int bind(Handle handle, Token token) {
    Slot* slot = find(handle);
    if (slot != nullptr) slot->token = token;
    return slot == nullptr ? EBADF : 0;
  }
  int release(Handle handle) {
    Slot* slot = find(handle);
    if (slot == nullptr || slot->kind != Kind::stream || slot->touched) return -1;
    end_generation(*slot);
    free_.push_back(handle.index);
    return slot->fd;
  }

  // -- Operations: each that begins ends in one completion marked `last` (R2) ---------------------

  int start(Handle handle) {
    Slot* slot = find(handle);
    if (slot == nullptr) return EBADF;
    if (slot->producing || slot->ending) return EALREADY;
    slot->touched = slot->producing = true;
    return 0;
  }
  int stop(Handle handle) {
    Slot* slot = find(handle);
    if (slot == nullptr) return EBADF;
    if (!std::exchange(slot->producing, false)) return 0;
    slot->ending = true;
    slot->starved = false;
    queue(handle.index, produced_by(*slot), ECANCELED);
    return 0;
  }
  std::size_t send_now(Handle handle, std::span<const std::byte> bytes) {
    Slot* slot = find(handle);
    if (slot == nullptr || slot->kind != Kind::stream || slot->sending) return 0;
    const auto count = collet::send_some(slot->fd, bytes);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (count != -EAGAIN) slot->send_error = static_cast<int>(-count);
    return 0;
  }
  int send(Handle handle, std::span<const std::byte> bytes) {
    Slot* slot = find(handle);
    if (slot == nullptr) return EBADF;
    if (slot->kind != Kind::stream) return EINVAL;
    if (slot->sending) return EALREADY;
    slot->touched = true;
    slot->sent = 0;
    if (slot->send_error != 0 || bytes.empty()) {
      queue(handle.index, Operation::send, std::exchange(slot->send_error, 0));
      return 0;
    }
    slot->unsent = bytes;
    slot->sending = true;
    return 0;
  }
  int shutdown(Handle handle) {
    Slot* slot = find(handle);
    if (slot == nullptr) return EBADF;
    if (slot->kind != Kind::listener) return ::shutdown(slot->fd, SHUT_WR) == 0 ? 0 : errno;
    collet::refuse_new_connections(slot->fd);
    slot->refusing = true;
    return 0;
  }
  // R5: what is under way ends first. The number is free at once, the handle's place only after its
  // last completion.
  int close(Handle handle, bool reset) {
    Slot* slot = find(handle);
    if (slot == nullptr) return EBADF;
    stop(handle);
    if (slot->kind == Kind::connecting) queue(handle.index, Operation::connect, ECANCELED);
    if (std::exchange(slot->sending, false)) queue(handle.index, Operation::send, ECANCELED);
    queue(handle.index, Operation::close, 0);
    let_go(*slot, reset);
    end_generation(*slot);
    return 0;
  }

  Endpoint endpoint(Handle handle, collet::Side side) {
    const Slot* slot = find(handle);
    return slot == nullptr ? Endpoint{} : collet::socket_endpoint(slot->fd, side);
  }
  collet::Counters counters() const { return counters_; }
  nanoseconds now() { return std::chrono::steady_clock::now().time_since_epoch(); }

  // R6: read back in run(), so that any number of wakes ends one run().
  void wake() { ::eventfd_write(shared_->wake, 1); }

  // R8: one receive, or a bounded number of accepts, for each handle.
  bool run(nanoseconds deadline, CompletionSink& sink) {
    complete_ = true;
    ask_for_everyone();
    wait(deadline);
    for (std::size_t i = 1; i < asked_.size(); ++i) {
      const auto happened = static_cast<Readiness>(asked_[i].revents);
      if (happened == Readiness::none) continue;
      if (Slot* slot = find(asked_for_[i]); slot != nullptr) {
        serve(asked_for_[i], *slot, happened, sink);
      } else {
        ++counters_.stale_events;  // R1: the sink has closed it since
      }
    }
    deliver_queued(sink);
    if (complete_ && queued_.empty()) return true;
    ++counters_.bounded_passes;
    return false;
  }

 private:
  static constexpr int kAcceptsOfARun = 64;

  struct Queued {
    std::uint32_t index;
    Completion completion;
  };

  // -- Handles ------------------------------------------------------------------------------------

  // R1: the generation tells whether it still is what the handle was given for.
  Slot* find(Handle handle) {
    if (handle.index >= slots_.size()) return nullptr;
    Slot& slot = slots_[handle.index];
    return slot.kind != Kind::none && slot.generation == handle.generation ? &slot : nullptr;
  }

  // `fd`: a descriptor, or an errno, negated.
  Opened open(Kind kind, int fd, Token token) {
    if (fd < 0) return {.handle = {}, .error = -fd};
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(slots_.size()));
      slots_.emplace_back();
    }
    const std::uint32_t index = free_.back();
    free_.pop_back();
    const std::uint32_t generation = slots_[index].generation;
    slots_[index] = {.kind = kind, .fd = fd, .generation = generation, .token = token};
    return {.handle = {index, generation}, .error = 0};
  }

  static void end_generation(Slot& slot) {
    slot.kind = Kind::none;
    slot.generation = slot.generation == 0xffffffff ? 1 : slot.generation + 1;  // 0 names nothing
  }

  static void let_go(Slot& slot, bool reset) {
    if (slot.kind == Kind::listener && !slot.refusing) collet::forget_unix_path(slot.fd);
    if (slot.kind != Kind::none && slot.kind != Kind::watch) collet::close_socket(slot.fd, reset);
  }

  // -- Completions: only inside run() (R9) --------------------------------------------------------

  static Operation produced_by(const Slot& slot) {
    if (slot.kind == Kind::listener) return Operation::accept;
    return slot.kind == Kind::watch ? Operation::ready : Operation::receive;
  }

  static Completion last_of(const Slot& slot, Operation operation, int error) {
    return {.operation = operation,
            .last = true,
            .error = error,
            .token = slot.token,
            .sent = operation == Operation::send ? slot.sent : 0};
  }

  static void complete(const Slot& slot, Operation operation, int error, CompletionSink& sink) {
    Completion completion = last_of(slot, operation, error);
    sink.complete(completion);
  }

  void queue(std::uint32_t index, Operation operation, int error) {
    queued_.push_back({index, last_of(slots_[index], operation, error)});
  }

  // What the sink queues meanwhile waits for the next run(), which then does not block.
  void deliver_queued(CompletionSink& sink) {
    delivering_.swap(queued_);
    for (Queued& one : delivering_) {
      const Operation operation = one.completion.operation;
      if (operation == Operation::close) {
        free_.push_back(one.index);
      } else if (operation != Operation::send && operation != Operation::connect) {
        slots_[one.index].ending = false;
      }
      sink.complete(one.completion);
    }
    delivering_.clear();
  }

  // -- Waiting ------------------------------------------------------------------------------------

  // Nobody is asked for whom nothing was started: an error or a hang-up would be told for ever.
  void ask_for_everyone() {
    asked_.assign(1, {shared_->wake, POLLIN, 0});
    asked_for_.assign(1, {});
    for (std::uint32_t index = 0; index < slots_.size(); ++index) {
      Slot& slot = slots_[index];
      if (slot.starved) {
        shared_->starving = true;  // first: a buffer that comes home from now on wakes
        slot.starved = shared_->free_buffers <= 0;
        if (slot.starved) complete_ = false;
      }
      const bool produces = slot.producing && !slot.starved;
      const bool writes = slot.sending || slot.kind == Kind::connecting;
      if (!produces && !writes) continue;
      Interest interest = produces ? slot.watched : Interest::none;
      if (writes) interest = interest | Interest::write;
      asked_.push_back({slot.fd, static_cast<short>(interest), 0});
      asked_for_.push_back({index, slot.generation});
    }
  }

  void wait(nanoseconds deadline) {
    const bool waits = queued_.empty() && deadline > nanoseconds::zero();
    const bool for_ever = waits && deadline == nanoseconds::max();
    const nanoseconds left = waits ? std::max(deadline - now(), nanoseconds()) : nanoseconds();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec limit{seconds.count(), (left - seconds).count()};
    if (::ppoll(asked_.data(), asked_.size(), for_ever ? nullptr : &limit, nullptr) < 0) {
      for (pollfd& one : asked_) one.revents = 0;  // interrupted: the loop comes again
    }
    eventfd_t wakes = 0;
    if (asked_[0].revents != 0) ::eventfd_read(shared_->wake, &wakes);
  }

  // -- What poll(2) said could be done ------------------------------------------------------------

  void serve(Handle handle, Slot& slot, Readiness happened, CompletionSink& sink) {
    const bool failed = has(happened, Readiness::error | Readiness::hang_up);
    if (slot.kind == Kind::connecting) {
      slot.kind = Kind::stream;
      slot.touched = true;
      return complete(slot, Operation::connect, collet::socket_error(slot.fd), sink);
    }
    if (slot.kind == Kind::listener) return accept_some(handle, slot, sink);
    if (slot.kind == Kind::watch) {
      Completion completion{.operation = Operation::ready, .token = slot.token, .ready = happened};
      return sink.complete(completion);
    }
    if (slot.producing && !slot.starved && (failed || has(happened, Readiness::read))) {
      receive(slot, sink);
    }
    Slot* still = find(handle);
    if (still != nullptr && still->sending && (failed || has(happened, Readiness::write))) {
      send_more(*still, sink);
    }
  }

  void accept_some(Handle handle, Slot& slot, CompletionSink& sink) {
    for (int i = 0; i < kAcceptsOfARun; ++i) {
      const int fd = collet::accept_socket(slot.fd);
      if (fd == -EAGAIN) return;
      if (fd >= 0) {
        Completion completion{.operation = Operation::accept, .token = slot.token};
        completion.accepted = open(Kind::stream, fd, Token{}).handle;
        sink.complete(completion);
        if (find(handle) == nullptr || !slot.producing) return;
      } else if (collet::classify_accept_error(-fd) != collet::AcceptError::try_next) {
        return end_producing(slot, -fd, sink);
      }
    }
    complete_ = false;
  }

  void receive(Slot& slot, CompletionSink& sink) {
    if (shared_->free_buffers <= 0) {
      ++counters_.lease_waits;
      slot.starved = true;
      complete_ = false;
      return;
    }
    auto buffer = std::make_unique<Buffer>(shared_);
    const auto count = collet::receive_some(slot.fd, buffer->bytes);
    if (count == -EAGAIN) return;
    if (count <= 0) return end_producing(slot, static_cast<int>(-count), sink);  // R7
    const auto size = static_cast<std::size_t>(count);
    const std::span bytes = std::span(buffer->bytes).first(size);
    Completion completion{.operation = Operation::receive,
                          .emptied = size < sizeof buffer->bytes,
                          .token = slot.token,
                          .lease = collet::Lease(bytes, buffer.release(), 0)};
    if (!completion.emptied) complete_ = false;
    sink.complete(completion);
  }

  // R4: `unsent` is the caller's memory until this has completed.
  void send_more(Slot& slot, CompletionSink& sink) {
    const auto count = collet::send_some(slot.fd, slot.unsent);
    if (count == -EAGAIN) return;
    if (count >= 0) {
      slot.sent += static_cast<std::size_t>(count);
      slot.unsent = slot.unsent.subspan(static_cast<std::size_t>(count));
      if (!slot.unsent.empty()) return;
    }
    slot.sending = false;
    complete(slot, Operation::send, count < 0 ? static_cast<int>(-count) : 0, sink);
  }

  void end_producing(Slot& slot, int error, CompletionSink& sink) {
    slot.producing = false;
    complete(slot, produced_by(slot), error, sink);
  }

  const std::shared_ptr<Shared> shared_;
  std::deque<Slot> slots_;  // by index; a deque does not move them when it grows
  std::vector<std::uint32_t> free_;
  std::vector<Queued> queued_;
  std::vector<Queued> delivering_;
  std::vector<pollfd> asked_;  // the wake descriptor first
  std::vector<Handle> asked_for_;
  bool complete_ = true;  // nothing was left for the next run()
  collet::Counters counters_;
};

// What a user may say: `--backend simple:buffers=16`. The conformance tests say so too.
constexpr collet::OptionDescription kOptions[] = {
    {.name = "buffers",
     .type = collet::OptionType::integer,
     .default_value = 1024,
     .minimum = 1,
     .maximum = 1 << 20,
     .help = "buffers of 16 KiB to receive into; when all are lent, receiving waits"}};

constexpr collet::BackendDescription kSimple{
    .name = "simple",
    .summary = "poll(2) and plain system calls: the cost of a wait grows with the connections",
    .options = kOptions,
    .probe = nullptr,  // it runs wherever one can be made
    .make_poller = nullptr,
    .make_proactor = collet::guarded_proactor<SimpleProactor>};

}  // namespace

COLLET_PLUGIN(kSimple, "1.0")

// SPDX-License-Identifier: MIT
// io_uring_proactor.cc: the calls of the io_uring proactor, its requests and its passes.
#include "backends/io_uring/io_uring_proactor.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <collet/socket.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "backends/io_uring/describe.h"

namespace collet {

using std::chrono::nanoseconds;
using Kind = IoUringSlot::Kind;

namespace {

constexpr std::size_t kMostAtOnce = std::size_t{1} << 30;  // bytes of one send request

// Bytes of one multishot receive: the kernel goes on until it has heard of a stop(), which must not
// be long. So the request ends after so many, and is made again unless somebody wants a pause.
constexpr std::uint32_t kReceiveLimit = 64 << 10;

// Milliseconds without progress after which a peer is given up that was being sent to when close()
// came.
constexpr unsigned kLastPatience = 1000;

// Resets a connection, whoever else has the descriptor, and forgets what is yet to be sent.
void disconnect(int fd) noexcept {
  const sockaddr nobody{.sa_family = AF_UNSPEC, .sa_data = {}};
  ::connect(fd, &nobody, sizeof nobody);
}

// Returns 0 or an errno.
int set_blocking(int fd, bool blocking) noexcept {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return errno;
  const int wanted = blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
  return wanted == flags || ::fcntl(fd, F_SETFL, wanted) == 0 ? 0 : errno;
}

}  // namespace

// -- Slots ----------------------------------------------------------------------------------------

int IoUringProactor::open(const IoUringOptions& options) noexcept {
  if (wake_.fd() < 0) return EMFILE;
  int error = ring_.open(options.requests, options.outcomes, options.task_run);
  if (error != 0) return error;
  buffers_ = LentBuffers::make(ring_.raw(), options.buffer_bytes, options.buffers, wake_, error);
  if (buffers_ == nullptr) return error;
  bundles_ = options.bundles;
  if (options.uncopied != 0) uncopied_ = options.uncopied;
  watch_wake();
  return 0;
}

IoUringProactor::~IoUringProactor() {
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    IoUringSlot& slot = slots_[i];
    if (slot.kind == Kind::free || slot.kind == Kind::watch) continue;
    if (slot.kind == Kind::listener && !slot.refuses) forget_unix_path(slot.fd);
    if (slot.notices != 0) disconnect(slot.fd);  // the caller's memory may be another's next
    ::shutdown(slot.fd, SHUT_RDWR);              // now, not when the ring lets go of it
    ::close(slot.fd);
  }
  for (const auto& [listener, sockets] : held_) {
    for (const int socket : sockets) close_socket(socket, true);
  }
  if (buffers_ == nullptr) return;
  abandon_all();
  buffers_->leave();
}

// Of a stream that is closing and of which the kernel still has memory to send: that is sent, or
// given up, before the close ends. Until then there is a descriptor, to be reset by.
void IoUringProactor::end_connection(IoUringSlot& slot) noexcept {
  if (slot.ended) return;
  slot.ended = true;
  if (slot.reset) return disconnect(slot.fd);
  ::setsockopt(slot.fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &kLastPatience, sizeof kLastPatience);
  ::shutdown(slot.fd, SHUT_RDWR);
}

// The kernel ends the requests of a ring by and by once nobody has it any more, and those of a
// thread when that ends; if it is the loop's thread that ends the loop, this waits for them.
void IoUringProactor::abandon_all() noexcept {
  if (!ring_.is_entered_here()) return;
  constexpr int kPatience = 100;  // steps
  constexpr std::chrono::milliseconds kStep{10};
  io_uring_sqe& all = request(Role::cancel, 0);
  all.opcode = IORING_OP_ASYNC_CANCEL;
  all.cancel_flags = IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL;
  for (int i = 0; i < kPatience && in_flight_ != 0; ++i) {
    const int error = ring_.enter(kStep);
    if (error != 0 && error != ETIME && error != EINTR) return;
    ring_.reap(kPassBound, [this](const Uring::Outcome& outcome) {
      if (outcome.is_last()) --in_flight_;
    });
  }
}

IoUringSlot& IoUringProactor::open_slot(Kind kind, int fd, Token token) {
  const std::uint32_t index = slots_.acquire();
  IoUringSlot& slot = slots_[index];
  const std::uint32_t generation = slot.generation;
  slot = IoUringSlot{};
  slot.kind = kind;
  slot.fd = fd;
  slot.index = index;
  slot.generation = generation;
  slot.token = token;
  return slot;
}

void IoUringProactor::retire(IoUringSlot& slot) noexcept {
  slot.kind = Kind::free;
  if (++slot.generation == 0) slot.generation = 1;
  slots_.release(slot.index);
}

// Null if the handle names nothing.
IoUringSlot* IoUringProactor::named(Handle handle) noexcept {
  if (handle.index >= slots_.size()) return nullptr;
  IoUringSlot& slot = slots_[handle.index];
  return slot.generation == handle.generation && slot.kind != Kind::free ? &slot : nullptr;
}

// Null also if it is being closed.
IoUringSlot* IoUringProactor::usable(Handle handle) noexcept {
  IoUringSlot* slot = named(handle);
  return slot != nullptr && !slot->closing ? slot : nullptr;
}

// -- Requests -------------------------------------------------------------------------------------

io_uring_sqe& IoUringProactor::request(Role role, std::uint32_t index) noexcept {
  io_uring_sqe& request = *ring_.request();
  request.user_data = std::uint64_t{index} << kRoleBits | static_cast<std::uint64_t>(role);
  ++in_flight_;
  return request;
}

void IoUringProactor::begin_input(IoUringSlot& slot) noexcept {
  io_uring_sqe& input = request(Role::input, slot.index);
  input.fd = slot.fd;
  slot.input = true;
  switch (slot.kind) {
    case Kind::listener:
      input.opcode = IORING_OP_ACCEPT;
      input.ioprio = IORING_ACCEPT_MULTISHOT;
      input.accept_flags = SOCK_CLOEXEC;
      break;
    case Kind::stream:
      input.opcode = IORING_OP_RECV;
      input.ioprio = IORING_RECV_MULTISHOT | (bundles_ ? Uring::kBundle : 0);
      input.flags = IOSQE_BUFFER_SELECT;
      input.buf_group = LentBuffers::kGroup;
      input.file_index = limits_receives_ ? kReceiveLimit : 0;  // `optlen` to newer headers
      break;
    default:
      input.opcode = IORING_OP_POLL_ADD;
      input.len = slot.patient ? IORING_POLL_ADD_MULTI : 0;
      input.poll32_events = static_cast<std::uint32_t>(slot.interest);
  }
}

// Not one that waits for room itself: where the peer has ended, the kernel takes that for room, and
// when there is still none lets a thread of its own wait, one for each such peer.
void IoUringProactor::begin_send(IoUringSlot& slot, bool must_copy) noexcept {
  io_uring_sqe& send = request(Role::output, slot.index);
  const std::span<const std::byte> unsent = slot.bytes.subspan(slot.sent);
  slot.uncopied = !must_copy && !slot.copies && unsent.size() >= uncopied_ &&
                  slot.notices < std::numeric_limits<std::uint16_t>::max();
  send.opcode = slot.uncopied ? IORING_OP_SEND_ZC : IORING_OP_SEND;
  send.fd = slot.fd;
  send.addr = reinterpret_cast<std::uint64_t>(unsent.data());
  send.len = static_cast<std::uint32_t>(std::min(unsent.size(), kMostAtOnce));
  send.msg_flags = MSG_NOSIGNAL | MSG_DONTWAIT;
  slot.output = true;
}

void IoUringProactor::wait_for_room(IoUringSlot& slot) noexcept {
  io_uring_sqe& poll = request(Role::output, slot.index);
  poll.opcode = IORING_OP_POLL_ADD;
  poll.fd = slot.fd;
  poll.len = slot.patient ? IORING_POLL_ADD_MULTI : 0;
  poll.poll32_events = POLLOUT;
  slot.output = slot.waits_for_room = true;
}

void IoUringProactor::watch_wake() noexcept {
  io_uring_sqe& poll = request(Role::wake, 0);
  poll.opcode = IORING_OP_POLL_ADD;
  poll.fd = wake_.fd();
  poll.len = IORING_POLL_ADD_MULTI;
  poll.poll32_events = POLLIN;
}

void IoUringProactor::cancel(IoUringSlot& slot, Role role) noexcept {
  io_uring_sqe& cancel = request(Role::cancel, 0);
  cancel.opcode = IORING_OP_ASYNC_CANCEL;
  cancel.fd = -1;
  cancel.addr = std::uint64_t{slot.index} << kRoleBits | static_cast<std::uint64_t>(role);
}

// -- Opening --------------------------------------------------------------------------------------

Opened IoUringProactor::listen(const Endpoint& at, const ListenOptions& options,
                               Token token) noexcept {
  const int fd = open_listener(at, options);
  if (fd < 0) return {{}, -fd};
  set_blocking(fd, true);
  return {open_slot(Kind::listener, fd, token).handle(), 0};
}

Opened IoUringProactor::connect(const Endpoint& to, const Endpoint* from, Token token) noexcept {
  const int fd = begin_connect(to, from);
  if (fd < 0) return {{}, -fd};
  IoUringSlot& slot = open_slot(Kind::stream, fd, token);
  slot.used = slot.connecting = slot.output = true;
  io_uring_sqe& poll = request(Role::output, slot.index);
  poll.opcode = IORING_OP_POLL_ADD;
  poll.fd = fd;
  poll.poll32_events = POLLOUT;
  return {slot.handle(), 0};
}

Opened IoUringProactor::adopt(int socket, Token token) noexcept {
  if (const int error = set_blocking(socket, true); error != 0) return {{}, error};
  return {open_slot(Kind::stream, socket, token).handle(), 0};
}

Opened IoUringProactor::watch(int fd, Interest interest, Token token) noexcept {
  if (fd < 0) return {{}, EBADF};
  IoUringSlot& slot = open_slot(Kind::watch, fd, token);
  slot.interest = interest;
  return {slot.handle(), 0};
}

int IoUringProactor::bind(Handle handle, Token token) noexcept {
  IoUringSlot* slot = usable(handle);
  if (slot == nullptr) return EBADF;
  slot->token = token;
  return 0;
}

// -- Calls ----------------------------------------------------------------------------------------

int IoUringProactor::start(Handle handle) noexcept {
  IoUringSlot* slot = usable(handle);
  if (slot == nullptr) return EBADF;
  if (slot->connecting) return ENOTCONN;
  if (slot->started) return EALREADY;
  if (slot->kind == Kind::watch) {
    if (const int error = why_not_watched(slot->fd); error != 0) return error;
  }
  slot->started = slot->used = true;
  if (slot->holds) {
    settle_later(*slot);
  } else {
    begin_input(*slot);
  }
  return 0;
}

int IoUringProactor::stop(Handle handle) noexcept {
  IoUringSlot* slot = usable(handle);
  if (slot == nullptr) return EBADF;
  if (!slot->started || std::exchange(slot->stopping, true)) return 0;
  if (slot->input) {
    cancel(*slot, Role::input);
  } else {
    settle_later(*slot);
  }
  return 0;
}

int IoUringProactor::send(Handle handle, std::span<const std::byte> bytes) noexcept {
  IoUringSlot* slot = usable(handle);
  if (slot == nullptr) return EBADF;
  if (slot->kind != Kind::stream) return EINVAL;
  if (slot->sends()) return slot->connecting ? ENOTCONN : EALREADY;
  slot->used = true;
  slot->bytes = bytes;
  slot->sent = 0;
  begin_send(*slot);
  return 0;
}

int IoUringProactor::shutdown(Handle handle) noexcept {
  IoUringSlot* slot = usable(handle);
  if (slot == nullptr) return EBADF;
  switch (slot->kind) {
    case Kind::listener:
      refuse_new_connections(slot->fd);
      slot->refuses = true;
      return 0;
    case Kind::stream:
      return ::shutdown(slot->fd, SHUT_WR) == 0 ? 0 : errno;
    default:
      return EINVAL;
  }
}

int IoUringProactor::close(Handle handle, bool reset) noexcept {
  IoUringSlot* slot = usable(handle);
  if (slot == nullptr) return EBADF;
  slot->closing = true;
  slot->reset = reset;
  if (slot->input) cancel(*slot, Role::input);
  if (slot->output) cancel(*slot, Role::output);
  if (slot->idle()) settle_later(*slot);
  return 0;
}

int IoUringProactor::release(Handle handle) noexcept {
  IoUringSlot* slot = usable(handle);
  if (slot == nullptr || slot->kind != Kind::stream || slot->used) return -1;
  if (set_blocking(slot->fd, false) != 0) return -1;
  const int fd = slot->fd;
  retire(*slot);
  return fd;
}

Endpoint IoUringProactor::endpoint(Handle handle, Side side) noexcept {
  const IoUringSlot* slot = usable(handle);
  return slot == nullptr ? Endpoint() : socket_endpoint(slot->fd, side);
}

nanoseconds IoUringProactor::now() noexcept {
  return std::chrono::steady_clock::now().time_since_epoch();
}

// -- Running --------------------------------------------------------------------------------------

// Submits, and waits unless there is something to hand over. Returns whether run() is to end.
bool IoUringProactor::wait(nanoseconds deadline) noexcept {
  const bool has_work = handled_ != 0 || ring_.has_outcomes();
  nanoseconds timeout = has_work ? nanoseconds::zero() : nanoseconds::max();
  if (!has_work && deadline != nanoseconds::max()) {
    const nanoseconds at = now();
    timeout = deadline > at ? deadline - at : nanoseconds::zero();
  }
  if (timeout == nanoseconds::zero()) {
    ring_.enter(timeout);
    return true;
  }
  if (!wake_.fall_asleep()) {
    ring_.enter(nanoseconds::zero());
    return true;
  }
  const int error = ring_.enter(timeout);
  return wake_.awaken() || (error != 0 && error != EINTR);
}

bool IoUringProactor::run(nanoseconds deadline, CompletionSink& sink) noexcept {
  sink_ = &sink;
  handled_ = 0;
  more_to_come_ = false;
  settle_all_due();
  bool over = false;
  do {
    restart_parked();
    buffers_->replenish();
    over = wait(deadline);
    ring_.reap(kPassBound - std::min(handled_, kPassBound),
               [this](const Uring::Outcome& outcome) { take(outcome); });
  } while (!over && handled_ == 0);
  settle_all_due();
  wake_.awaken();
  sink_ = nullptr;
  if (handled_ >= kPassBound) ++counters_.bounded_passes;
  // A stream that waits for a buffer has bytes still to be handed over.
  return handled_ < kPassBound && !more_to_come_ && due_.empty() && parked_.empty() &&
         !ring_.has_outcomes() && !ring_.kernel_has_more();
}

}  // namespace collet

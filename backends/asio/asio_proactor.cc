// SPDX-License-Identifier: MIT
// asio_proactor.cc: the calls of the Asio proactor, its passes, and its description.
#include "backends/asio/asio_proactor.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <collet/socket.h>

#include <cerrno>
#include <exception>
#include <memory>
#include <utility>

#include "backends/backends.h"

namespace collet {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

AsioProtocol protocol() { return {AF_UNSPEC, 0}; }  // Asio makes no use of the family

// A new epoll set that is readable while `fd` has an error or a hang-up; or an errno, negated. A
// file, which epoll refuses, never has either.
int failures_of(int fd) noexcept {
  const int set = ::epoll_create1(EPOLL_CLOEXEC);
  if (set < 0) return -errno;
  epoll_event event{};
  if (::epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) == 0 || errno == EPERM) return set;
  const int error = errno;
  ::close(set);
  return -error;
}

}  // namespace

// -- Slots ----------------------------------------------------------------------------------------

AsioProactor::~AsioProactor() {
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    AsioSlot& slot = slots_[i];
    if (AsioWatch* watch = slot.watch()) watch->let_go();
    if (AsioStream* stream = slot.stream()) drop_buffer(*stream);
    if (AsioListener* listener = slot.listener(); listener != nullptr && !listener->refuses) {
      forget_unix_path(slot.fd());
    }
  }
  buffers_->leave();
}

template <typename Io>
AsioSlot& AsioProactor::open(Io&& io, Token token) {
  const std::uint32_t index = slots_.acquire();
  AsioSlot& slot = slots_[index];
  slot.index = index;
  slot.token = token;
  slot.io = std::forward<Io>(io);
  return slot;
}

void AsioProactor::retire(AsioSlot& slot) noexcept {
  slot.io = std::monostate();
  slot.connecting = slot.used = slot.closing = slot.reset = false;
  slot.due = slot.parked = slot.to_begin = false;
  if (++slot.generation == 0) slot.generation = 1;
  slots_.release(slot.index);
}

// Null if the handle names nothing.
AsioSlot* AsioProactor::named(Handle handle) noexcept {
  if (handle.index >= slots_.size()) return nullptr;
  AsioSlot& slot = slots_[handle.index];
  return slot.generation == handle.generation && slot.io.index() != 0 ? &slot : nullptr;
}

// Null also if it is being closed.
AsioSlot* AsioProactor::usable(Handle handle) noexcept {
  AsioSlot* slot = named(handle);
  return slot != nullptr && !slot->closing ? slot : nullptr;
}

// -- Opening --------------------------------------------------------------------------------------

Opened AsioProactor::listen(const Endpoint& at, const ListenOptions& options,
                            Token token) noexcept {
  const int fd = open_listener(at, options);
  if (fd < 0) return {{}, -fd};
  AsioListener listener{AsioAcceptor(loop_.context()), AsioSocket(loop_.context())};
  error_code error;
  listener.acceptor.assign(protocol(), fd, error);
  if (error) {
    forget_unix_path(fd);
    ::close(fd);
    return {{}, asio_errno(error)};
  }
  // Otherwise Asio would wait for the next connection when one was aborted in the queue.
  listener.acceptor.set_option(asio::socket_base::enable_connection_aborted(true), error);
  return {open(std::move(listener), token).handle(), 0};
}

Opened AsioProactor::connect(const Endpoint& to, const Endpoint* from, Token token) noexcept {
  const int fd = open_connecting_socket(to, from);
  if (fd < 0) return {{}, -fd};
  const Opened opened = adopt(fd, token);
  if (opened.error != 0) {
    ::close(fd);
    return opened;
  }
  AsioSlot& slot = *named(opened.handle);
  slot.used = slot.connecting = true;
  slot.stream()->unix_path = to.family() == AF_UNIX;
  ++slot.outputs;
  slot.stream()->socket.async_connect(AsioProtocol::endpoint(to.address(), to.length),
                                      handler<&AsioProactor::on_connect>(slot));
  return opened;
}

Opened AsioProactor::adopt(int socket, Token token) noexcept {
  if (::fcntl(socket, F_GETFD) < 0) return {{}, errno};  // Asio on io_uring would not notice
  AsioSocket adopted(loop_.context());
  error_code error;
  adopted.assign(protocol(), socket, error);
  if (error) return {{}, asio_errno(error)};
  return {open(AsioStream{std::move(adopted)}, token).handle(), 0};
}

Opened AsioProactor::watch(int fd, Interest interest, Token token) noexcept {
  AsioDescriptor descriptor(loop_.context());
  error_code error;
  if (interest == Interest::none) {
    const int set = failures_of(fd);
    if (set < 0) return {{}, -set};
    descriptor.assign(set, error);
    if (error) ::close(set);
  } else {
    descriptor.assign(fd, error);
  }
  if (error) return {{}, asio_errno(error)};
  return {open(AsioWatch{fd, std::move(descriptor), interest}, token).handle(), 0};
}

int AsioProactor::bind(Handle handle, Token token) noexcept {
  AsioSlot* slot = usable(handle);
  if (slot == nullptr) return EBADF;
  slot->token = token;
  return 0;
}

// -- Calls ----------------------------------------------------------------------------------------

int AsioProactor::start(Handle handle) noexcept {
  AsioSlot* slot = usable(handle);
  if (slot == nullptr) return EBADF;
  if (slot->connecting) return ENOTCONN;
  if (slot->started) return EALREADY;
  slot->started = slot->used = true;
  if (slot->stream() != nullptr && slot->stream()->kept != 0) {
    settle_later(*slot);
  } else {
    begin_input(*slot);
  }
  return 0;
}

int AsioProactor::stop(Handle handle) noexcept {
  AsioSlot* slot = usable(handle);
  if (slot == nullptr) return EBADF;
  if (!slot->started || std::exchange(slot->stopping, true)) return 0;
  if (slot->inputs == 0) {
    settle_later(*slot);
  } else {
    cancel_all(*slot);  // what was being sent is begun again
  }
  return 0;
}

int AsioProactor::send(Handle handle, std::span<const std::byte> bytes) noexcept {
  AsioSlot* slot = usable(handle);
  if (slot == nullptr) return EBADF;
  AsioStream* stream = slot->stream();
  if (stream == nullptr) return EINVAL;
  if (slot->outputs != 0) return slot->connecting ? ENOTCONN : EALREADY;
  slot->used = true;
  stream->unsent = bytes;
  stream->sent = 0;
  begin_write(*slot);
  return 0;
}

int AsioProactor::shutdown(Handle handle) noexcept {
  AsioSlot* slot = usable(handle);
  if (slot == nullptr) return EBADF;
  if (AsioListener* listener = slot->listener()) {
    refuse_new_connections(slot->fd());
    listener->refuses = true;
    return 0;
  }
  if (slot->stream() == nullptr) return EINVAL;
  error_code error;
  slot->stream()->socket.shutdown(asio::socket_base::shutdown_send, error);
  return asio_errno(error);
}

int AsioProactor::close(Handle handle, bool reset) noexcept {
  AsioSlot* slot = usable(handle);
  if (slot == nullptr) return EBADF;
  slot->closing = true;
  slot->reset = reset;
  if (slot->idle()) {
    settle_later(*slot);
  } else {
    cancel_all(*slot);
  }
  return 0;
}

int AsioProactor::release(Handle handle) noexcept {
  AsioSlot* slot = usable(handle);
  if (slot == nullptr || slot->stream() == nullptr || slot->used) return -1;
  AsioSocket& socket = slot->stream()->socket;
  error_code error;
  socket.native_non_blocking(true, error);  // Asio has not yet needed it so
  const int fd = error ? -1 : socket.release(error);
  if (error) return -1;
  retire(*slot);
  return fd;
}

Endpoint AsioProactor::endpoint(Handle handle, Side side) noexcept {
  AsioSlot* slot = usable(handle);
  return slot == nullptr ? Endpoint() : socket_endpoint(slot->fd(), side);
}

// -- Running --------------------------------------------------------------------------------------

bool AsioProactor::run(std::chrono::nanoseconds deadline, CompletionSink& sink) noexcept {
  sink_ = &sink;
  handled_ = 0;
  more_to_read_ = false;
  begin_inputs();
  settle_all_due();
  if (handled_ < kPassBound) {
    loop_.run(handled_ == 0 ? deadline : std::chrono::nanoseconds::min());
    settle_all_due();
  }
  sink_ = nullptr;
  bounded_ = handled_ >= kPassBound;
  if (bounded_) ++counters_.bounded_passes;
  return !bounded_ && !more_to_read_ && due_.empty() && parked_.empty();
}

namespace {

constexpr OptionDescription kOptions[] = {
    {"buffer", OptionType::bytes, 16 << 10, 1 << 10, 1 << 20,
     "what each receiving stream holds to read into"},
    {"buffers", OptionType::integer, 4096, 1, 1 << 20,
     "most buffers on loan to handlers; beyond it receiving pauses"},
};

Proactor* make(const OptionValues& options, Refusal& why_not) noexcept {
  try {
    auto proactor = std::make_unique<AsioProactor>(static_cast<std::size_t>(options["buffer"]),
                                                   static_cast<std::size_t>(options["buffers"]));
    proactor->prepare();
    return proactor.release();
  } catch (const std::exception& error) {
    why_not.say("Asio cannot start: %s", error.what());
    return nullptr;
  }
}

}  // namespace

constinit const BackendDescription kAsio = {
    .name = "asio",
    .summary =
        "Boost.Asio as people write it: completions; holds a buffer of 16 KiB for each "
        "receiving connection, idle or not",
    .options = kOptions,
    .probe = nullptr,
    .make_poller = nullptr,
    .make_proactor = make,
};

}  // namespace collet

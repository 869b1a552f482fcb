// SPDX-License-Identifier: MIT
#include <collet/readiness_proactor.h>

#include <cerrno>
#include <utility>

#include <collet/socket.h>

#include "core/readiness.h"

namespace collet {

ReadinessProactor::~ReadinessProactor() {
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    if (slot.kind() == Kind::listener && !slot.refusing) forget_unix_path(slot.fd);
    if (slot.kind() != Kind::none && slot.kind() != Kind::watch) ::close(slot.fd);
  }
}

// -- Handles -------------------------------------------------------------------------------------

// A slot's generation changes when its handle is born, to an odd number, and when it dies, which is
// at close() and not when the slot is free again. So this one comparison also keeps a closing
// handle from being used, and an invented one.
ReadinessProactor::Slot* ReadinessProactor::find(Handle handle) noexcept {
  if (handle.index >= slots_.size()) return nullptr;
  Slot& slot = slots_[handle.index];
  return slot.generation() == handle.generation ? &slot : nullptr;
}

Opened ReadinessProactor::open(Kind kind, int fd, Token token) {
  if (fd < 0) return {{}, -fd};
  const std::uint32_t index = slots_.acquire();
  Slot& slot = slots_[index];
  slot = Slot(kind, fd, slot.generation() + 1, token);
  return {handle_of(index), 0};
}

Opened ReadinessProactor::listen(const Endpoint& at, const ListenOptions& options,
                                 Token token) noexcept {
  return open(Kind::listener, open_listener(at, options), token);
}

Opened ReadinessProactor::connect(const Endpoint& to, const Endpoint* from, Token token) noexcept {
  const Opened opened = open(Kind::connecting, begin_connect(to, from), token);
  if (opened.error != 0) return opened;
  const int error = arm(opened.handle.index, Arm::at_least);
  if (error == 0) return opened;
  ::close(slots_[opened.handle.index].fd);
  slots_[opened.handle.index].end_generation();
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
  if (slot == nullptr || slot->kind() != Kind::stream || slot->registered) return -1;
  slot->end_generation();
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
  Interest wanted = slot.flow() == Flow::producing ? slot.watched : Interest::none;
  if (slot.sending() || slot.kind() == Kind::connecting) wanted = wanted | Interest::write;
  const Interest needed = how == Arm::exactly ? slot.armed : slot.armed & wanted;
  if (slot.registered && needed == wanted) return 0;
  const Token token{std::uint64_t{slot.generation()} << 32 | index};
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
  if (slot->flow() != Flow::idle || slot->ending) return EALREADY;
  slot->set_flow(Flow::producing);
  const int error = arm(handle.index, Arm::at_least);
  if (error != 0) slot->set_flow(Flow::idle);
  return error;
}

int ReadinessProactor::stop(Handle handle) noexcept {
  Slot* slot = find(handle);
  if (slot == nullptr) return EBADF;
  if (slot->flow() == Flow::idle) return 0;
  slot->set_flow(Flow::idle);
  slot->ending = true;
  const auto operation = slot->kind() == Kind::listener ? Operation::accept
                         : slot->kind() == Kind::watch  ? Operation::ready
                                                        : Operation::receive;
  queue(operation, handle.index, ECANCELED);
  return 0;
}

std::size_t ReadinessProactor::send_now(Handle handle, std::span<const std::byte> bytes) noexcept {
  if (handle.index >= slots_.size()) return 0;
  Slot& slot = slots_[handle.index];
  if (!slot.sends_now(handle.generation)) return 0;
  const auto count = send_some(slot.fd, bytes);
  if (count >= 0) return static_cast<std::size_t>(count);
  if (count != -EAGAIN) slot.send_error = static_cast<int>(-count);
  return 0;
}

int ReadinessProactor::send(Handle handle, std::span<const std::byte> bytes) noexcept {
  Slot* slot = find(handle);
  if (slot == nullptr) return EBADF;
  if (slot->kind() != Kind::stream) return EINVAL;
  if (slot->sending()) return EALREADY;
  slot->sent = 0;
  if (slot->send_error != 0 || bytes.empty()) {
    queue(Operation::send, handle.index, std::exchange(slot->send_error, 0));
    return 0;
  }
  slot->unsent = bytes;
  slot->set_sending(true);
  const int error = arm(handle.index, Arm::at_least);
  if (error != 0) slot->set_sending(false);
  return error;
}

int ReadinessProactor::shutdown(Handle handle) noexcept {
  Slot* slot = find(handle);
  if (slot == nullptr) return EBADF;
  if (slot->kind() == Kind::listener) {
    refuse_new_connections(slot->fd);
    slot->refusing = true;
    return 0;
  }
  return ::shutdown(slot->fd, SHUT_WR) == 0 ? 0 : errno;
}

int ReadinessProactor::close(Handle handle, bool reset) noexcept {
  Slot* slot = find(handle);
  if (slot == nullptr) return EBADF;
  stop(handle);
  if (slot->kind() == Kind::connecting) queue(Operation::connect, handle.index, ECANCELED);
  if (slot->sending()) {
    slot->set_sending(false);
    queue(Operation::send, handle.index, ECANCELED);
  }
  disarm(*slot);
  if (slot->kind() == Kind::listener && !slot->refusing) forget_unix_path(slot->fd);
  if (slot->kind() != Kind::watch) close_socket(slot->fd, reset);
  queue(Operation::close, handle.index, 0);
  slot->end_generation();
  return 0;
}

std::unique_ptr<Proactor> make_readiness_proactor(std::unique_ptr<Poller> poller,
                                                  const ReadinessLimits& limits) {
  return std::make_unique<ReadinessProactor>(std::move(poller), limits);
}

}  // namespace collet

// SPDX-License-Identifier: MIT
// fault_proactor.cc: the operations, and what they find of streams that are broken.
#include "core/decorators/fault_proactor.h"

#include <algorithm>
#include <cerrno>

#include "core/decorators/fault.h"

namespace collet {

FaultProactor::FaultProactor(std::unique_ptr<Proactor> inner, const Wrapping& how)
    : inner_(std::move(inner)),
      odds_{.short_read = how.options["short_read"],
            .short_write = how.options["short_write"],
            .eagain = how.options["eagain"],
            .delay = how.options["delay"],
            .emfile = how.options["emfile"],
            .reset = how.options["reset"],
            .drop_wake = how.is_poller ? 0 : how.options["drop_wake"]},
      dice_(how.options["seed"], how.instance) {}

FaultProactor::Record* FaultProactor::find(Handle handle) noexcept {
  const auto id = ids_.find(key(handle));
  return id == ids_.end() ? nullptr : find(id->second);
}

FaultProactor::Record* FaultProactor::find(Id id) noexcept {
  const auto record = records_.find(id);
  return record == records_.end() ? nullptr : &record->second;
}

// -- Opening -------------------------------------------------------------------------------------

FaultProactor::Id FaultProactor::remember(Handle handle, Operation produces, Token token) {
  const Id id = ++last_id_;
  records_[id] = {.handle = handle, .token = token, .produces = produces};
  ids_[key(handle)] = id;
  return id;
}

// The inner Proactor completes nothing before the next run(), so the token may come afterwards.
template <typename Open>
Opened FaultProactor::open(Operation produces, Token token, Open&& call) {
  const Opened opened = call(Token{last_id_ + 1});
  if (opened.error == 0) remember(opened.handle, produces, token);
  return opened;
}

Opened FaultProactor::listen(const Endpoint& at, const ListenOptions& options,
                             Token token) noexcept {
  return open(Operation::accept, token,
              [&](Token own) { return inner_->listen(at, options, own); });
}

Opened FaultProactor::connect(const Endpoint& to, const Endpoint* from, Token token) noexcept {
  const Opened opened =
      open(Operation::receive, token, [&](Token own) { return inner_->connect(to, from, own); });
  if (opened.error == 0) find(opened.handle)->connecting = true;
  return opened;
}

Opened FaultProactor::adopt(int socket, Token token) noexcept {
  return open(Operation::receive, token, [&](Token own) { return inner_->adopt(socket, own); });
}

Opened FaultProactor::watch(int fd, Interest interest, Token token) noexcept {
  return open(Operation::ready, token, [&](Token own) { return inner_->watch(fd, interest, own); });
}

int FaultProactor::bind(Handle handle, Token token) noexcept {
  Record* record = find(handle);
  if (record == nullptr) return EBADF;
  record->token = token;
  return 0;
}

int FaultProactor::release(Handle handle) noexcept {
  Record* record = find(handle);
  if (record == nullptr || record->broken) return -1;
  const int socket = inner_->release(handle);
  if (socket < 0) return -1;
  records_.erase(id_of(*record));
  ids_.erase(key(handle));
  return socket;
}

// -- Producing -----------------------------------------------------------------------------------

int FaultProactor::start(Handle handle) noexcept {
  Record* record = find(handle);
  if (record == nullptr) return EBADF;
  if (record->producing) return EALREADY;
  const Id id = id_of(*record);
  if (record->broken) {
    hold_end(id, record->produces, ECONNRESET);
  } else if (record->pausing) {
    record->resuming = true;
  } else if (const int error = inner_->start(handle); error != 0) {
    return error;
  }
  record->producing = true;
  release_queue(id);
  return 0;
}

int FaultProactor::stop(Handle handle) noexcept {
  Record* record = find(handle);
  if (record == nullptr) return EBADF;
  if (record->broken) return 0;  // its end is under way
  if (!std::exchange(record->resuming, false)) return inner_->stop(handle);
  hold_end(id_of(*record), record->produces, ECANCELED);
  return 0;
}

// -- Sending -------------------------------------------------------------------------------------

std::size_t FaultProactor::send_now(Handle handle, std::span<const std::byte> bytes) noexcept {
  Record* record = find(handle);
  if (record == nullptr || record->broken || record->sending || record->connecting) return 0;
  if (dice_.chance(odds_.eagain)) return 0;
  if (dice_.chance(odds_.reset)) {
    break_stream(*record);
    return 0;
  }
  if (bytes.size() > 1 && dice_.chance(odds_.short_write)) {
    bytes = bytes.first(1 + dice_.below(bytes.size() - 1));
  }
  return inner_->send_now(handle, bytes);
}

int FaultProactor::send(Handle handle, std::span<const std::byte> bytes) noexcept {
  Record* record = find(handle);
  if (record == nullptr) return EBADF;
  if (record->sending) return EALREADY;
  if (record->broken) {
    hold_end(id_of(*record), Operation::send, ECONNRESET);
  } else if (const int error = inner_->send(handle, bytes); error != 0) {
    return error;
  }
  record->sending = true;
  return 0;
}

int FaultProactor::shutdown(Handle handle) noexcept {
  Record* record = find(handle);
  if (record == nullptr) return EBADF;
  return record->broken ? ENOTCONN : inner_->shutdown(handle);
}

// -- Ending --------------------------------------------------------------------------------------

int FaultProactor::close(Handle handle, bool reset) noexcept {
  Record* record = find(handle);
  if (record == nullptr) return EBADF;
  const Id id = id_of(*record);
  stop(handle);
  record->closing = true;
  drop_held(*record);
  ids_.erase(key(handle));
  if (!record->broken) return inner_->close(handle, reset);
  if (record->inner_closed) hold_end(id, Operation::close, 0);
  return 0;
}

// The peer sees a reset. The handle stays the user's, who learns of it as of any other.
void FaultProactor::break_stream(Record& record) {
  record.local = inner_->endpoint(record.handle, Side::local);
  record.peer = inner_->endpoint(record.handle, Side::peer);
  record.broken = true;
  inner_->close(record.handle, true);
}

Endpoint FaultProactor::endpoint(Handle handle, Side side) noexcept {
  const Record* record = find(handle);
  if (record == nullptr || !record->broken) return inner_->endpoint(handle, side);
  return side == Side::local ? record->local : record->peer;
}

void FaultProactor::wake() noexcept {
  if (!dice_.chance(odds_.drop_wake)) inner_->wake();
}

std::unique_ptr<Proactor> make_fault_proactor(std::unique_ptr<Proactor> proactor,
                                              const Wrapping& how) {
  return std::make_unique<FaultProactor>(std::move(proactor), how);
}

}  // namespace collet

// SPDX-License-Identifier: MIT
// asio_completions.cc: what Asio reports to the Asio proactor, and what follows from it.
#include "backends/asio/asio_proactor.h"

#include <poll.h>
#include <sys/ioctl.h>

#include <collet/socket.h>

#include <cerrno>
#include <utility>

#include <boost/asio/buffer.hpp>

namespace collet {

namespace asio = boost::asio;
using boost::system::error_code;

// -- Handlers -------------------------------------------------------------------------------------

void AsioProactor::on_accept(AsioSlot& slot, int error, std::size_t) noexcept {
  --slot.inputs;
  AsioSocket& peer = slot.listener()->peer;
  if (error == 0 && slot.closing) {
    error_code ignored;
    peer.close(ignored);
  } else if (error == 0) {
    ::ioctl(peer.native_handle(), FIOCLEX);  // Asio accepts without it
    Completion done;
    done.operation = Operation::accept;
    done.token = slot.token;
    done.accepted = open(AsioStream{std::move(peer)}, Token{}).handle();
    sink_->complete(done);
  } else if (error != ECANCELED && classify_accept_error(error) != AcceptError::try_next) {
    end_input(slot, error);
  }
  settle(slot);
}

void AsioProactor::on_connect(AsioSlot& slot, int error, std::size_t) noexcept {
  --slot.outputs;
  slot.connecting = false;
  Completion done;
  done.operation = Operation::connect;
  done.last = true;
  done.token = slot.token;
  done.error = error;
  if (error == 0 && slot.stream()->unix_path &&
      socket_endpoint(slot.fd(), Side::peer).length == 0) {
    done.error = EAGAIN;  // the listener's queue is full, which Asio takes for success
  }
  if (error == 0 && slot.closing) done.error = ECANCELED;
  sink_->complete(done);
  if (slot.closing) settle(slot);
}

void AsioProactor::on_read(AsioSlot& slot, int error, std::size_t bytes) noexcept {
  --slot.inputs;
  if (bytes != 0) {
    slot.stream()->kept = bytes;
    slot.stream()->emptied = bytes < buffers_->size() && !bounded_;
  } else if (error != ECANCELED && !slot.closing) {
    end_input(slot, error);
  }
  settle(slot);
  // Of bytes that have to wait nobody knows any more whether others have come behind them.
  if (AsioStream* stream = slot.stream()) stream->emptied = false;
}

void AsioProactor::on_write(AsioSlot& slot, int error, std::size_t bytes) noexcept {
  --slot.outputs;
  AsioStream& stream = *slot.stream();
  stream.sent += bytes;
  stream.unsent = stream.unsent.subspan(bytes);
  // By a full socket, or by stop(): Asio cancels both directions or none.
  const bool cut_short = (error == 0 || error == ECANCELED) && !stream.unsent.empty();
  if (cut_short && !slot.closing) return begin_write(slot);
  Completion done;
  done.operation = Operation::send;
  done.last = true;
  done.token = slot.token;
  done.error = cut_short ? ECANCELED : error;
  done.sent = stream.sent;
  sink_->complete(done);
  if (slot.closing) settle(slot);
}

void AsioProactor::on_readable(AsioSlot& slot, int error, std::size_t) noexcept {
  slot.watch()->reading = false;
  on_ready(slot, error);
}

void AsioProactor::on_writable(AsioSlot& slot, int error, std::size_t) noexcept {
  slot.watch()->writing = false;
  on_ready(slot, error);
}

void AsioProactor::on_ready(AsioSlot& slot, int error) noexcept {
  --slot.inputs;
  if (slot.started && !slot.stopping && !slot.closing) {
    if (error != 0 && error != ECANCELED) {
      cancel_all(slot);
      end_input(slot, error);
    } else {
      begin_input(slot);
      if (error == 0) report_readiness(slot);
    }
  }
  settle(slot);
}

// Asio's waiters complete on an error or a hang-up too, without saying so; poll(2) tells.
void AsioProactor::report_readiness(AsioSlot& slot) noexcept {
  pollfd asked{slot.fd(), static_cast<short>(slot.watch()->interest), 0};
  ::poll(&asked, 1, 0);
  Completion done;
  done.operation = Operation::ready;
  done.token = slot.token;
  done.ready = static_cast<Readiness>(asked.revents) &
               (slot.watch()->interest | Readiness::error | Readiness::hang_up);
  if (done.ready != Readiness::none) sink_->complete(done);
}

// -- What follows ---------------------------------------------------------------------------------

void AsioProactor::settle(AsioSlot& slot) noexcept {
  const bool has_bytes = slot.stream() != nullptr && slot.stream()->kept != 0;
  if (has_bytes && slot.started && !slot.closing && !lend(slot) && !slot.stopping) return;
  if (slot.started && slot.inputs == 0) {
    if (slot.stopping || slot.closing) {
      end_input(slot, ECANCELED);
    } else {
      begin_input(slot);
    }
  }
  if (slot.closing && !slot.started && slot.idle()) finish_close(slot);
}

void AsioProactor::settle_later(AsioSlot& slot) noexcept {
  if (std::exchange(slot.due, true)) return;
  due_.push_back(slot.handle());
}

void AsioProactor::settle_all_due() noexcept {
  std::size_t settled = 0;
  for (; settled < due_.size() && handled_ < kPassBound; ++settled) {
    AsioSlot* slot = named(due_[settled]);
    if (slot == nullptr) continue;
    ++handled_;
    slot->due = false;
    settle(*slot);
  }
  due_.erase(due_.begin(), due_.begin() + static_cast<std::ptrdiff_t>(settled));
  while (!parked_.empty() && handled_ < kPassBound && buffers_->may_lend()) {
    AsioSlot* slot = named(parked_.front());
    parked_.pop_front();
    if (slot == nullptr) continue;
    ++handled_;
    slot->parked = false;
    settle(*slot);
  }
}

// Accepting goes on at once. Reading and watching go on in the next run(): by then the reply has
// been sent and more may have come, so that fewer reads are in vain; and a watch that was armed at
// once would report the same readiness again and again.
void AsioProactor::begin_input(AsioSlot& slot) noexcept {
  if (AsioListener* listener = slot.listener()) {
    ++slot.inputs;
    listener->acceptor.async_accept(listener->peer, handler<&AsioProactor::on_accept>(slot));
  } else if (!std::exchange(slot.to_begin, true)) {
    to_begin_.push_back(&slot);
  }
}

void AsioProactor::begin_inputs() noexcept {
  for (AsioSlot* slot : to_begin_) {
    if (!std::exchange(slot->to_begin, false)) continue;  // a predecessor's entry
    if (!slot->started || slot->stopping || slot->closing) continue;
    if (slot->watch() != nullptr) {
      arm(*slot);
    } else if (slot->inputs == 0) {
      begin_read(*slot);
    }
  }
  to_begin_.clear();
}

void AsioProactor::begin_read(AsioSlot& slot) noexcept {
  AsioStream& stream = *slot.stream();
  if (stream.buffer == nullptr) stream.buffer = buffers_->take();
  ++slot.inputs;
  stream.socket.async_read_some(asio::buffer(stream.buffer->bytes(), buffers_->size()),
                                handler<&AsioProactor::on_read>(slot));
}

void AsioProactor::begin_write(AsioSlot& slot) noexcept {
  AsioStream& stream = *slot.stream();
  ++slot.outputs;
  stream.socket.async_write_some(asio::buffer(stream.unsent.data(), stream.unsent.size()),
                                 handler<&AsioProactor::on_write>(slot));
}

void AsioProactor::arm(AsioSlot& slot) noexcept {
  AsioWatch& watch = *slot.watch();
  const bool write = has(watch.interest, Readiness::write);
  const bool read = has(watch.interest, Readiness::read);
  if (write && !std::exchange(watch.writing, true)) {
    ++slot.inputs;
    watch.descriptor.async_wait(AsioDescriptor::wait_write,
                                handler<&AsioProactor::on_writable>(slot));
  }
  if ((read || !write) && !std::exchange(watch.reading, true)) {
    ++slot.inputs;
    watch.descriptor.async_wait(AsioDescriptor::wait_read,
                                handler<&AsioProactor::on_readable>(slot));
  }
}

// Hands the stream's buffer to the sink. False, with the slot parked, when too many are out.
bool AsioProactor::lend(AsioSlot& slot) noexcept {
  if (!buffers_->may_lend()) {
    if (!std::exchange(slot.parked, true)) {
      ++counters_.lease_waits;
      parked_.push_back(slot.handle());
    }
    return false;
  }
  AsioStream& stream = *slot.stream();
  if (!stream.emptied) more_to_read_ = true;
  ReadBuffers::Buffer* buffer = std::exchange(stream.buffer, nullptr);
  Completion done{.operation = Operation::receive,
                  .emptied = stream.emptied,
                  .token = slot.token,
                  .lease = buffers_->lend(buffer, std::exchange(stream.kept, 0))};
  sink_->complete(done);
  if (done.lease.take_back()) {
    buffers_->take_back();
    stream.buffer = buffer;  // for the next read
  }
  return true;
}

// Delivers the last completion of what start() began.
void AsioProactor::end_input(AsioSlot& slot, int error) noexcept {
  slot.started = slot.stopping = false;
  Completion done;
  done.operation = Operation::ready;
  if (slot.listener() != nullptr) done.operation = Operation::accept;
  if (AsioStream* stream = slot.stream()) {
    done.operation = Operation::receive;
    if (stream->kept == 0) drop_buffer(*stream);
  }
  done.last = true;
  done.token = slot.token;
  done.error = error;
  sink_->complete(done);
}

void AsioProactor::finish_close(AsioSlot& slot) noexcept {
  error_code ignored;
  if (AsioStream* stream = slot.stream()) {
    drop_buffer(*stream);
    if (slot.reset) {
      stream->socket.set_option(asio::socket_base::linger(true, 0), ignored);
    }
    stream->socket.close(ignored);
  } else if (AsioListener* listener = slot.listener()) {
    if (!listener->refuses) forget_unix_path(slot.fd());
    listener->acceptor.close(ignored);
  } else {
    slot.watch()->let_go();
  }
  Completion done;
  done.operation = Operation::close;
  done.last = true;
  done.token = slot.token;
  retire(slot);
  sink_->complete(done);
}

void AsioProactor::cancel_all(AsioSlot& slot) noexcept {
  error_code ignored;
  if (AsioStream* stream = slot.stream()) {
    stream->socket.cancel(ignored);
  } else if (AsioListener* listener = slot.listener()) {
    listener->acceptor.cancel(ignored);
  } else {
    slot.watch()->descriptor.cancel(ignored);
  }
}

void AsioProactor::drop_buffer(AsioStream& stream) noexcept {
  stream.kept = 0;
  if (stream.buffer != nullptr) buffers_->put_back(std::exchange(stream.buffer, nullptr));
}

}  // namespace collet

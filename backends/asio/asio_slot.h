// SPDX-License-Identifier: MIT
// asio_slot.h: what a handle of the Asio proactor names.
#pragma once

#include "backends/asio/asio_loop.h"  // first, for it configures Asio

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

#include <collet/handle.h>
#include <collet/poller.h>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "backends/asio/read_buffers.h"

namespace collet {

using AsioProtocol = boost::asio::generic::stream_protocol;
using AsioSocket = boost::asio::basic_stream_socket<AsioProtocol, AsioLoop::Executor>;
using AsioAcceptor = boost::asio::basic_socket_acceptor<AsioProtocol, AsioLoop::Executor>;
using AsioDescriptor = boost::asio::posix::basic_stream_descriptor<AsioLoop::Executor>;

struct AsioListener {
  AsioAcceptor acceptor;
  AsioSocket peer;       // the next connection arrives in it
  bool refuses = false;  // its Unix path, if it had one, may by now be another's
};

struct AsioStream {
  AsioSocket socket;
  ReadBuffers::Buffer* buffer = nullptr;
  std::size_t kept = 0;  // bytes read into `buffer` and not yet lent
  bool emptied = false;  // the socket held no more than these, just now
  std::span<const std::byte> unsent{};
  std::size_t sent = 0;
  bool unix_path = false;  // connecting to one
};

// Asio's waiter for errors and hang-ups completes on urgent data too, for as long as nobody reads
// that. So who watches for nothing else waits for an epoll set, which has `fd` in it.
struct AsioWatch {
  int fd;
  AsioDescriptor descriptor;  // of `fd`, or of the set
  Interest interest;
  bool reading = false;  // waiters that Asio has
  bool writing = false;

  void let_go() noexcept {
    if (descriptor.native_handle() == fd) descriptor.release();  // the set goes with us
  }
};

struct AsioSlot {
  std::variant<std::monostate, AsioListener, AsioStream, AsioWatch> io;
  Token token{};
  std::uint32_t index = 0;
  std::uint32_t generation = 1;
  std::uint8_t inputs = 0;   // operations Asio has: accept, read, wait
  std::uint8_t outputs = 0;  // connect, write
  bool started = false;      // by start(); its last completion has not been delivered
  bool stopping = false;
  bool connecting = false;
  bool used = false;  // too late for release()
  bool closing = false;
  bool reset = false;
  // Whether it is in the proactor's list of that name.
  bool due = false;
  bool parked = false;
  bool to_begin = false;

  AsioListener* listener() noexcept { return std::get_if<AsioListener>(&io); }
  AsioStream* stream() noexcept { return std::get_if<AsioStream>(&io); }
  AsioWatch* watch() noexcept { return std::get_if<AsioWatch>(&io); }

  Handle handle() const noexcept { return {index, generation}; }
  bool idle() const noexcept { return inputs == 0 && outputs == 0; }

  int fd() noexcept {
    if (AsioStream* stream_io = stream()) return stream_io->socket.native_handle();
    if (AsioListener* listener_io = listener()) return listener_io->acceptor.native_handle();
    return watch() != nullptr ? watch()->fd : -1;
  }
};

// As errno: ECANCELED is what was cancelled, 0 with no bytes the end of a stream. What is not the
// system's (misuse that Asio noticed) becomes EIO.
inline int asio_errno(const boost::system::error_code& error) noexcept {
  if (!error || error == boost::asio::error::eof) return 0;
  return error.category() == boost::system::system_category() ? error.value() : EIO;
}

}  // namespace collet

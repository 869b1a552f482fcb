// SPDX-License-Identifier: MIT
// handler.h: what you write to build a server or a client: one Handler for each connection.
//
//   class Echo : public collet::Handler {
//     void on_data(std::span<const std::byte> bytes, collet::Output& out) override {
//       out.write(bytes);
//     }
//   };
//
// Calls for one connection never overlap and come in the order of arrival, on the loop's thread or
// on a pool's; so a handler needs no lock for its own state. It sees no socket: what it writes to
// Output is sent by the loop after the call returns. A call that throws closes the connection with
// CloseReason::handler_threw, and nothing it wrote is sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <collet/handle.h>

namespace collet {

enum class CloseReason : std::uint8_t {
  peer_closed,     // the peer ended and everything was answered
  handler_closed,  // Output::finish() or close()
  handler_threw,
  error,    // the connection failed: see the errno value beside it
  idle,     // no byte moved for the idle timeout
  drained,  // the server is stopping and everything that had arrived was answered
  forced,   // the server stopped before the peer was done
};
inline constexpr std::size_t kCloseReasons = 7;
std::string_view to_string(CloseReason reason) noexcept;

class Connection;
class Connections;

// Calls a handler from outside, so that a server can speak without having been asked: on_wake()
// runs soon, in its turn, where the handler's other calls run. Copyable. Usable from any thread as
// long as the server (or Connections) lives; without effect once the connection is ending. Wakes
// may merge; the last one is never lost.
class Waker {
 public:
  Waker() noexcept = default;  // wakes nobody
  void wake() const;

 private:
  friend class Connection;
  Waker(Connections& owner, std::uint32_t index, Handle stream) noexcept
      : owner_(&owner), index_(index), stream_(stream) {}

  Connections* owner_ = nullptr;
  std::uint32_t index_ = 0;
  Handle stream_;
};

// Collects what one call of a handler wants sent. Valid during that call only.
class Output {
 public:
  // Appends. Bytes that lie in the input of this very call are not copied.
  void write(std::span<const std::byte> bytes) {
    const bool from_input = bytes.data() >= input_.data() &&
                            bytes.data() + bytes.size() <= input_.data() + input_.size();
    if (from_input && borrowed_.empty() && own_.empty()) {
      borrowed_ = bytes;
    } else {
      append(bytes);
    }
  }
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }

  // After what has been written, no more: the peer sees the end of the stream. The connection
  // closes when the peer has ended too, or a second later.
  void finish() noexcept { end_ = End::finish; }

  // Closes as soon as the kernel has what was written, without waiting for the peer.
  void close() noexcept { end_ = End::close; }

  // Receives no more until the next on_wake(), so that the peer is held up too; pieces that had
  // been received by then still come. While it is paused the end of the stream is not seen either.
  void pause() noexcept {
    if (end_ == End::none) end_ = End::pause;
  }

  // Adds to the Watcher's count of requests.
  void count_requests(std::uint64_t served) noexcept { requests_ += served; }

 private:
  friend class Connection;
  friend struct Job;
  enum class End : std::uint8_t { none, pause, finish, close, threw };

  void append(std::span<const std::byte> bytes);

  std::span<const std::byte> input_;
  std::span<const std::byte> borrowed_;  // part of input_, sent before own_
  std::vector<std::byte> own_;
  std::uint64_t requests_ = 0;
  End end_ = End::none;
};

class Handler {
 public:
  virtual ~Handler() = default;

  // Before on_open(), on the loop's thread: a handler that is to be called from outside keeps this.
  virtual void on_attach(const Waker&) noexcept {}

  // The connection is up.
  virtual void on_open(Output&) {}

  // Bytes, in order, in pieces of any size, each once. They are gone when the call returns.
  virtual void on_data(std::span<const std::byte> bytes, Output& out) = 0;

  // Somebody called Waker::wake().
  virtual void on_wake(Output&) {}

  // The peer will send no more. Replies may still be written; by default the connection closes once
  // they are sent.
  virtual void on_end(Output& out) { out.finish(); }

  // The last call, always made, always on the loop's thread; also when connecting failed, then as
  // the only one. `error` is an errno value, or 0.
  virtual void on_close(CloseReason, int /*error*/) noexcept {}
};

}  // namespace collet

// SPDX-License-Identifier: MIT
// plain_socket.h: blocking sockets, as the peer that a backend is tested against.
#pragma once

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>
#include <collet/address.h>
#include <collet/socket.h>

namespace collet::conformance {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { close(); }

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

inline Endpoint endpoint(std::string_view text) { return *parse_endpoint(text); }

// Nothing in a test waits longer than this: it fails instead of hanging.
constexpr int kPatienceSeconds = 30;

inline Descriptor patient(int fd) {
  const timeval limit{kPatienceSeconds, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  return Descriptor(fd);
}

// A thread that runs a proactor may be interrupted on its behalf.
inline Descriptor dial(const Endpoint& to) {
  Descriptor socket = patient(::socket(to.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  int error = ::connect(socket.get(), to.address(), to.length) == 0 ? 0 : errno;
  if (error == EINTR) {
    pollfd connected{socket.get(), POLLOUT, 0};
    while (::poll(&connected, 1, kPatienceSeconds * 1000) < 0 && errno == EINTR) continue;
    error = socket_error(socket.get());
  }
  EXPECT_EQ(error, 0) << format_endpoint(to);
  return socket;
}

// A connected pair; `ours` is non-blocking, for adopt().
struct Pair {
  Descriptor ours;
  Descriptor theirs;
};

inline Pair local_pair() {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return {Descriptor(ends[0]), patient(ends[1])};
}

inline Pair tcp_pair() {
  const Descriptor listener(open_listener(endpoint("127.0.0.1:0"), {}));
  Descriptor theirs = dial(socket_endpoint(listener.get(), Side::local));
  pollfd ready{listener.get(), POLLIN, 0};
  ::poll(&ready, 1, kPatienceSeconds * 1000);
  Descriptor ours(accept_socket(listener.get()));
  EXPECT_GE(ours.get(), 0);
  return {std::move(ours), std::move(theirs)};
}

inline void write_all(const Descriptor& to, std::string_view text) {
  while (!text.empty()) {
    const auto count = ::send(to.get(), text.data(), text.size(), MSG_NOSIGNAL);
    ASSERT_GT(count, 0) << ::strerrordesc_np(errno);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

// Up to `most` bytes; fewer only at the end of the stream or on an error.
inline std::string read_up_to(const Descriptor& from, std::size_t most) {
  std::string text(most, '\0');
  std::size_t filled = 0;
  while (filled < most) {
    const auto count = ::recv(from.get(), text.data() + filled, most - filled, 0);
    if (count <= 0) break;
    filled += static_cast<std::size_t>(count);
  }
  text.resize(filled);
  return text;
}

// True if the peer has ended, and in good order.
inline bool at_end(const Descriptor& from) {
  char byte = 0;
  return ::recv(from.get(), &byte, 1, 0) == 0;
}

inline void reset_connection(Descriptor& socket) { close_socket(socket.release(), true); }

// Bytes in which a lost, repeated or moved one shows.
inline std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  std::uint32_t state = 2463534242U;
  for (char& byte : text) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    byte = static_cast<char>(state);
  }
  return text;
}

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// While it lives, no descriptor can be opened.
class NoMoreDescriptors {
 public:
  NoMoreDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest_free = ::dup(STDERR_FILENO);
    ::close(lowest_free);
    const rlimit limit{static_cast<rlim_t>(lowest_free), before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  }
  ~NoMoreDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoMoreDescriptors(const NoMoreDescriptors&) = delete;
  NoMoreDescriptors& operator=(const NoMoreDescriptors&) = delete;

 private:
  rlimit before_{};
};

// A path in a directory of its own, both removed afterwards.
class UnixPath {
 public:
  UnixPath() {
    EXPECT_NE(::mkdtemp(directory_), nullptr);
    path_ = std::string(directory_) + "/socket";
  }
  ~UnixPath() {
    ::unlink(path_.c_str());
    ::rmdir(directory_);
  }
  UnixPath(const UnixPath&) = delete;
  UnixPath& operator=(const UnixPath&) = delete;

  const std::string& path() const { return path_; }
  Endpoint at() const { return endpoint("unix:" + path_); }
  bool exists() const { return ::access(path_.c_str(), F_OK) == 0; }

 private:
  char directory_[32] = "/tmp/collet-test-XXXXXX";
  std::string path_;
};

}  // namespace collet::conformance

// SPDX-License-Identifier: MIT
// socket.h: the socket calls that backends share. Non-blocking, close-on-exec, no SIGPIPE.
//
// Header-only, for plugins too. Every function returns a descriptor or count, or -errno.
#pragma once

#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <span>

#include <collet/endpoint.h>
#include <collet/proactor.h>

namespace collet {

inline int open_stream_socket(int family) noexcept {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  const int on = 1;
  if (family != AF_UNIX) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

inline Endpoint socket_endpoint(int fd, Side side) noexcept {
  Endpoint endpoint;
  endpoint.length = sizeof endpoint.storage;
  const auto ask = side == Side::local ? ::getsockname : ::getpeername;
  if (ask(fd, endpoint.address(), &endpoint.length) != 0) endpoint.length = 0;
  return endpoint;
}

// True if `at` is a Unix path at which a server left its socket and nobody listens any more.
inline bool is_abandoned_unix_path(const Endpoint& at) noexcept {
  struct stat status {};
  const auto* path = reinterpret_cast<const sockaddr_un*>(at.address())->sun_path;
  if (at.family() != AF_UNIX || ::lstat(path, &status) != 0 || !S_ISSOCK(status.st_mode)) {
    return false;
  }
  const int probe = open_stream_socket(AF_UNIX);
  if (probe < 0) return false;
  const bool refused = ::connect(probe, at.address(), at.length) != 0 && errno == ECONNREFUSED;
  ::close(probe);
  return refused;
}

// A listening socket. TCP_NODELAY is set on it once: accepted sockets inherit it.
inline int open_listener(const Endpoint& at, const ListenOptions& options) noexcept {
  const int fd = open_stream_socket(at.family());
  if (fd < 0) return fd;
  const int on = 1;
  if (at.family() == AF_INET6) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (at.family() != AF_UNIX) {
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (options.share_port) ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  } else if (is_abandoned_unix_path(at)) {
    ::unlink(reinterpret_cast<const sockaddr_un*>(at.address())->sun_path);
  }
  if (::bind(fd, at.address(), at.length) == 0 && ::listen(fd, options.backlog) == 0) return fd;
  const int error = errno;
  ::close(fd);
  return -error;
}

// Lets nobody else begin to connect, so that the accept queue can be emptied for good: a filter
// drops what begins a TCP handshake, and those under way still end in the queue (closing instead
// would reset it); a Unix path is removed.
inline void refuse_new_connections(int listener) noexcept {
  const Endpoint at = socket_endpoint(listener, Side::local);
  if (at.family() == AF_UNIX) {
    ::unlink(reinterpret_cast<const sockaddr_un*>(at.address())->sun_path);
    return;
  }
  constexpr unsigned kFlags = 13;  // of the TCP header, which is what the filter is shown
  constexpr unsigned kSyn = 0x02;
  sock_filter drop_syn[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kFlags),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kSyn, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffffU),
  };
  const sock_fprog program{4, drop_syn};
  ::setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

// Frees the path of a Unix listener that closes; nothing for TCP.
inline void forget_unix_path(int listener) noexcept {
  const Endpoint at = socket_endpoint(listener, Side::local);
  if (at.family() == AF_UNIX && at.length > sizeof(sa_family_t)) {
    ::unlink(reinterpret_cast<const sockaddr_un*>(at.address())->sun_path);
  }
}

inline int accept_socket(int listener) noexcept {
  const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

// What to do about an accept() that failed: the connection itself was bad (take the next one), the
// process or system lacks something (pause), or the listener is unusable.
enum class AcceptError { try_next, pause, broken };
inline AcceptError classify_accept_error(int error) noexcept {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return AcceptError::try_next;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return AcceptError::pause;
    default:
      return AcceptError::broken;
  }
}

// A socket to connect to `to`, at the local address `from` if there is one.
inline int open_connecting_socket(const Endpoint& to, const Endpoint* from) noexcept {
  const int fd = open_stream_socket(to.family());
  if (fd < 0 || from == nullptr) return fd;
  const int on = 1;
  ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (::bind(fd, from->address(), from->length) == 0) return fd;
  const int error = errno;
  ::close(fd);
  return -error;
}

// Begins connecting. Returns a descriptor whose writability tells the outcome (socket_error()), or
// -errno.
inline int begin_connect(const Endpoint& to, const Endpoint* from) noexcept {
  const int fd = open_connecting_socket(to, from);
  if (fd < 0) return fd;
  if (::connect(fd, to.address(), to.length) == 0 || errno == EINPROGRESS) return fd;
  const int error = errno;
  ::close(fd);
  return -error;
}

inline int socket_error(int fd) noexcept {
  int error = 0;
  socklen_t length = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

// A system call without the C library around it: recv() and send() are cancellation points, which
// costs a threaded process two atomic operations and some sixty instructions for each call, a
// quarter of all that an echoed request takes. Returns the result or -errno.
inline std::ptrdiff_t system_call(long number, long a, const void* b, std::size_t c,
                                  long d) noexcept {
#if defined(__x86_64__)
  std::ptrdiff_t result;
  register long fourth __asm__("r10") = d;
  register long fifth __asm__("r8") = 0;
  register long sixth __asm__("r9") = 0;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
                   : "rcx", "r11", "memory");
  return result;
#else
  const auto result = ::syscall(number, a, b, c, d, nullptr, 0);
  return result < 0 ? -errno : result;
#endif
}

[[gnu::cold, gnu::noinline]] inline std::ptrdiff_t repeat_system_call(long number, long a,
                                                                      const void* b, std::size_t c,
                                                                      long d) noexcept {
  std::ptrdiff_t result = -EINTR;
  while (result == -EINTR) result = system_call(number, a, b, c, d);
  return result;
}

// One receive or send, restarted when a signal interrupts it. -EAGAIN when it would block.
inline std::ptrdiff_t receive_some(int fd, std::span<std::byte> into) noexcept {
  const auto count = system_call(SYS_recvfrom, fd, into.data(), into.size(), 0);
  if (count != -EINTR) return count;
  return repeat_system_call(SYS_recvfrom, fd, into.data(), into.size(), 0);
}
inline std::ptrdiff_t send_some(int fd, std::span<const std::byte> bytes) noexcept {
  const auto count = system_call(SYS_sendto, fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (count != -EINTR) return count;
  return repeat_system_call(SYS_sendto, fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

// Closes; with `reset`, so that a TCP peer sees a reset.
inline void close_socket(int fd, bool reset) noexcept {
  if (reset) {
    const linger at_once{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  ::close(fd);
}

}  // namespace collet

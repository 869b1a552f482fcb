// SPDX-License-Identifier: MIT
// epoll_server.cc: the least that a correct server does on Linux: level-triggered epoll, one loop,
// one recv and one send for each event, one buffer for all connections. What it costs is the floor
// under every other row of the table.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <string>
#include <unordered_map>

#include "bench/baselines/arguments.h"

namespace collet::baselines {
namespace {

constexpr int kEventsPerWait = 256;
constexpr int kAcceptsPerEvent = 64;
constexpr std::size_t kBufferBytes = 64 * 1024;

[[noreturn]] void fail(const char* call) {
  std::perror(call);
  std::exit(1);
}

bool is_transient(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

// A non-blocking listener whose accepted sockets inherit TCP_NODELAY; sets arguments.port.
int open_listener(Arguments& arguments) {
  sockaddr_in6 v6{};
  sockaddr_in v4{};
  const bool is_v4 = inet_pton(AF_INET, arguments.host.c_str(), &v4.sin_addr) == 1;
  if (!is_v4 && inet_pton(AF_INET6, arguments.host.c_str(), &v6.sin6_addr) != 1) {
    refuse_address(arguments, "it is not a numeric IPv4 or IPv6 address");
  }
  v4.sin_family = AF_INET;
  v6.sin6_family = AF_INET6;
  v4.sin_port = v6.sin6_port = htons(arguments.port);
  auto* address = is_v4 ? reinterpret_cast<sockaddr*>(&v4) : reinterpret_cast<sockaddr*>(&v6);
  socklen_t length = is_v4 ? sizeof v4 : sizeof v6;
  const int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (fd < 0 || bind(fd, address, length) != 0 || listen(fd, SOMAXCONN) != 0 ||
      getsockname(fd, address, &length) != 0) {
    refuse_address(arguments, std::strerror(errno));
  }
  arguments.port = ntohs(is_v4 ? v4.sin_port : v6.sin6_port);
  return fd;
}

int open_stop_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  sigprocmask(SIG_BLOCK, &stop, nullptr);
  return signalfd(-1, &stop, SFD_CLOEXEC);
}

class Server {
 public:
  Server(int listener, int stop_signals, Workload workload)
      : workload_(workload), listener_(listener), stop_signals_(stop_signals) {
    if (epoll_ < 0) fail("epoll_create1");
    control(EPOLL_CTL_ADD, listener_, EPOLLIN);
    control(EPOLL_CTL_ADD, stop_signals_, EPOLLIN);
  }

  // Returns when a stop signal comes.
  void run() {
    std::array<epoll_event, kEventsPerWait> events;
    for (;;) {
      const int count = epoll_wait(epoll_, events.data(), kEventsPerWait, -1);
      if (count < 0 && errno != EINTR) fail("epoll_wait");
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        if (event.data.fd == stop_signals_) return;
        if (event.data.fd == listener_) {
          accept_some();
        } else if ((event.events & EPOLLOUT) != 0) {
          send_rest(event.data.fd);
        } else {
          receive(event.data.fd);
        }
      }
    }
  }

 private:
  void control(int operation, int fd, std::uint32_t interest) {
    epoll_event event{};
    event.events = interest;
    event.data.fd = fd;
    if (epoll_ctl(epoll_, operation, fd, &event) != 0) fail("epoll_ctl");
  }

  void accept_some() {
    for (int i = 0; i < kAcceptsPerEvent; ++i) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) {
        // Out of descriptors: the listener stays ready, so it must rest until one is closed.
        if (errno == EMFILE || errno == ENFILE) rest_listener(true);
        return;
      }
      control(EPOLL_CTL_ADD, fd, EPOLLIN);
      if (workload_ == Workload::greet) send_all(fd, kGreeting, sizeof kGreeting);
    }
  }

  void receive(int fd) {
    const ssize_t received = recv(fd, buffer_.data(), buffer_.size(), 0);
    if (received > 0) {
      if (workload_ == Workload::echo)
        send_all(fd, buffer_.data(), static_cast<std::size_t>(received));
    } else if (received == 0 || !is_transient(errno)) {
      close_connection(fd);
    }
  }

  // What the kernel does not take waits in unsent_, and nothing is read meanwhile.
  void send_all(int fd, const char* bytes, std::size_t size) {
    ssize_t sent = send(fd, bytes, size, 0);
    if (sent == static_cast<ssize_t>(size)) return;
    if (sent < 0 && !is_transient(errno)) return close_connection(fd);
    if (sent < 0) sent = 0;
    unsent_[fd].assign(bytes + sent, size - static_cast<std::size_t>(sent));
    control(EPOLL_CTL_MOD, fd, EPOLLOUT);
  }

  void send_rest(int fd) {
    std::string& rest = unsent_[fd];
    const ssize_t sent = send(fd, rest.data(), rest.size(), 0);
    if (sent < 0 && !is_transient(errno)) return close_connection(fd);
    if (sent > 0) rest.erase(0, static_cast<std::size_t>(sent));
    if (!rest.empty()) return;
    unsent_.erase(fd);
    control(EPOLL_CTL_MOD, fd, EPOLLIN);
  }

  void close_connection(int fd) {
    if (!unsent_.empty()) unsent_.erase(fd);
    close(fd);
    if (listener_rests_) rest_listener(false);
  }

  void rest_listener(bool rests) {
    listener_rests_ = rests;
    control(EPOLL_CTL_MOD, listener_, rests ? 0U : static_cast<std::uint32_t>(EPOLLIN));
  }

  const Workload workload_;
  const int listener_;
  const int stop_signals_;
  const int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  bool listener_rests_ = false;
  std::unordered_map<int, std::string> unsent_;  // only of connections that wait for EPOLLOUT
  std::array<char, kBufferBytes> buffer_;
};

}  // namespace
}  // namespace collet::baselines

int main(int argc, char** argv) {
  using namespace collet::baselines;
  Arguments arguments = parse_arguments(argc, argv);
  const int stop_signals = open_stop_signals();
  const int listener = open_listener(arguments);
  static Server server(listener, stop_signals, arguments.workload);
  announce(arguments, arguments.port);
  server.run();
}

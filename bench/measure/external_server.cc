// SPDX-License-Identifier: MIT
// external_server.cc: a port from the kernel, and knocking at it.
#include "bench/measure/external_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <absl/strings/str_cat.h>

namespace collet::bench {
namespace {

constexpr auto kBetweenKnocks = std::chrono::milliseconds(5);

sockaddr_in loopback(int port, in_addr_t host = INADDR_LOOPBACK) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(host);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

// From another address than the port's, or the kernel may choose the port itself to knock from:
// then the knock is connected to itself, and the port taken.
bool listens(int port) {
  const Descriptor knock(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in from = loopback(0, INADDR_LOOPBACK + 1);
  const sockaddr_in to = loopback(port);
  return bind(knock.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0 &&
         connect(knock.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
}

}  // namespace

absl::StatusOr<int> find_free_port() {
  const Descriptor probe(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (probe.get() < 0 || bind(probe.get(), generic, length) != 0 ||
      getsockname(probe.get(), generic, &length) != 0) {
    return absl::UnavailableError(absl::StrCat("no port of 127.0.0.1: ", std::strerror(errno)));
  }
  return ntohs(address.sin_port);
}

Wait wait_until_it_listens(const ChildProcess& server, int port, Deadline deadline, int stop_fd) {
  for (;;) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= deadline) return Wait::timed_out;
    // First whether it lives: somebody else might listen there.
    const Wait wait = server.rest(std::min(deadline, now + kBetweenKnocks), stop_fd);
    if (wait != Wait::timed_out) return wait;
    if (listens(port)) return Wait::ready;
  }
}

}  // namespace collet::bench

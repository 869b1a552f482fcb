// SPDX-License-Identifier: MIT
// endpoint.h: where a socket listens or connects to. IPv4, IPv6 or a Unix path.
#pragma once

#include <sys/socket.h>

#include <cstring>

namespace collet {

// The kernel's own form, so that it crosses the plugin boundary as plain data. Text is parsed and
// made in <collet/address.h>.
struct Endpoint {
  sockaddr_storage storage{};
  socklen_t length = 0;

  int family() const noexcept { return storage.ss_family; }
  const sockaddr* address() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* address() noexcept { return reinterpret_cast<sockaddr*>(&storage); }

  friend bool operator==(const Endpoint& a, const Endpoint& b) noexcept {
    return a.length == b.length && std::memcmp(&a.storage, &b.storage, a.length) == 0;
  }
};

}  // namespace collet

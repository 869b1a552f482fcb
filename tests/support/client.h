// SPDX-License-Identifier: MIT
// client.h: what clients with blocking sockets do to a server, and expect from it.
#pragma once

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/conformance/own_process.h"
#include "tests/conformance/plain_socket.h"
#include "tests/support/patience.h"

namespace collet::integration {

using conformance::at_end;
using conformance::Descriptor;
using conformance::dial;
using conformance::endpoint;
using conformance::pattern;
using conformance::read_up_to;
using conformance::reset_connection;
using conformance::UnixPath;
using conformance::write_all;

// A stream without end in which every lost, repeated or moved byte shows: one table over and over,
// whose length is prime so that no buffer holds the same bytes a lap later.
class EndlessPattern {
 public:
  // The next bytes, `most` or fewer.
  std::string_view next(std::size_t most) {
    const std::string_view piece = std::string_view(table()).substr(at_, most);
    at_ = (at_ + piece.size()) % table().size();
    return piece;
  }

  void send(const Descriptor& to, std::size_t count) {
    while (count > 0) {
      const std::string_view piece = next(std::min<std::size_t>(count, 64 * 1024));
      count -= piece.size();
      ASSERT_NO_FATAL_FAILURE(write_all(to, piece));
    }
  }

  // Sends what the socket takes without waiting, and returns how much that was.
  std::size_t send_at_once(const Descriptor& to, std::size_t most = std::string_view::npos) {
    const std::string_view rest = std::string_view(table()).substr(at_, most);
    const auto count = ::send(to.get(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count <= 0) return 0;
    at_ = (at_ + static_cast<std::size_t>(count)) % table().size();
    return static_cast<std::size_t>(count);
  }

  // Receives until `count` bytes or the end, and returns how many were right.
  std::size_t receive(const Descriptor& from, std::size_t count) {
    std::vector<char> buffer(256 * 1024);
    std::size_t right = 0;
    while (right < count) {
      const std::size_t room = std::min(buffer.size(), count - right);
      const auto got = ::recv(from.get(), buffer.data(), room, 0);
      if (got <= 0) return right;
      std::string_view rest(buffer.data(), static_cast<std::size_t>(got));
      while (!rest.empty()) {
        const std::string_view piece = next(rest.size());
        if (rest.substr(0, piece.size()) != piece) return right;
        right += piece.size();
        rest.remove_prefix(piece.size());
      }
    }
    return right;
  }

 private:
  static const std::string& table() {
    static const std::string bytes = pattern(1'000'003);
    return bytes;
  }

  std::size_t at_ = 0;
};

inline void expect_echo(const Descriptor& client, std::string_view text = "are you there?") {
  ASSERT_NO_FATAL_FAILURE(write_all(client, text));
  EXPECT_EQ(read_up_to(client, text.size()), text);
}

inline std::vector<Descriptor> dial_many(const Endpoint& to, std::size_t count) {
  std::vector<Descriptor> clients;
  for (std::size_t i = 0; i < count; ++i) clients.push_back(dial(to));
  return clients;
}

// True if bytes, the end of the stream or an error can be received at once.
inline bool is_readable(const Descriptor& client) {
  pollfd asked{client.get(), POLLIN, 0};
  return ::poll(&asked, 1, 0) == 1;
}

// Whether everything sent on this TCP socket has reached the peer's kernel.
inline bool has_arrived(const Descriptor& client) {
  int unacknowledged = 0;
  return ::ioctl(client.get(), SIOCOUTQ, &unacknowledged) == 0 && unacknowledged == 0;
}

inline void end_sending(const Descriptor& client) {
  EXPECT_EQ(::shutdown(client.get(), SHUT_WR), 0);
}

inline std::size_t open_descriptors() { return conformance::count_open_descriptors(); }

// Many sockets in one process: the soft limit is often 1024.
inline void allow_many_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace collet::integration

// SPDX-License-Identifier: MIT
// main.cc: an echo server, one request to it, and a drain.
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <span>
#include <string_view>

#include <collet/address.h>
#include <collet/builtin.h>
#include <collet/registry.h>
#include <collet/tcp_server.h>

namespace {

class Echo : public collet::Handler {
  void on_data(std::span<const std::byte> bytes, collet::Output& out) override { out.write(bytes); }
};

bool echoes(const collet::Endpoint& server) {
  constexpr std::string_view kText = "hello from outside";
  char reply[kText.size()] = {};
  const int client = ::socket(server.family(), SOCK_STREAM, 0);
  const bool echoed =
      ::connect(client, server.address(), server.length) == 0 &&
      ::send(client, kText.data(), kText.size(), MSG_NOSIGNAL) == ssize_t{kText.size()} &&
      ::recv(client, reply, sizeof reply, MSG_WAITALL) == ssize_t{sizeof reply} &&
      std::string_view(reply, sizeof reply) == kText;
  ::close(client);
  return echoed;
}

}  // namespace

int main() {
  collet::Registry registry;
  collet::add_builtin_backends(registry);
  collet::add_builtin_pools(registry);
  for (const collet::BackendDescription* backend : registry.backends()) {
    for (const collet::PoolDescription* pool : registry.pools()) {
      auto server =
          collet::TcpServer::start(*registry.backend(backend->name), *registry.pool(pool->name),
                                   {.listen = *collet::parse_endpoint("127.0.0.1:0")},
                                   [] { return std::make_unique<Echo>(); });
      const bool good = server.ok() && echoes((*server)->endpoint());
      std::printf("%s x %s: %s\n", backend->name, pool->name, good ? "echoes" : "FAILS");
      if (!good) return 1;
      (*server)->drain();
      (*server)->wait();
    }
  }
}

// SPDX-License-Identifier: MIT
// allocation_test.cc: a server that has warmed up serves requests without allocating.
//
// Replaces operator new for this program, and counts the calls of every thread but the test's own.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <collet/address.h>
#include <collet/builtin.h>
#include <collet/registry.h>
#include <collet/tcp_server.h>

#include "tests/conformance/plain_socket.h"

namespace {

std::atomic<std::size_t> allocations{0};
thread_local bool counted = true;

void* allocate(std::size_t size, std::size_t alignment = alignof(std::max_align_t)) {
  if (counted) allocations.fetch_add(1, std::memory_order_relaxed);
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

// The other forms (arrays, nothrow) come here by their defaults.
void* operator new(std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace collet {
namespace {

using conformance::Descriptor;

class Echo final : public Handler {
 public:
  void on_data(std::span<const std::byte> bytes, Output& out) override {
    out.write(bytes);
    out.count_requests(1);
  }
};

// Writes what was not received: from memory of the connection's own.
class Answer final : public Handler {
 public:
  void on_data(std::span<const std::byte> bytes, Output& out) override {
    for (std::size_t i = 0; i < bytes.size(); ++i) out.write(std::string_view("x"));
  }
};

struct Case {
  const char* name;
  const char* pool;
  std::size_t workers;
  bool echo;
  std::size_t connections;

  friend std::ostream& operator<<(std::ostream& out, const Case& each) { return out << each.name; }
};

class AllocationTest : public ::testing::TestWithParam<Case> {
 protected:
  static constexpr std::size_t kRequests = 2000;
  static constexpr std::size_t kRequestBytes = 64;

  void SetUp() override {
    counted = false;
    Registry registry;
    add_builtin_backends(registry);
    add_builtin_pools(registry);
    ServerOptions options;
    options.listen = *parse_endpoint("127.0.0.1:0");
    options.workers = GetParam().workers;
    auto server = TcpServer::start(*registry.backend("epoll"), *registry.pool(GetParam().pool),
                                   options, [echo = GetParam().echo]() -> std::unique_ptr<Handler> {
                                     if (echo) return std::make_unique<Echo>();
                                     return std::make_unique<Answer>();
                                   });
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    for (std::size_t i = 0; i < GetParam().connections; ++i) {
      clients_.push_back(conformance::dial(server_->endpoint()));
    }
  }

  // One request on every connection at once, then every reply.
  void round_trip() {
    char buffer[kRequestBytes] = {};
    for (const Descriptor& client : clients_) {
      ASSERT_EQ(::send(client.get(), buffer, sizeof buffer, MSG_NOSIGNAL), ssize_t{sizeof buffer});
    }
    for (const Descriptor& client : clients_) {
      ASSERT_EQ(::recv(client.get(), buffer, sizeof buffer, MSG_WAITALL), ssize_t{sizeof buffer});
    }
  }

  std::size_t allocations_of_a_window() {
    const std::size_t before = allocations;
    for (std::size_t i = 0; i < kRequests; i += clients_.size()) round_trip();
    return allocations - before;
  }

  std::unique_ptr<TcpServer> server_;
  std::vector<Descriptor> clients_;
};

// How many requests meet in one pass is the scheduler's affair, and queues grow to the most that
// ever did: so the server has some windows to warm up in.
TEST_P(AllocationTest, AWarmServerServesRequestsWithoutAllocating) {
  allocations_of_a_window();
  std::size_t fewest = allocations_of_a_window();
  for (int window = 0; window < 10 && fewest > 0; ++window) {
    fewest = std::min(fewest, allocations_of_a_window());
  }
  EXPECT_EQ(fewest, 0U) << "in " << kRequests << " requests";
}

TEST_P(AllocationTest, AConnectionThatOpensIsSeenToAllocate) {
  round_trip();
  const std::size_t before = allocations;
  clients_.push_back(conformance::dial(server_->endpoint()));
  round_trip();
  EXPECT_GT(allocations, before) << "its handler at least";
}

constexpr Case kCases[] = {
    {"inline_echo", "inline", 0, true, 1},
    {"inline_echo_of_many", "inline", 0, true, 50},
    {"inline_answer", "inline", 0, false, 1},
    {"mutex_echo", "mutex", 1, true, 1},
    {"mutex_echo_of_many", "mutex", 1, true, 50},
    {"mutex_answer", "mutex", 1, false, 1},
    {"mutex_answer_of_many", "mutex", 1, false, 50},
    {"two_workers_echo", "mutex", 2, true, 1},
    {"two_workers_echo_of_many", "mutex", 2, true, 50},
};

std::string name_of_case(const ::testing::TestParamInfo<Case>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Epoll, AllocationTest, ::testing::ValuesIn(kCases), name_of_case);

}  // namespace
}  // namespace collet

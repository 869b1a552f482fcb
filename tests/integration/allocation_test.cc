// SPDX-License-Identifier: MIT
// allocation_test.cc: a server that has warmed up serves requests without allocating, and a pool
// runs tasks so.
//
// Replaces operator new for this program, and counts the calls of every thread, but not of the
// test's own where it is a client.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <collet/address.h>
#include <collet/builtin.h>
#include <collet/registry.h>
#include <collet/tcp_server.h>

#include "apps/workloads/workload.h"
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

enum class Kind { echo, answer, http };

struct Case {
  const char* name;
  const char* pool;
  std::size_t workers;
  Kind kind;
  std::size_t connections;

  friend std::ostream& operator<<(std::ostream& out, const Case& each) { return out << each.name; }
};

class AllocationTest : public ::testing::TestWithParam<Case> {
 protected:
  static constexpr std::size_t kRequests = 2000;

  void SetUp() override {
    counted = false;
    Registry registry;
    add_builtin_backends(registry);
    add_builtin_pools(registry);
    ServerOptions options;
    options.listen = *parse_endpoint("127.0.0.1:0");
    options.workers = GetParam().workers;
    auto server = TcpServer::start(*registry.backend("epoll"), *registry.pool(GetParam().pool),
                                   options, [this] { return make_handler(); });
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    for (std::size_t i = 0; i < GetParam().connections; ++i) {
      clients_.push_back(conformance::dial(server_->endpoint()));
    }
  }

  std::unique_ptr<Handler> make_handler() {
    switch (GetParam().kind) {
      case Kind::echo:
        return std::make_unique<Echo>();
      case Kind::answer:
        return std::make_unique<Answer>();
      case Kind::http:
        break;
    }
    return (*apps::find_workload("http"))->make_server(burden_);
  }

  // One request on every connection at once, then every reply.
  void round_trip() {
    const bool is_http = GetParam().kind == Kind::http;
    constexpr std::string_view kGet =
        "GET /plaintext HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n";
    constexpr std::size_t kGetReplyBytes = 131;
    char buffer[kGetReplyBytes] = {};
    const std::string_view request = is_http ? kGet : std::string_view(buffer, 64);
    const std::size_t reply_bytes = is_http ? kGetReplyBytes : request.size();
    for (const Descriptor& client : clients_) {
      ASSERT_EQ(::send(client.get(), request.data(), request.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(request.size()));
    }
    for (const Descriptor& client : clients_) {
      ASSERT_EQ(::recv(client.get(), buffer, reply_bytes, MSG_WAITALL),
                static_cast<ssize_t>(reply_bytes));
    }
    if (is_http) {
      ASSERT_TRUE(std::string_view(buffer, reply_bytes).ends_with("\r\n\r\nHello, World!"));
    }
  }

  std::size_t allocations_of_a_window() {
    const std::size_t before = allocations;
    for (std::size_t i = 0; i < kRequests; i += clients_.size()) round_trip();
    return allocations - before;
  }

  apps::Burden burden_;
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
    {"inline_echo", "inline", 0, Kind::echo, 1},
    {"inline_echo_of_many", "inline", 0, Kind::echo, 50},
    {"inline_answer", "inline", 0, Kind::answer, 1},
    {"mutex_echo", "mutex", 1, Kind::echo, 1},
    {"mutex_echo_of_many", "mutex", 1, Kind::echo, 50},
    {"mutex_answer", "mutex", 1, Kind::answer, 1},
    {"mutex_answer_of_many", "mutex", 1, Kind::answer, 50},
    {"inline_http", "inline", 0, Kind::http, 1},
    {"inline_http_of_many", "inline", 0, Kind::http, 50},
    {"mutex_http", "mutex", 1, Kind::http, 1},
    {"mutex_http_of_many", "mutex", 1, Kind::http, 50},
    {"two_workers_echo", "mutex", 2, Kind::echo, 1},
    {"two_workers_echo_of_many", "mutex", 2, Kind::echo, 50},
    {"stealing_echo", "stealing", 2, Kind::echo, 1},
    {"stealing_echo_of_many", "stealing", 2, Kind::echo, 50},
};

std::string name_of_case(const ::testing::TestParamInfo<Case>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Epoll, AllocationTest, ::testing::ValuesIn(kCases), name_of_case);

// Tasks of all ways: from outside one by one and together, and each of them submits another.
class PoolWindow {
 public:
  explicit PoolWindow(ThreadPool& pool) : pool_(pool) {}

  // `held`: no task ends before all have been submitted, so that queues grow as far as they may.
  void run(bool held) {
    left_ = 4 * kHalf;
    hold_ = held;
    for (std::size_t i = 0; i < kHalf; ++i) {
      Task task = make();
      ASSERT_TRUE(pool_.submit(task));
    }
    for (Task& task : together_) task = make();
    ASSERT_EQ(pool_.submit_bulk(together_), together_.size());
    hold_ = false;
    hold_.notify_all();
    for (int left = left_; left > 0; left = left_) left_.wait(left);
  }

 private:
  static constexpr int kHalf = 500;

  Task make() {
    return Task([this] {
      hold_.wait(true);
      Task more([this] { arrive(); });
      EXPECT_TRUE(pool_.submit(more));
      arrive();
    });
  }
  void arrive() {
    if (--left_ == 0) left_.notify_all();
  }

  ThreadPool& pool_;
  std::atomic<bool> hold_{false};
  std::atomic<int> left_{0};
  std::array<Task, kHalf> together_;
};

class PoolAllocationTest : public ::testing::TestWithParam<const char*> {};

TEST_P(PoolAllocationTest, AWarmPoolRunsTasksWithoutAllocating) {
  Registry registry;
  add_builtin_pools(registry);
  for (const std::size_t workers : {1U, 2U}) {
    auto pool = registry.pool(GetParam())->make(workers);
    ASSERT_TRUE(pool.ok());
    PoolWindow window(**pool);
    counted = true;
    window.run(true);
    const std::size_t before = allocations;
    for (int i = 0; i < 20; ++i) window.run(false);
    EXPECT_EQ(allocations, before) << workers << " workers";
    (*pool)->stop(StopMode::drain);  // the last task still looks at the window
  }
}

INSTANTIATE_TEST_SUITE_P(Pools, PoolAllocationTest, ::testing::Values("mutex", "stealing"));

}  // namespace
}  // namespace collet

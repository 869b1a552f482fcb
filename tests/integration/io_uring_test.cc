// SPDX-License-Identifier: MIT
// io_uring_test.cc: what only io_uring can get wrong: rings too small, buffers too few, kernels
// that do not let it.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <collet/builtin.h>

#include "tests/support/every_cell.h"

namespace collet::integration {
namespace {

using ::testing::HasSubstr;

class IoUringTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto backend = registry().backend("io_uring");
    if (!backend.ok()) GTEST_SKIP() << backend.status().message();
  }

  std::unique_ptr<TcpServer> serve(const std::string& backend, const std::string& pool,
                                   std::size_t workers, const Behaviour& behaviour = {}) {
    ServerOptions options;
    options.listen = *parse_endpoint("127.0.0.1:0");
    options.workers = workers;
    auto server = TcpServer::start(
        *registry().backend(backend), *registry().pool(pool), options,
        [this, behaviour] { return std::make_unique<ScriptedHandler>(behaviour, journal_); });
    if (!server.ok()) ADD_FAILURE() << server.status();
    return *std::move(server);
  }

  Journal journal_;
};

TEST_F(IoUringTest, AnEightEntryQueueAndFourBuffersStallNobodyOfTwoThousand) {
  constexpr std::size_t kConnections = 2'000;
  constexpr std::size_t kRequest = 64;
  constexpr int kRounds = 3;
  allow_many_descriptors();
  for (const std::string pool : {"inline", "mutex"}) {
    const auto server = serve("io_uring:entries=4,completions=8,buffers=4,buffer=1k", pool,
                              pool == "inline" ? 0 : 1);
    const std::vector<Descriptor> clients = dial_many(server->endpoint(), kConnections);
    std::vector<EndlessPattern> sent(kConnections);
    std::vector<EndlessPattern> received(kConnections);
    for (int round = 0; round < kRounds; ++round) {
      for (std::size_t i = 0; i < kConnections; ++i) sent[i].send(clients[i], kRequest);
      std::size_t answered = 0;
      for (std::size_t i = 0; i < kConnections; ++i) {
        if (received[i].receive(clients[i], kRequest) == kRequest) ++answered;
      }
      ASSERT_EQ(answered, kConnections) << pool << ", round " << round;
    }
  }
}

TEST_F(IoUringTest, AKeptBufferHoldsUpItsOwnConnectionOnly) {
  Gate gate;
  const Behaviour keeps{.on_data = [&gate](Bytes bytes, Output& out) {
    if (bytes.front() == std::byte{'k'}) gate.pass();
    out.write(bytes);
  }};
  const auto server = serve("io_uring:buffers=2", "mutex", 2, keeps);
  const Descriptor keeper = dial(server->endpoint());
  write_all(keeper, "keep");
  const std::vector<Descriptor> others = dial_many(server->endpoint(), 50);
  for (int round = 0; round < 20; ++round) {
    for (const Descriptor& other : others) expect_echo(other);
  }
  EXPECT_FALSE(is_readable(keeper));
  gate.open();
  EXPECT_EQ(read_up_to(keeper, 4), "keep");
}

std::size_t threads_of_the_kernel() {
  std::size_t count = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(task.path() / "comm");
    std::string name;
    std::getline(file, name);
    if (name.starts_with("iou-wrk")) ++count;
  }
  return count;
}

// The kernel gives up waiting for room in the socket of a peer that has ended, and lets a thread of
// its own block there: one for each such peer.
TEST_F(IoUringTest, APeerThatHasEndedAndReadsSlowlyCostsNoThread) {
  constexpr std::size_t kReply = 40'000'000;
  std::atomic<int> begun{0};
  const Behaviour verbose{.on_data = [&begun](Bytes, Output& out) {
    out.write(std::string(kReply, 'x'));
    ++begun;
  }};
  const auto server = serve("io_uring", "inline", 0, verbose);
  const std::vector<Descriptor> clients = dial_many(server->endpoint(), 3);
  for (const Descriptor& client : clients) {
    write_all(client, "?");
    end_sending(client);
  }
  ASSERT_TRUE(eventually([&] { return begun == 3; }));
  const Descriptor witness = dial(server->endpoint());
  for (const Descriptor& client : clients) {
    EXPECT_EQ(read_up_to(client, kReply / 4).size(), kReply / 4);
    EXPECT_EQ(threads_of_the_kernel(), 0U);
  }
  for (const Descriptor& client : clients) {
    EXPECT_EQ(read_up_to(client, kReply).size(), kReply - kReply / 4);
  }
}

TEST_F(IoUringTest, LoopsLeaveNoDescriptorAndNoRingBehind) {
  const auto once = [this] {
    const auto server = serve("io_uring", "inline", 0);
    const std::vector<Descriptor> clients = dial_many(server->endpoint(), 20);
    for (const Descriptor& client : clients) expect_echo(client);
  };
  const auto count_rings = [] {
    std::ifstream maps("/proc/self/maps");
    int count = 0;
    for (std::string line; std::getline(maps, line);) {
      if (line.find("[io_uring]") != line.npos) ++count;
    }
    return count;
  };
  // Address space, which each loop takes 64 MiB of for its buffers. Threads take some too, once.
  const auto megabytes_mapped = [] {
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    return pages / 256;
  };
  for (int i = 0; i < 5; ++i) once();
  const std::size_t descriptors = open_descriptors();
  const std::size_t megabytes = megabytes_mapped();
  for (int i = 0; i < 20; ++i) once();
  EXPECT_EQ(open_descriptors(), descriptors);
  EXPECT_EQ(count_rings(), 0);
  EXPECT_TRUE(kSanitized || megabytes_mapped() < megabytes + 10 * 64) << megabytes_mapped();
}

// 0 is the best of them, and Linux has had them in the other order.
TEST_F(IoUringTest, EveryModeThatTheKernelHasServesAndTheBestIsTheDefault) {
  std::string best;
  for (int mode = 2; mode >= 0; --mode) {
    const std::string option = "taskrun=" + std::to_string(mode);
    const auto backend = registry().backend("io_uring:" + option);
    ASSERT_TRUE(backend.ok()) << backend.status();
    if (!backend->make().ok()) break;
    best = option;
    const auto server = serve("io_uring:" + option, "mutex", 1);
    const std::vector<Descriptor> clients = dial_many(server->endpoint(), 20);
    for (const Descriptor& client : clients) expect_echo(client);
  }
  EXPECT_THAT(registry().backend("io_uring")->effective_spec(), HasSubstr(best));
  EXPECT_NE(best, "");
}

TEST_F(IoUringTest, AForkedChildGetsNoRing) {
  const auto proactor = *registry().backend("io_uring")->make();
  const pid_t child = ::fork();
  if (child == 0) {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
      if (line.find("[io_uring]") != line.npos) ::_exit(1);
    }
    ::_exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

// What a system call filter leads to for who asks for `spec`, said by a process of its own.
template <std::size_t kLength>
std::string refusal_under(sock_filter (&filter)[kLength], const std::string& spec) {
  int channel[2];
  EXPECT_EQ(::pipe(channel), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const sock_fprog program{kLength, filter};
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
    Registry mine;
    add_builtin_backends(mine);
    const auto backend = mine.backend(spec);
    const auto why_not = backend.ok() ? backend->make().status() : backend.status();
    const std::string text = why_not.ok() ? "it runs" : std::string(why_not.message());
    ::_exit(::write(channel[1], text.data(), text.size()) > 0 ? 0 : 1);
  }
  ::close(channel[1]);
  char text[512];
  const auto count = ::read(channel[0], text, sizeof text);
  ::close(channel[0]);
  ::waitpid(child, nullptr, 0);
  return count > 0 ? std::string(text, static_cast<std::size_t>(count)) : "";
}

// What comes of a kernel that makes no ring.
std::string refusal_with(int error) {
  sock_filter deny[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  return refusal_under(deny, "io_uring");
}

TEST(IoUringProbeTest, WhereItIsForbiddenItSaysSo) {
  EXPECT_THAT(refusal_with(EPERM), HasSubstr("io_uring is forbidden here"));
}

TEST(IoUringProbeTest, WhereTheKernelHasNoneItSaysSo) {
  EXPECT_THAT(refusal_with(ENOSYS), HasSubstr("this kernel has no io_uring"));
}

TEST(IoUringProbeTest, WhereTheKernelCannotSendWithoutCopyingWhoAsksForItIsTold) {
  sock_filter deny_questions[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_register, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args) + sizeof(std::uint64_t)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IORING_REGISTER_PROBE, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  if (!registry().backend("io_uring").ok()) GTEST_SKIP() << "io_uring does not run here";
  EXPECT_EQ(refusal_under(deny_questions, "io_uring"), "it runs");
  EXPECT_THAT(refusal_under(deny_questions, "io_uring:send_zc=16k"),
              HasSubstr("send_zc=16384 has to be 0"));
}

}  // namespace
}  // namespace collet::integration

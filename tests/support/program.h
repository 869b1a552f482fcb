// SPDX-License-Identifier: MIT
// program.h: a real program as a child of the test: what it prints, what it costs, how it ends.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/client.h"
#include "tests/support/patience.h"

namespace collet::integration {

// What the system withholds from a program.
struct Austerity {
  rlim_t descriptors = 0;  // at most so many; 0: as many as the test may have
  bool without_ipv6 = false;
};

class Program {
 public:
  explicit Program(std::vector<std::string> command, const Austerity& austerity = {}) {
    int output[2] = {-1, -1};
    EXPECT_EQ(::pipe2(output, O_CLOEXEC), 0);
    output_ = Descriptor(output[0]);
    const Descriptor write_end(output[1]);
    errors_ = Descriptor(::memfd_create("stderr", MFD_CLOEXEC));
    std::vector<char*> arguments;
    for (std::string& argument : command) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) become(arguments.data(), write_end.get(), austerity);
    EXPECT_GT(pid_, 0);
  }
  ~Program() {
    if (status_ == kRunning) {
      signal(SIGKILL);
      wait();
    }
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // The next line of its standard output; empty at the end, or when patience runs out.
  std::string read_line() {
    while (buffer_.find('\n') == buffer_.npos && read_more()) {
    }
    const std::size_t end = std::min(buffer_.find('\n'), buffer_.size());
    std::string line = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    return line;
  }

  // All that it has still to print.
  std::string read_rest() {
    while (read_more()) {
    }
    return std::exchange(buffer_, {});
  }

  // What is on its standard error so far.
  std::string errors() const {
    struct stat status {};
    ::fstat(errors_.get(), &status);
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    const auto size = ::pread(errors_.get(), text.data(), text.size(), 0);
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
  }

  pid_t pid() const { return pid_; }

  void signal(int number) const { ::kill(pid_, number); }

  // Its exit code, or 1000 and the signal that ended it.
  int wait() {
    if (status_ != kRunning) return status_;
    int status = 0;
    rusage usage{};
    if (!eventually([&] { return ::wait4(pid_, &status, WNOHANG, &usage) == pid_; })) {
      ADD_FAILURE() << "it does not end";
      signal(SIGKILL);
      ::wait4(pid_, &status, 0, &usage);
    }
    peak_kib_ = usage.ru_maxrss;
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
    return status_;
  }

  // The most memory it ever had resident; known once it has ended.
  long peak_kib() const { return peak_kib_; }

  bool has_ended() const {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == pid_;
  }

  // Each of its threads waits in the kernel.
  bool sleeps() const {
    const std::filesystem::path threads("/proc/" + std::to_string(pid_) + "/task");
    for (const auto& thread : std::filesystem::directory_iterator(threads)) {
      std::ifstream file(thread.path() / "stat");
      std::string stat;
      std::getline(file, stat);
      const std::size_t name_end = stat.rfind(')');
      if (name_end != stat.npos && stat.substr(name_end, 3) != ") S") return false;
    }
    return true;
  }

  // User and system time of all its threads so far.
  std::chrono::milliseconds cpu_time() const {
    std::ifstream file("/proc/" + std::to_string(pid_) + "/stat");
    std::string stat;
    std::getline(file, stat);
    std::array<long, 13> fields{};  // after the name and state; user and system ticks are the last
    std::istringstream rest(stat.substr(stat.rfind(')') + 3));
    for (long& field : fields) rest >> field;
    return std::chrono::milliseconds((fields[10] + fields[11]) * 1000 / ::sysconf(_SC_CLK_TCK));
  }

 private:
  static constexpr int kRunning = -1;

  // In the child, between fork and exec, where only system calls are safe.
  [[noreturn]] void become(char** arguments, int output, const Austerity& austerity) const {
    ::dup2(output, STDOUT_FILENO);
    ::dup2(errors_.get(), STDERR_FILENO);
    if (austerity.descriptors != 0) {
      const rlimit limit{austerity.descriptors, austerity.descriptors};
      ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (austerity.without_ipv6) forbid_ipv6();
    ::execv(arguments[0], arguments);
    ::_exit(127);
  }

  // socket(AF_INET6, ...) fails as in a kernel that was built without it.
  static void forbid_ipv6() {
    constexpr unsigned kNumber = offsetof(seccomp_data, nr);
    constexpr unsigned kFamily = offsetof(seccomp_data, args);
    sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNumber),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kFamily),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{6, filter};
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
  }

  bool read_more() {
    pollfd ready{output_.get(), POLLIN, 0};
    std::array<char, 4096> bytes{};
    if (::poll(&ready, 1, std::chrono::milliseconds(kPatience).count()) != 1) return false;
    const auto count = ::read(output_.get(), bytes.data(), bytes.size());
    if (count <= 0) return false;
    buffer_.append(bytes.data(), static_cast<std::size_t>(count));
    return true;
  }

  pid_t pid_ = -1;
  int status_ = kRunning;
  long peak_kib_ = 0;
  Descriptor output_;
  Descriptor errors_;
  std::string buffer_;
};

}  // namespace collet::integration

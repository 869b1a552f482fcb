// SPDX-License-Identifier: MIT
// instruments.cc: a shared page, and a program that traces.
#include "bench/measure/instruments.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include <absl/strings/str_cat.h>

#include "bench/measure/proc_sample.h"

namespace collet::bench {
namespace {

constexpr auto kAttachLimit = std::chrono::seconds(5);
constexpr auto kLook = std::chrono::milliseconds(2);
constexpr std::size_t kCounters = 2;  // processes, allocations

// How this process's descriptor is called by another one of the same user.
std::string path_of(const Descriptor& file) {
  return absl::StrCat("/proc/", getpid(), "/fd/", file.get());
}

std::string read_all(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

bool is_traced(pid_t pid) {
  std::error_code error;
  const std::string tasks = absl::StrCat("/proc/", pid, "/task");
  bool any = false;
  for (std::filesystem::directory_iterator task(tasks, error), end; !error && task != end;
       task.increment(error)) {
    const auto tracer = parse_status_field(read_all(task->path() / "status"), "TracerPid");
    if (!tracer || *tracer == 0) return false;
    any = true;
  }
  return any;
}

}  // namespace

absl::StatusOr<AllocationCounter> AllocationCounter::make(const std::string& library) {
  if (library.empty()) {
    return absl::UnavailableError("libcollet-count-allocations.so has not been built");
  }
  Descriptor file(memfd_create("allocations", MFD_CLOEXEC));
  constexpr std::size_t kBytes = kCounters * sizeof(std::uint64_t);
  if (file.get() < 0 || ftruncate(file.get(), kBytes) != 0) {
    return absl::ErrnoToStatus(errno, "no memory to count allocations in");
  }
  void* memory = mmap(nullptr, kBytes, PROT_READ, MAP_SHARED, file.get(), 0);
  if (memory == MAP_FAILED) return absl::ErrnoToStatus(errno, "no memory to count allocations in");
  return AllocationCounter(library, std::move(file), static_cast<const std::uint64_t*>(memory));
}

AllocationCounter::~AllocationCounter() {
  if (counters_ == nullptr) return;
  munmap(const_cast<std::uint64_t*>(counters_), kCounters * sizeof(std::uint64_t));
}

std::vector<std::string> AllocationCounter::wrap(std::vector<std::string> command) const {
  std::vector<std::string> wrapped = {"/usr/bin/env", "LD_PRELOAD=" + library_,
                                      "COLLET_ALLOCATIONS=" + path_of(file_)};
  wrapped.insert(wrapped.end(), command.begin(), command.end());
  return wrapped;
}

bool AllocationCounter::is_loaded() const noexcept {
  return *static_cast<const volatile std::uint64_t*>(counters_) != 0;
}

std::int64_t AllocationCounter::count() const noexcept {
  return static_cast<std::int64_t>(*static_cast<const volatile std::uint64_t*>(counters_ + 1));
}

absl::StatusOr<SyscallCounter> SyscallCounter::attach(const std::vector<pid_t>& pids,
                                                      const std::vector<int>& cpus) {
  Descriptor file(memfd_create("syscalls", MFD_CLOEXEC));
  if (file.get() < 0) return absl::ErrnoToStatus(errno, "no memory to count system calls in");
  std::vector<std::string> command = {"/usr/bin/env", "strace",     "-f", "-q",         "-c",
                                      "-U",           "calls,name", "-o", path_of(file)};
  for (const pid_t pid : pids) command.insert(command.end(), {"-p", absl::StrCat(pid)});
  auto strace = ChildProcess::spawn(command, cpus, ChildProcess::Output::kept);
  if (!strace.ok()) return strace.status();
  const Deadline deadline = std::chrono::steady_clock::now() + kAttachLimit;
  for (const pid_t pid : pids) {
    while (!is_traced(pid)) {
      if (strace->rest(std::chrono::steady_clock::now() + kLook, -1) == Wait::timed_out &&
          std::chrono::steady_clock::now() < deadline) {
        continue;
      }
      const std::string words = strace->last_words();
      return absl::UnavailableError(
          absl::StrCat("strace cannot attach", words.empty() ? "" : ": ", words));
    }
  }
  return SyscallCounter(*std::move(strace), std::move(file));
}

absl::StatusOr<std::map<std::string, std::int64_t>> SyscallCounter::finish() {
  const auto status = strace_.end(SIGINT, std::chrono::steady_clock::now() + kAttachLimit);
  if (!status) return absl::UnavailableError("strace did not let go of the server");
  return parse_syscalls(read_all(absl::StrCat("/proc/self/fd/", file_.get())));
}

std::map<std::string, std::int64_t> parse_syscalls(const std::string& text) {
  std::map<std::string, std::int64_t> calls;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::int64_t count = 0;
    std::string name;
    if (words >> count >> name && name != "total") calls[name] += count;
  }
  return calls;
}

}  // namespace collet::bench

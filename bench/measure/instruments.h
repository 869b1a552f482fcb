// SPDX-License-Identifier: MIT
// instruments.h: what counts a server's allocations and system calls. Either costs the server time,
// so that runs with one are runs of their own, whose times say nothing.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

#include "bench/measure/process.h"

namespace collet::bench {

// A library that is preloaded into the server and all its children. Programs that are linked
// statically, or bring an allocator of their own, cannot be counted so.
class AllocationCounter {
 public:
  // `library`: the path of libcollet-count-allocations.so.
  static absl::StatusOr<AllocationCounter> make(const std::string& library);

  AllocationCounter(AllocationCounter&& other) noexcept
      : library_(std::move(other.library_)),
        file_(std::move(other.file_)),
        counters_(std::exchange(other.counters_, nullptr)) {}
  AllocationCounter& operator=(AllocationCounter&&) = delete;
  ~AllocationCounter();

  // The command that runs `command` so that it is counted.
  std::vector<std::string> wrap(std::vector<std::string> command) const;

  bool is_loaded() const noexcept;      // some process counts
  std::int64_t count() const noexcept;  // so far

 private:
  AllocationCounter(std::string library, Descriptor file, const std::uint64_t* counters)
      : library_(std::move(library)), file_(std::move(file)), counters_(counters) {}

  std::string library_;
  Descriptor file_;
  const std::uint64_t* counters_;
};

// strace(1), attached to processes that run already.
class SyscallCounter {
 public:
  // Returns when it counts; the error says why it cannot.
  static absl::StatusOr<SyscallCounter> attach(const std::vector<pid_t>& pids,
                                               const std::vector<int>& cpus);

  // Lets go of the processes, and says how often each call was made.
  absl::StatusOr<std::map<std::string, std::int64_t>> finish();

 private:
  SyscallCounter(ChildProcess strace, Descriptor file)
      : strace_(std::move(strace)), file_(std::move(file)) {}

  ChildProcess strace_;
  Descriptor file_;
};

// Of what `strace -c -U calls,name` writes.
std::map<std::string, std::int64_t> parse_syscalls(const std::string& text);

}  // namespace collet::bench

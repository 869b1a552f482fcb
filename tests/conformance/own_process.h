// SPDX-License-Identifier: MIT
// own_process.h: what this process holds and uses, as the kernel sees it.
#pragma once

#include <dirent.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <thread>

namespace collet::conformance {

// `.`, `..` and, of a folder of descriptors, its own included, each time.
inline std::size_t count_entries(const char* folder) {
  DIR* directory = ::opendir(folder);
  std::size_t entries = 0;
  while (::readdir(directory) != nullptr) ++entries;
  ::closedir(directory);
  return entries;
}

inline std::size_t count_open_descriptors() { return count_entries("/proc/self/fd"); }
inline std::size_t count_threads() { return count_entries("/proc/self/task") - 2; }

// Without those that the kernel works with for io_uring, which come and go as it likes.
inline std::size_t count_program_threads() {
  std::size_t threads = 0;
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", error)) {
    std::ifstream file(task.path() / "comm");
    std::string name;
    if (std::getline(file, name) && !name.starts_with("iou-")) ++threads;
  }
  return threads;
}

// As soon as there are no more than `expected`, or as many as there are a second later: one that
// has been joined is listed for a moment yet.
inline std::size_t count_program_threads_left(std::size_t expected) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  std::size_t threads = count_program_threads();
  while (threads > expected && std::chrono::steady_clock::now() < limit) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    threads = count_program_threads();
  }
  return threads;
}

// Of all threads, whoever started them.
inline std::chrono::nanoseconds process_cpu_time() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

inline long own_thread_id() { return ::syscall(SYS_gettid); }

// What all other threads have used, and waited for: what they would have used on an idle machine.
// Nothing where the kernel keeps no such account.
inline std::chrono::nanoseconds cpu_demand_of_others() {
  std::chrono::nanoseconds demand{};
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", error)) {
    if (task.path().filename() == std::to_string(own_thread_id())) continue;
    std::ifstream file(task.path() / "schedstat");
    std::int64_t used = 0;
    std::int64_t waited = 0;
    if (file >> used >> waited) demand += std::chrono::nanoseconds(used + waited);
  }
  return demand;
}

// How often threads of this process went to sleep by themselves, those that are gone included.
inline long count_sleeps() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return used.ru_nvcsw;
}

// In some tenths of a second of waiting; whoever looks each millisecond sleeps hundreds of times.
constexpr long kMostSleeps = 50;

// How often other threads went to sleep by themselves.
inline std::uint64_t sleeps_of_others() {
  std::uint64_t sleeps = 0;
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", error)) {
    if (task.path().filename() == std::to_string(own_thread_id())) continue;
    std::ifstream file(task.path() / "status");
    for (std::string word; file >> word;) {
      std::uint64_t count = 0;
      if (word == "voluntary_ctxt_switches:" && file >> count) sleeps += count;
    }
  }
  return sleeps;
}

// Returns as soon as that thread sleeps in the kernel, or when it has not for ten seconds.
inline void wait_until_asleep(long thread_id) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < limit) {
    std::ifstream file("/proc/self/task/" + std::to_string(thread_id) + "/stat");
    std::string stat;
    std::getline(file, stat);
    const auto name_end = stat.rfind(") ");
    if (name_end != stat.npos && stat[name_end + 2] == 'S') return;
    std::this_thread::yield();
  }
}

}  // namespace collet::conformance

// SPDX-License-Identifier: MIT
// watcher.h: how long connections live and wait, seen from the server.
//
// Each loop writes to a shard of its own: no lock and no allocation for an event. Once an interval
// the owner takes every shard (on its loop's thread) and merges them into one row.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <collet/histogram.h>

namespace collet {

// What one loop saw in one interval. About 80 KB; only `record` functions are on the hot path.
struct WatcherShard {
  Histogram lifetime;    // open to close
  Histogram first_byte;  // open to the first byte sent
  std::uint64_t opened = 0;
  std::uint64_t finished = 0;
  std::uint64_t requests = 0;  // as handlers count them: Output::count_requests()
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t open = 0;  // connections open now: a level, kept across intervals

  void merge(const WatcherShard& other) noexcept;

  // Begins a new interval: everything but `open` is zero again.
  void begin_interval() noexcept;
};

// One line of the Watcher: the first five columns are those of the systems this follows. In a file
// a time that no connection has is left empty, the times are in ms, memory and traffic in bytes,
// and `time`, when the interval ended, is in seconds since 1970.
struct WatcherRow {
  std::uint64_t total = 0;     // open at some moment of the interval
  std::uint64_t finished = 0;  // closed in it
  double average_ms = 0;       // open to close, of those finished
  double min_ms = 0;
  double max_ms = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  double p999_ms = 0;
  double first_byte_p50_ms = 0;
  double first_byte_p99_ms = 0;
  std::uint64_t requests = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t first_bytes = 0;  // connections that had theirs in the interval
  std::uint64_t rss_bytes = 0;
  std::chrono::system_clock::time_point at{};

  static WatcherRow of(const WatcherShard& merged, std::uint64_t rss_bytes) noexcept;

  static std::string csv_header();
  std::string csv() const;
};

// Resident memory of this process, from /proc/self/statm; 0 if it cannot be read.
std::uint64_t resident_bytes() noexcept;

}  // namespace collet

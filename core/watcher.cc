// SPDX-License-Identifier: MIT
// watcher.cc: merging the loops' shards into a row, and a row as text.
#include <unistd.h>

#include <cinttypes>
#include <cstdio>

#include <absl/strings/str_format.h>
#include <collet/watcher.h>

namespace collet {
namespace {

double milliseconds(std::chrono::nanoseconds duration) noexcept {
  return static_cast<double>(duration.count()) / 1e6;
}

}  // namespace

void WatcherShard::merge(const WatcherShard& other) noexcept {
  lifetime.merge(other.lifetime);
  first_byte.merge(other.first_byte);
  opened += other.opened;
  finished += other.finished;
  requests += other.requests;
  bytes_in += other.bytes_in;
  bytes_out += other.bytes_out;
  open += other.open;
}

void WatcherShard::begin_interval() noexcept {
  lifetime.clear();
  first_byte.clear();
  opened = 0;
  finished = 0;
  requests = 0;
  bytes_in = 0;
  bytes_out = 0;
}

WatcherRow WatcherRow::of(const WatcherShard& merged, std::uint64_t rss_bytes) noexcept {
  const Histogram& lifetime = merged.lifetime;
  WatcherRow row;
  row.total = merged.open + merged.finished;
  row.finished = merged.finished;
  row.average_ms = milliseconds(lifetime.mean());
  row.min_ms = milliseconds(lifetime.min());
  row.max_ms = milliseconds(lifetime.max());
  row.p50_ms = milliseconds(lifetime.percentile(50));
  row.p99_ms = milliseconds(lifetime.percentile(99));
  row.p999_ms = milliseconds(lifetime.percentile(99.9));
  row.first_byte_p50_ms = milliseconds(merged.first_byte.percentile(50));
  row.first_byte_p99_ms = milliseconds(merged.first_byte.percentile(99));
  row.first_bytes = merged.first_byte.count();
  row.requests = merged.requests;
  row.bytes_in = merged.bytes_in;
  row.bytes_out = merged.bytes_out;
  row.rss_bytes = rss_bytes;
  row.at = std::chrono::system_clock::now();
  return row;
}

std::string WatcherRow::csv_header() {
  return "total,finished,average,min,max,p50,p99,p999,first_byte_p50,first_byte_p99,"
         "requests,bytes_in,bytes_out,rss,time";
}

std::string WatcherRow::csv() const {
  std::string text = absl::StrFormat("%d,%d", total, finished);
  for (const double ms : {average_ms, min_ms, max_ms, p50_ms, p99_ms, p999_ms}) {
    text += finished == 0 ? std::string(",") : absl::StrFormat(",%.3f", ms);
  }
  for (const double ms : {first_byte_p50_ms, first_byte_p99_ms}) {
    text += first_bytes == 0 ? std::string(",") : absl::StrFormat(",%.3f", ms);
  }
  return text + absl::StrFormat(",%d,%d,%d,%d,%.3f", requests, bytes_in, bytes_out, rss_bytes,
                                std::chrono::duration<double>(at.time_since_epoch()).count());
}

std::uint64_t resident_bytes() noexcept {
  std::FILE* statm = std::fopen("/proc/self/statm", "re");
  if (statm == nullptr) return 0;
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  const int fields = std::fscanf(statm, "%" SCNu64 " %" SCNu64, &size, &resident);
  std::fclose(statm);
  if (fields != 2) return 0;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace collet

// SPDX-License-Identifier: MIT
// watcher_output.cc: a row as text for people and as a line of a file.
#include <fcntl.h>

#include <cerrno>
#include <cstring>

#include <absl/strings/str_format.h>

#include "apps/server/log.h"
#include "apps/server/watcher_output.h"

namespace collet::apps {
namespace {

constexpr int kRowsUnderOneHeader = 20;

constexpr char kHeader[] =
    "  total finished |   avg    min    max    p50    p99   p999 ms | first p50    p99 ms |"
    " requests   in KB  out KB | RSS MB\n";

// Six characters, whatever the magnitude.
std::string time_text(double ms) {
  if (ms == 0) return "     -";
  const int decimals = ms < 10 ? 3 : ms < 100 ? 2 : ms < 1000 ? 1 : 0;
  return absl::StrFormat("%6.*f", decimals, ms);
}

std::string shown(const WatcherRow& row) {
  std::string text = absl::StrFormat("%7d %8d |", row.total, row.finished);
  for (const double ms :
       {row.average_ms, row.min_ms, row.max_ms, row.p50_ms, row.p99_ms, row.p999_ms}) {
    text += time_text(ms) + " ";
  }
  text += absl::StrFormat("   |    %s %s    |", time_text(row.first_byte_p50_ms),
                          time_text(row.first_byte_p99_ms));
  return text + absl::StrFormat("%9d %7d %7d | %6.1f\n", row.requests, row.bytes_in / 1024,
                                row.bytes_out / 1024,
                                static_cast<double>(row.rss_bytes) / (1024.0 * 1024.0));
}

}  // namespace

WatcherOutput::~WatcherOutput() {
  if (!unused_path_.empty()) std::remove(unused_path_.c_str());
}

absl::Status WatcherOutput::open_csv(const std::string& path) {
  // Non-blocking, for a FIFO that nobody reads would be waited for.
  constexpr int kHow = O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK;
  int fd = ::open(path.c_str(), kHow | O_CREAT | O_EXCL, 0666);
  if (fd >= 0) {
    unused_path_ = path;
  } else {
    fd = ::open(path.c_str(), kHow);
  }
  csv_.reset(fd >= 0 ? ::fdopen(fd, "a") : nullptr);
  if (csv_ == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--watcher-csv: \"%s\" cannot be written: %s; name a file you may write to",
                        path, std::strerror(errno)));
  }
  std::fseek(csv_.get(), 0, SEEK_END);
  return absl::OkStatus();
}

void WatcherOutput::add(const WatcherRow& row) {
  if (on_terminal_) {
    if (rows_++ % kRowsUnderOneHeader == 0) std::fputs(kHeader, stderr);
    std::fputs(shown(row).c_str(), stderr);
  }
  if (csv_ == nullptr) return;
  unused_path_.clear();
  if (std::ftell(csv_.get()) == 0) absl::FPrintF(csv_.get(), "%s\n", WatcherRow::csv_header());
  absl::FPrintF(csv_.get(), "%s\n", row.csv());
  if (std::fflush(csv_.get()) == 0) return;
  log_error(absl::StrFormat("the Watcher's file cannot be written any more: %s; going on without",
                            std::strerror(errno)));
  csv_.reset();
}

}  // namespace collet::apps

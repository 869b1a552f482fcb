// SPDX-License-Identifier: MIT
// watcher_output.h: where the Watcher's rows go: a terminal, a file, both or neither.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include <absl/status/status.h>
#include <collet/watcher.h>

namespace collet::apps {

class WatcherOutput {
 public:
  // `on_terminal`: show rows on stderr.
  explicit WatcherOutput(bool on_terminal) : on_terminal_(on_terminal) {}
  ~WatcherOutput();  // a file made here that no row came to is removed
  WatcherOutput(const WatcherOutput&) = delete;
  WatcherOutput& operator=(const WatcherOutput&) = delete;

  // Appends rows to `path` too, after a header if it is new or empty.
  absl::Status open_csv(const std::string& path);

  void add(const WatcherRow& row);

 private:
  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };

  bool on_terminal_;
  int rows_ = 0;  // shown, since the start
  std::unique_ptr<std::FILE, Close> csv_;
  std::string unused_path_;  // of a file made here, as long as it is empty
};

}  // namespace collet::apps

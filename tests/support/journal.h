// SPDX-License-Identifier: MIT
// journal.h: handlers made of functions, and what became of their connections.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <ostream>
#include <span>
#include <utility>
#include <vector>

#include <collet/handler.h>

#include "tests/support/patience.h"

namespace collet::integration {

using Bytes = std::span<const std::byte>;

struct Ended {
  CloseReason reason;
  int error = 0;

  friend bool operator==(const Ended&, const Ended&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Ended& ended) {
    return out << to_string(ended.reason) << " (" << ended.error << ")";
  }
};

// How the connections of a server ended. Any thread.
class Journal {
 public:
  void note(Ended ended) {
    const std::lock_guard lock(mutex_);
    ended_.push_back(ended);
    changed_.notify_all();
  }
  std::vector<Ended> ended() const {
    const std::lock_guard lock(mutex_);
    return ended_;
  }
  // All that have ended, as soon as they are `count`.
  std::vector<Ended> wait_for(std::size_t count) const {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kPatience, [&] { return ended_.size() >= count; });
    return ended_;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<Ended> ended_;
};

// What a handler does; by default it echoes.
struct Behaviour {
  std::function<void(Output&)> on_open = [](Output&) {};
  std::function<void(Bytes, Output&)> on_data = [](Bytes bytes, Output& out) { out.write(bytes); };
  std::function<void(Output&)> on_end = [](Output& out) { out.finish(); };
};

class ScriptedHandler final : public Handler {
 public:
  ScriptedHandler(Behaviour behaviour, Journal& journal)
      : behaviour_(std::move(behaviour)), journal_(journal) {}

  void on_open(Output& out) override { behaviour_.on_open(out); }
  void on_data(Bytes bytes, Output& out) override { behaviour_.on_data(bytes, out); }
  void on_end(Output& out) override { behaviour_.on_end(out); }
  void on_close(CloseReason reason, int error) noexcept override { journal_.note({reason, error}); }

 private:
  Behaviour behaviour_;
  Journal& journal_;
};

}  // namespace collet::integration

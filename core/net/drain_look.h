// SPDX-License-Identifier: MIT
// drain_look.h: looks again and again whether what drains has fallen silent.
//
// What had reached a socket before a complete pass began has been reported by its end; so whoever
// is silent through one has nothing left that must be taken.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

#include <collet/event_loop.h>

namespace collet {

class DrainLook {
 public:
  explicit DrainLook(EventLoop& loop) : loop_(loop) {}

  // From now on calls `look` about every millisecond if a complete pass has ended meanwhile, until
  // it returns false.
  void begin(std::function<bool()> look) {
    look_ = std::move(look);
    passes_ = loop_.complete_passes();
    come_back();
  }

 private:
  void come_back() {
    loop_.call_after(std::chrono::milliseconds(1), [this] {
      if (std::exchange(passes_, loop_.complete_passes()) == passes_ || look_()) come_back();
    });
  }

  EventLoop& loop_;
  std::function<bool()> look_;
  std::uint64_t passes_ = 0;  // EventLoop::complete_passes() at the last look
};

}  // namespace collet

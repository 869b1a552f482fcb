// SPDX-License-Identifier: MIT
// trace_ring.h: the last calls of one instance. Recording takes no lock and no memory, so any
// thread may, and whoever reads, a signal handler too, sees each entry whole or not at all.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include <collet/decorator.h>

namespace collet {

// How an entry is written: `wait timeout=-1 room=256 = 3`.
struct TracedCall {
  const char* name;
  const char* arguments[3];  // null: it has no more
};

class TraceRing {
 public:
  // One for an instance; `part` says of what: poller, proactor or pool. Rings are never freed,
  // since a signal may come at any time, but used again.
  static TraceRing& borrow(const Wrapping& how, const char* part);
  void give_back() noexcept { in_use_.store(false, std::memory_order_release); }

  // A thread that has come here, or has recorded, can tell of it even if it recurses without end.
  static void prepare_this_thread() noexcept;
  void record(const TracedCall& call, std::int64_t a, std::int64_t b, std::int64_t c,
              std::int64_t result) noexcept;

  // All rings, one after the other.
  static void write_all(int fd) noexcept;

 private:
  // `number` is 0 while the rest is being written, else that of the call, from 1.
  struct Entry {
    std::atomic<std::uint64_t> number{0};
    std::atomic<std::int64_t> time{0};
    std::atomic<const TracedCall*> call{nullptr};
    std::atomic<std::int64_t> arguments[3]{};
    std::atomic<std::int64_t> result{0};
  };

  explicit TraceRing(std::size_t size) : size_(size), entries_(new Entry[size]) {}
  void begin(const Wrapping& how, const char* part) noexcept;
  void write(int fd) const noexcept;
  void write_entry(int fd, const Entry& entry) const noexcept;

  static std::atomic<TraceRing*> first;

  const std::size_t size_;
  const std::unique_ptr<Entry[]> entries_;
  TraceRing* next_ = nullptr;
  std::atomic<bool> in_use_{true};
  std::atomic<std::uint64_t> calls_{0};
  bool prints_ = false;
  char name_[64] = {};
};

}  // namespace collet

// SPDX-License-Identifier: MIT
// lent_buffers.h: the buffers that the kernel receives into, and that are lent to whoever handles
// the bytes.
//
// The kernel takes them from a ring shared with it (provided buffers). Few are in that ring, and
// more only when they did not suffice: what is used again soon is still in the cache, and a server
// with many idle connections has touched little memory.
#pragma once

#include <liburing.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include <collet/lease.h>

#include "backends/io_uring/uring_wake.h"

namespace collet {

// One for each proactor, and alive until the last lease has come home even if the proactor is not:
// hence made by make() and left by leave(). Every call but give_back() is the loop's.
class LentBuffers final : public Lender {
 public:
  using Id = std::uint16_t;

  static constexpr std::uint16_t kGroup = 0;  // what requests call them
  static constexpr std::size_t kMost = 1 << 15;

  // At most `limit` buffers of `size` bytes, registered with `ring`. `owner` is woken when one
  // comes home after the kernel had none. Null with an errno in `error` if that cannot be.
  static LentBuffers* make(io_uring& ring, std::size_t size, std::size_t limit, UringWake& owner,
                           int& error) noexcept;

  std::size_t size() const noexcept { return size_; }

  // After it the kernel must not receive any more.
  void leave() noexcept;

  // The kernel has taken one for what it received.
  void on_taken() noexcept { --published_; }

  // The one that the kernel was given next, and takes next: until that has been taken.
  Id after(Id id) const noexcept { return after_[id]; }

  // Lends the first `length` bytes of a buffer that was taken.
  Lease lend(Id id, std::size_t length) noexcept {
    ++lent_;
    return Lease({address(id), length}, this, id);
  }

  // A buffer that was lent, but that nobody kept.
  void take_back(Id id) noexcept {
    --lent_;
    put_back(id);
  }

  // A buffer that was taken and not lent.
  void put_back(Id id) noexcept;

  // The kernel found no buffer: there will be more, as far as the limit allows.
  void on_shortage() noexcept;

  // Fetches what has come home, so that the kernel has as many as it should have; shows them to it.
  void replenish() noexcept;

  // How many the kernel has. If none, the owner will be woken when one comes home.
  std::size_t available() noexcept;

  void give_back(std::uint64_t loan) noexcept override;

 private:
  static constexpr std::size_t kFirst = 64;  // that the kernel has to begin with
  static constexpr std::int64_t kAlive = std::int64_t{1} << 40;

  LentBuffers(std::size_t size, std::size_t limit, UringWake& owner) noexcept;
  ~LentBuffers();

  std::byte* address(Id id) noexcept { return memory_ + std::size_t{id} * size_; }
  void publish(Id id) noexcept;
  void fetch_home() noexcept;
  void let_go(std::int64_t references) noexcept;

  const std::size_t size_;
  const std::size_t limit_;
  std::size_t target_;           // how many the kernel should have
  std::size_t published_ = 0;    // that it has, as far as we know
  std::size_t made_ = 0;         // used at least once
  std::size_t lent_ = 0;         // those in home_ included
  unsigned unseen_ = 0;          // in the ring, but not shown yet
  std::vector<Id> spare_;        // the last one back is the next one used
  std::vector<Id> after_;        // by what was published before
  Id newest_ = 0;                // that was published
  std::byte* memory_ = nullptr;  // of all of them
  io_uring_buf_ring* ring_ = nullptr;
  unsigned ring_entries_ = 0;

  // Given back and not yet fetched: a list through the buffers themselves.
  std::atomic<std::byte*> home_{nullptr};
  // While the proactor is there far above zero, less what has been given back and not been fetched;
  // then what is still out. Who reaches zero deletes.
  std::atomic<std::int64_t> references_{kAlive};
  std::atomic<bool> wanted_{false};
  std::mutex owner_mutex_;
  UringWake* owner_;
};

}  // namespace collet

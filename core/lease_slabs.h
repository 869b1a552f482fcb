// SPDX-License-Identifier: MIT
// lease_slabs.h: receive memory for readiness backends, lent in pieces cut from slabs.
//
// A receive gets the rest of the current slab, and the lease is cut to what arrived; the next
// receive goes on behind it. So many small leases held at once share a few dense pages, and a lease
// that comes home before the next receive (a handler run inline) leaves the same hot bytes to be
// used again.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include <collet/lease.h>

namespace collet {

class LeaseSlabs {
 public:
  // `on_return` is called, on any thread, when a slab comes home after room() had to refuse; never
  // once this has been destroyed.
  LeaseSlabs(std::size_t slab_bytes, std::size_t least_room, std::size_t most_slabs,
             std::function<void()> on_return);
  ~LeaseSlabs();  // slabs still lent out live on until their leases come home

  // Whether there are `least_room` bytes to receive into: false if every slab is out.
  bool has_room() { return static_cast<std::size_t>(end_ - next_) >= least_room_ || make_room(); }
  // All that there are.
  std::span<std::byte> room() noexcept { return {next_, end_}; }

  // The first `size` bytes of what room() returned last, for somebody to take: see settle().
  Lease offer(std::size_t size) noexcept { return {{next_, size}, current_, 0}; }

  // To be called when a lease of `size` bytes has been offered: only one that was taken counts, and
  // it may be home again by now. Of the others the same hot bytes are used again.
  void settle(Lease& offered, std::size_t size) noexcept {
    if (!offered.take_back()) count_taken(size);
  }

 private:
  struct Home;

  // Counts what is lent in a plain number of the loop's, and what comes home in an atomic one; a
  // slab that is no longer current adds up the two, and is home when the sum is zero.
  class SharedSlab final : public Lender {
   public:
    SharedSlab(std::size_t size, std::shared_ptr<Home> home);

    std::byte* bytes() noexcept { return bytes_.get(); }
    void lend() noexcept { ++lent_; }

    // Acquire pairs with the release in give_back(): whoever used the bytes is done with them.
    bool all_home() noexcept {
      return lent_ == 0 || lent_ + balance_.load(std::memory_order_acquire) == 0;
    }

    void become_current() noexcept {
      lent_ = 0;
      balance_.store(0, std::memory_order_relaxed);
    }
    void retire() noexcept {
      if (balance_.fetch_add(lent_, std::memory_order_acq_rel) + lent_ == 0) go_home();
    }
    void give_back(std::uint64_t) noexcept override {
      if (balance_.fetch_sub(1, std::memory_order_acq_rel) == 1) go_home();
    }

   private:
    void go_home() noexcept;

    std::unique_ptr<std::byte[]> bytes_;
    std::shared_ptr<Home> home_;
    std::int64_t lent_ = 0;
    std::atomic<std::int64_t> balance_{0};
  };

  [[gnu::noinline]] void count_taken(std::size_t size) noexcept;
  [[gnu::cold, gnu::noinline]] bool make_room();
  bool next_slab();
  void use_from_start() noexcept;

  std::size_t slab_bytes_;  // a multiple of the cache line
  std::size_t least_room_;
  std::size_t most_slabs_;
  std::size_t made_ = 0;
  SharedSlab* current_ = nullptr;
  std::byte* next_ = nullptr;  // what is left of the current slab
  std::byte* end_ = nullptr;
  std::shared_ptr<Home> home_;
};

}  // namespace collet

// SPDX-License-Identifier: MIT
// read_buffers.h: the buffers that Asio reads into, lent to whoever handles the bytes.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>
#include <span>
#include <utility>

#include <collet/lease.h>
#include <collet/proactor.h>

namespace collet {

// One for each proactor, and alive until the last lease has come home even if the proactor is not:
// hence made by make() and left by leave(). Every call but give_back() is the loop's.
class ReadBuffers final : public Lender {
 public:
  struct Buffer {
    Buffer* next = nullptr;
    std::byte* bytes() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
  };

  // Buffers of `size` bytes, of which at most `limit` are on loan. `owner` is woken when one comes
  // home after may_lend() has said no.
  static ReadBuffers* make(std::size_t size, std::size_t limit, Proactor& owner) {
    return new ReadBuffers(size, limit, owner);
  }
  void leave() noexcept {
    {
      const std::lock_guard lock(owner_mutex_);
      owner_ = nullptr;
    }
    drop_reference();
  }

  std::size_t size() const noexcept { return size_; }

  // Without memory the process ends, as with all that a loop allocates.
  Buffer* take() noexcept {
    fetch_home();
    if (spare_ == nullptr) return ::new (::operator new(sizeof(Buffer) + size_)) Buffer;
    --spares_;
    return std::exchange(spare_, spare_->next);
  }

  void put_back(Buffer* buffer) noexcept {
    if (spares_ * size_ >= kSpareBytes) {
      ::operator delete(buffer);
      return;
    }
    buffer->next = std::exchange(spare_, buffer);
    ++spares_;
  }

  bool may_lend() noexcept {
    if (lent_ < limit_) return true;
    fetch_home();
    if (lent_ < limit_) return true;
    wanted_.store(true);  // before looking again: give_back() does the two in the other order
    fetch_home();
    return lent_ < limit_;
  }

  Lease lend(Buffer* buffer, std::size_t length) noexcept {
    ++lent_;
    references_.fetch_add(1, std::memory_order_relaxed);
    return Lease({buffer->bytes(), length}, this, reinterpret_cast<std::uintptr_t>(buffer));
  }

  // Ends a loan of which nobody took the lease: the buffer is its reader's again.
  void take_back() noexcept {
    --lent_;
    references_.fetch_sub(1, std::memory_order_relaxed);  // not the last one: the owner has it
  }

  void give_back(std::uint64_t loan) noexcept override {
    auto* buffer = reinterpret_cast<Buffer*>(static_cast<std::uintptr_t>(loan));
    Buffer* first = home_.load(std::memory_order_relaxed);
    do {
      buffer->next = first;
    } while (!home_.compare_exchange_weak(first, buffer));
    if (wanted_.load() && wanted_.exchange(false)) {
      const std::lock_guard lock(owner_mutex_);
      if (owner_ != nullptr) owner_->wake();
    }
    drop_reference();
  }

 private:
  // Kept for reuse after a burst; beyond that memory goes back to the system.
  static constexpr std::size_t kSpareBytes = 16 * 1024 * 1024;

  ReadBuffers(std::size_t size, std::size_t limit, Proactor& owner) noexcept
      : size_(size), limit_(limit), owner_(&owner) {}
  ~ReadBuffers() {
    for (Buffer* list : {spare_, home_.load()}) {
      while (list != nullptr) ::operator delete(std::exchange(list, list->next));
    }
  }

  // Takes all that has come home; the last one becomes the next to be used, for it is warm.
  void fetch_home() noexcept {
    if (home_.load(std::memory_order_relaxed) == nullptr && !wanted_.load()) return;
    Buffer* reversed = nullptr;
    for (Buffer* buffer = home_.exchange(nullptr); buffer != nullptr;) {
      Buffer* next = std::exchange(buffer->next, reversed);
      reversed = std::exchange(buffer, next);
    }
    while (reversed != nullptr) {
      --lent_;
      put_back(std::exchange(reversed, reversed->next));
    }
  }

  void drop_reference() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  const std::size_t size_;
  const std::size_t limit_;
  std::size_t lent_ = 0;  // those in home_ included
  std::size_t spares_ = 0;
  Buffer* spare_ = nullptr;

  std::atomic<Buffer*> home_{nullptr};      // given back and not yet fetched
  std::atomic<std::size_t> references_{1};  // the proactor's, and one for each loan
  std::atomic<bool> wanted_{false};
  std::mutex owner_mutex_;
  Proactor* owner_;
};

}  // namespace collet

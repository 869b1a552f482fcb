// SPDX-License-Identifier: MIT
// lent_buffers.cc: between the kernel, whoever handles the bytes, and what is spare.
#include "backends/io_uring/lent_buffers.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <new>

namespace collet {
namespace {

void* map_memory(std::size_t bytes) noexcept {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

// The list of those that have come home runs through their first bytes.
std::byte* next_of(const std::byte* buffer) noexcept {
  std::byte* next = nullptr;
  std::memcpy(&next, buffer, sizeof next);
  return next;
}
void set_next(std::byte* buffer, std::byte* next) noexcept {
  std::memcpy(buffer, &next, sizeof next);
}

}  // namespace

LentBuffers::LentBuffers(std::size_t size, std::size_t limit, UringWake& owner) noexcept
    : size_(size),
      limit_(limit),
      target_(std::min(kFirst, limit)),
      ring_entries_(std::bit_ceil(static_cast<unsigned>(limit))),
      owner_(&owner) {}

LentBuffers::~LentBuffers() {
  if (memory_ != nullptr) ::munmap(memory_, size_ * limit_);
  if (ring_ != nullptr) ::munmap(ring_, ring_entries_ * sizeof(io_uring_buf));
}

LentBuffers* LentBuffers::make(io_uring& ring, std::size_t size, std::size_t limit,
                               UringWake& owner, int& error) noexcept {
  auto* buffers = new LentBuffers(size, limit, owner);
  buffers->spare_.reserve(limit);
  buffers->after_.resize(limit);
  buffers->memory_ = static_cast<std::byte*>(map_memory(size * limit));
  buffers->ring_ =
      static_cast<io_uring_buf_ring*>(map_memory(buffers->ring_entries_ * sizeof(io_uring_buf)));
  error = ENOMEM;
  if (buffers->memory_ != nullptr && buffers->ring_ != nullptr) {
    ::madvise(buffers->ring_, buffers->ring_entries_ * sizeof(io_uring_buf), MADV_DONTFORK);
    io_uring_buf_ring_init(buffers->ring_);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uint64_t>(buffers->ring_);
    registration.ring_entries = buffers->ring_entries_;
    registration.bgid = kGroup;
    error = -io_uring_register_buf_ring(&ring, &registration, 0);
  }
  if (error == 0) return buffers;
  delete buffers;
  return nullptr;
}

void LentBuffers::leave() noexcept {
  {
    const std::lock_guard lock(owner_mutex_);
    owner_ = nullptr;
  }
  let_go(kAlive - static_cast<std::int64_t>(lent_));
}

void LentBuffers::let_go(std::int64_t references) noexcept {
  if (references_.fetch_sub(references, std::memory_order_acq_rel) == references) delete this;
}

void LentBuffers::publish(Id id) noexcept {
  io_uring_buf_ring_add(ring_, address(id), static_cast<unsigned>(size_), id,
                        static_cast<int>(ring_entries_ - 1), static_cast<int>(unseen_));
  after_[newest_] = id;
  newest_ = id;
  ++unseen_;
  ++published_;
}

void LentBuffers::put_back(Id id) noexcept {
  if (published_ < target_) {
    publish(id);
  } else {
    spare_.push_back(id);
  }
}

void LentBuffers::on_shortage() noexcept { target_ = std::min(2 * target_, limit_); }

void LentBuffers::replenish() noexcept {
  fetch_home();
  while (published_ < target_) {
    if (!spare_.empty()) {
      publish(spare_.back());
      spare_.pop_back();
    } else if (made_ < limit_) {
      publish(static_cast<Id>(made_++));
    } else {
      break;
    }
  }
  if (unseen_ == 0) return;
  io_uring_buf_ring_advance(ring_, static_cast<int>(unseen_));
  unseen_ = 0;
}

std::size_t LentBuffers::available() noexcept {
  replenish();
  if (published_ != 0) return published_;
  wanted_.store(true);  // before looking again: give_back() does the two in the other order
  replenish();
  return published_;
}

void LentBuffers::fetch_home() noexcept {
  if (home_.load(std::memory_order_relaxed) == nullptr && !wanted_.load()) return;
  std::byte* buffer = home_.exchange(nullptr);
  std::int64_t count = 0;
  for (; buffer != nullptr; ++count) {
    std::byte* next = next_of(buffer);
    take_back(static_cast<Id>(static_cast<std::size_t>(buffer - memory_) / size_));
    buffer = next;
  }
  if (count != 0) references_.fetch_add(count, std::memory_order_relaxed);
}

void LentBuffers::give_back(std::uint64_t loan) noexcept {
  std::byte* buffer = address(static_cast<Id>(loan));
  std::byte* first = home_.load(std::memory_order_relaxed);
  do {
    set_next(buffer, first);
  } while (!home_.compare_exchange_weak(first, buffer));
  if (wanted_.load() && wanted_.exchange(false)) {
    const std::lock_guard lock(owner_mutex_);
    if (owner_ != nullptr) owner_->wake();
  }
  let_go(1);
}

}  // namespace collet

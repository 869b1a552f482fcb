// SPDX-License-Identifier: MIT
// operation_memory.h: where Asio's operations live.
#pragma once

#include <cstddef>
#include <new>
#include <utility>

namespace collet {

// Asio allocates every operation it begins. Its own cache keeps two blocks of a thread, and only
// while that thread is inside run(), which an event loop keeps leaving; this one keeps them all.
// Not thread-safe. Outlives the io_context.
class OperationMemory {
 public:
  OperationMemory() = default;
  OperationMemory(const OperationMemory&) = delete;
  OperationMemory& operator=(const OperationMemory&) = delete;
  ~OperationMemory() {
    while (free_ != nullptr) ::operator delete(std::exchange(free_, free_->next));
  }

  void* take(std::size_t bytes) {
    if (bytes > kBlock) return ::operator new(bytes);
    if (free_ == nullptr) return ::operator new(kBlock);
    return std::exchange(free_, free_->next);
  }

  void give_back(void* block, std::size_t bytes) noexcept {
    if (bytes > kBlock) {
      ::operator delete(block);
    } else {
      free_ = ::new (block) Block{free_};
    }
  }

 private:
  static constexpr std::size_t kBlock = 144;  // the largest in use, an accept; a read takes 128

  struct Block {
    Block* next;
  };
  Block* free_ = nullptr;
};

// What a handler names as its allocator so that its operations live there.
template <typename T>
class OperationAllocator {
 public:
  using value_type = T;

  explicit OperationAllocator(OperationMemory& memory) noexcept : memory_(&memory) {}
  template <typename U>
  OperationAllocator(const OperationAllocator<U>& other) noexcept : memory_(other.memory_) {}

  T* allocate(std::size_t count) { return static_cast<T*>(memory_->take(count * sizeof(T))); }
  void deallocate(T* pointer, std::size_t count) noexcept {
    memory_->give_back(pointer, count * sizeof(T));
  }

  friend bool operator==(OperationAllocator, OperationAllocator) = default;

 private:
  template <typename U>
  friend class OperationAllocator;

  OperationMemory* memory_;
};

}  // namespace collet

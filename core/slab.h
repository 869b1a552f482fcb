// SPDX-License-Identifier: MIT
// slab.h: objects that are used again and named by a dense index.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace collet {

// Hands out default-constructed objects and takes them back without destroying them; what an object
// keeps between uses (a generation, a buffer) is its own affair. Addresses are stable: memory comes
// in chunks that are never moved, so growing by one costs one object and not twice the table.
template <typename T>
class Slab {
 public:
  std::uint32_t acquire() {
    if (free_.empty()) grow();
    const std::uint32_t index = free_.back();
    free_.pop_back();
    return index;
  }
  void release(std::uint32_t index) noexcept { free_.push_back(index); }

  T& operator[](std::uint32_t index) noexcept { return chunks_[index / kChunk][index % kChunk]; }

  // Every index below this has an object, in use or not.
  std::uint32_t size() const noexcept { return size_; }

 private:
  static constexpr std::uint32_t kChunk = 32;

  void grow() {
    const std::uint32_t first = size_;
    if (free_.capacity() < first + kChunk) free_.reserve(2 * (first + kChunk));
    chunks_.push_back(std::make_unique<T[]>(kChunk));
    size_ += kChunk;
    for (std::uint32_t i = kChunk; i-- > 0;) free_.push_back(first + i);
  }

  std::vector<std::unique_ptr<T[]>> chunks_;
  std::uint32_t size_ = 0;
  // Has room for every index, so that release() never allocates. The last one back is the first one
  // used again: it is warm.
  std::vector<std::uint32_t> free_;
};

}  // namespace collet

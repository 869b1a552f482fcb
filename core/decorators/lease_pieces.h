// SPDX-License-Identifier: MIT
// lease_pieces.h: one lease handed on as several, which come home one by one.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

#include <collet/lease.h>

namespace collet {

// Lives until the last piece has come home; then the whole goes home too.
class LeasePieces final : public Lender {
 public:
  static LeasePieces& of(Lease whole, std::size_t pieces) {
    return *new LeasePieces(std::move(whole), pieces);
  }

  // To be called once for each piece.
  Lease piece(std::size_t begin, std::size_t size) noexcept {
    return {whole_.bytes().subspan(begin, size), this, 0};
  }

  void give_back(std::uint64_t) noexcept override {
    if (out_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  LeasePieces(Lease whole, std::size_t pieces) noexcept : whole_(std::move(whole)), out_(pieces) {}
  ~LeasePieces() = default;

  Lease whole_;
  std::atomic<std::size_t> out_;
};

}  // namespace collet

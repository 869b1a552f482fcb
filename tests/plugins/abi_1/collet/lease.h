// SPDX-License-Identifier: MIT
// lease.h: received bytes, lent by the backend that received them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace collet {

// Who lends. Implemented by backends. Any thread may give back, also after the loop has stopped;
// the lender therefore lives until the last of its leases has come home.
class Lender {
 public:
  virtual void give_back(std::uint64_t loan) noexcept = 0;

 protected:
  ~Lender() = default;
};

// Bytes on loan: readable until the lease is released or destroyed, on whatever thread that
// happens. Keep it short: a backend has a bounded number of buffers, and when all are out it stops
// receiving. Move-only; a moved-from lease is empty.
class Lease {
 public:
  Lease() noexcept = default;
  Lease(std::span<const std::byte> bytes, Lender* lender, std::uint64_t loan) noexcept
      : bytes_(bytes), lender_(lender), loan_(loan) {}
  Lease(Lease&& other) noexcept
      : bytes_(std::exchange(other.bytes_, {})),
        lender_(std::exchange(other.lender_, nullptr)),
        loan_(other.loan_) {}
  Lease& operator=(Lease&& other) noexcept {
    if (this != &other) {
      release();
      bytes_ = std::exchange(other.bytes_, {});
      lender_ = std::exchange(other.lender_, nullptr);
      loan_ = other.loan_;
    }
    return *this;
  }
  ~Lease() { release(); }

  std::span<const std::byte> bytes() const noexcept { return bytes_; }
  bool empty() const noexcept { return bytes_.empty(); }

  // For the lender itself, which need not be told: true if the lease was still here, that is, if
  // nobody took it.
  bool take_back() noexcept { return std::exchange(lender_, nullptr) != nullptr; }

  void release() noexcept {
    if (lender_ == nullptr) return;
    bytes_ = {};
    std::exchange(lender_, nullptr)->give_back(loan_);
  }

 private:
  std::span<const std::byte> bytes_;
  Lender* lender_ = nullptr;
  std::uint64_t loan_ = 0;
};

}  // namespace collet

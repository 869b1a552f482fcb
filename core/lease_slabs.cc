// SPDX-License-Identifier: MIT
#include "core/lease_slabs.h"

namespace collet {

// Where slabs go when their last lease has come home. Shared by all of them, so that it is there
// even if the loop is not.
struct LeaseSlabs::Home {
  std::mutex mutex;
  std::vector<SharedSlab*> free;
  bool closed = false;
  bool missed = false;  // room() has refused since the last return
  std::function<void()> on_return;
};

LeaseSlabs::SharedSlab::SharedSlab(std::size_t size, std::shared_ptr<Home> home)
    : bytes_(new std::byte[size]), home_(std::move(home)) {}

void LeaseSlabs::SharedSlab::go_home() noexcept {
  const std::shared_ptr<Home> home = home_;  // outlives this slab, which may be deleted here
  const std::lock_guard lock(home->mutex);
  if (home->closed) {
    delete this;
    return;
  }
  home->free.push_back(this);
  if (std::exchange(home->missed, false)) home->on_return();
}

LeaseSlabs::LeaseSlabs(std::size_t slab_bytes, std::size_t least_room, std::size_t most_slabs,
                       std::function<void()> on_return)
    : slab_bytes_((slab_bytes + 63) & ~std::size_t{63}),
      least_room_(least_room),
      most_slabs_(most_slabs),
      home_(std::make_shared<Home>()) {
  home_->on_return = std::move(on_return);
  home_->free.reserve(most_slabs);
}

LeaseSlabs::~LeaseSlabs() {
  if (current_ != nullptr) current_->retire();
  const std::lock_guard lock(home_->mutex);
  home_->closed = true;
  for (SharedSlab* slab : home_->free) delete slab;
}

// No two leases share a cache line.
void LeaseSlabs::count_taken(std::size_t size) noexcept {
  constexpr std::size_t kLine = 64;
  current_->lend();
  next_ += (size + kLine - 1) & ~(kLine - 1);
}

bool LeaseSlabs::make_room() {
  if (current_ == nullptr || !current_->all_home()) return next_slab();
  use_from_start();
  return true;
}

void LeaseSlabs::use_from_start() noexcept {
  next_ = current_->bytes();
  end_ = next_ + slab_bytes_;
}

bool LeaseSlabs::next_slab() {
  if (current_ != nullptr) std::exchange(current_, nullptr)->retire();
  next_ = end_;
  const std::lock_guard lock(home_->mutex);
  if (!home_->free.empty()) {
    current_ = home_->free.back();
    home_->free.pop_back();
  } else if (made_ < most_slabs_) {
    current_ = new SharedSlab(slab_bytes_, home_);
    ++made_;
  } else {
    home_->missed = true;
    return false;
  }
  current_->become_current();
  use_from_start();
  return true;
}

}  // namespace collet

// SPDX-License-Identifier: MIT
// lease_slabs_test.cc: receive memory that is lent, comes home from any thread, and runs out.
#include "core/lease_slabs.h"

#include <atomic>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <semaphore>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace collet {
namespace {

constexpr std::size_t kSlab = 1024;
constexpr std::size_t kLeast = 256;

class LeaseSlabsTest : public ::testing::Test {
 protected:
  LeaseSlabsTest() { make(2); }

  void make(std::size_t most_slabs) {
    slabs_.emplace(kSlab, kLeast, most_slabs, [this] {
      ++returns_;
      returned_.release();
    });
  }

  std::span<std::byte> room() {
    return slabs_->has_room() ? slabs_->room() : std::span<std::byte>();
  }

  // Receives `size` bytes of `fill` into what room() offers.
  Lease receive(std::size_t size, int fill = 0) {
    const std::span<std::byte> bytes = room();
    EXPECT_GE(bytes.size(), size);
    std::memset(bytes.data(), fill, size);
    Lease offered = slabs_->offer(size);
    Lease taken = std::move(offered);
    slabs_->settle(offered, size);
    return taken;
  }

  std::vector<Lease> take_all() {
    std::vector<Lease> all;
    while (!room().empty()) all.push_back(receive(kLeast));
    return all;
  }

  std::optional<LeaseSlabs> slabs_;
  std::atomic<int> returns_{0};
  std::counting_semaphore<> returned_{0};
};

bool consists_of(const Lease& lease, int fill) {
  for (const std::byte byte : lease.bytes()) {
    if (byte != static_cast<std::byte>(fill)) return false;
  }
  return true;
}

TEST_F(LeaseSlabsTest, OffersAWholeSlabAtFirstAndNeverLessThanTheLeast) {
  EXPECT_EQ(room().size(), kSlab);
  std::vector<Lease> leases;
  while (!room().empty()) {
    EXPECT_GE(room().size(), kLeast);
    leases.push_back(receive(1));
  }
}

TEST_F(LeaseSlabsTest, LeasesHeldTogetherShareNoCacheLine) {
  std::vector<Lease> leases;
  for (int i = 0; i < 5; ++i) leases.push_back(receive(1, i));
  std::uintptr_t line = 0;
  for (int i = 0; i < 5; ++i) {
    const Lease& lease = leases[static_cast<std::size_t>(i)];
    EXPECT_TRUE(consists_of(lease, i));
    EXPECT_EQ(lease.bytes().size(), 1U);
    const auto own = reinterpret_cast<std::uintptr_t>(lease.bytes().data()) / 64;
    EXPECT_NE(own, line);
    line = own;
  }
}

TEST_F(LeaseSlabsTest, BytesThatAreHomeAreUsedAgainAtOnce) {
  const std::byte* first = room().data();
  for (int i = 0; i < 100; ++i) {
    Lease lease = receive(kSlab);
    EXPECT_EQ(lease.bytes().data(), first);
  }
}

TEST_F(LeaseSlabsTest, ALeaseThatNobodyTookIsHome) {
  const std::byte* first = room().data();
  for (int i = 0; i < 100; ++i) {
    Lease lease = slabs_->offer(kSlab);
    slabs_->settle(lease, kSlab);
    EXPECT_EQ(room().data(), first);
  }
}

TEST_F(LeaseSlabsTest, ALeaseThatWasTakenIsNotOverwritten) {
  const Lease taken = receive(kSlab, 7);
  EXPECT_NE(room().data(), taken.bytes().data());
  receive(kLeast, 8);
  EXPECT_TRUE(consists_of(taken, 7));
}

TEST_F(LeaseSlabsTest, ALeaseMayBeHomeAgainBeforeItIsCounted) {
  const std::byte* first = room().data();
  for (int i = 0; i < 100; ++i) {
    Lease offered = slabs_->offer(kSlab);
    Lease(std::move(offered)).release();
    slabs_->settle(offered, kSlab);
    EXPECT_EQ(room().data(), first);
  }
}

TEST_F(LeaseSlabsTest, GivesNoRoomWhenEverySlabIsOut) {
  const std::vector<Lease> all = take_all();
  EXPECT_EQ(all.size(), 2 * kSlab / kLeast);
  EXPECT_TRUE(room().empty());
  EXPECT_EQ(returns_, 0);
}

TEST_F(LeaseSlabsTest, TellsOnceThatThereIsRoomAgain) {
  std::vector<Lease> all = take_all();
  EXPECT_TRUE(room().empty());
  all.clear();  // both slabs come home
  EXPECT_EQ(returns_, 1);
  EXPECT_FALSE(room().empty());
}

TEST_F(LeaseSlabsTest, ASlabIsHomeWhenItsLastLeaseIs) {
  std::vector<Lease> all = take_all();
  const std::size_t in_one = all.size() / 2;
  for (std::size_t i = 1; i < in_one; ++i) all[i].release();
  EXPECT_TRUE(room().empty());
  EXPECT_EQ(returns_, 0);
  all[0].release();
  EXPECT_EQ(returns_, 1);
  EXPECT_EQ(room().size(), kSlab);
}

TEST_F(LeaseSlabsTest, SaysNothingOfReturnsThatNobodyWaitsFor) {
  {
    const Lease first = receive(kSlab);
    const Lease second = receive(kSlab);
  }
  EXPECT_EQ(returns_, 0);
  EXPECT_FALSE(room().empty());
}

TEST_F(LeaseSlabsTest, LeasesOutliveTheirOwner) {
  std::vector<Lease> all;
  for (int i = 0; i < 8; ++i) all.push_back(receive(kLeast, i));
  EXPECT_TRUE(room().empty());
  slabs_.reset();
  for (int i = 0; i < 8; ++i) {
    EXPECT_TRUE(consists_of(all[static_cast<std::size_t>(i)], i));
  }
  all.clear();
  EXPECT_EQ(returns_, 0) << "told an owner that is gone";
}

// What the pool does: leases come home from several threads, in any order, while more are lent.
TEST_F(LeaseSlabsTest, LeasesComeHomeFromOtherThreads) {
  constexpr int kLeases = 20'000;
  constexpr int kThreads = 4;
  make(4);
  std::mutex mutex;
  std::deque<std::pair<Lease, int>> lent;
  std::counting_semaphore<> ready{0};
  std::atomic<int> spoilt{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < kThreads; ++i) {
    readers.emplace_back([&] {
      while (true) {
        ready.acquire();
        std::unique_lock lock(mutex);
        if (lent.empty()) return;  // the end
        auto [lease, fill] = std::move(lent.front());
        lent.pop_front();
        lock.unlock();
        if (!consists_of(lease, fill)) ++spoilt;
      }
    });
  }
  for (int i = 0; i < kLeases; ++i) {
    while (room().empty()) returned_.acquire();  // for ever, if a return is lost
    Lease lease = receive(1 + static_cast<std::size_t>(i) % kLeast, i % 256);
    const std::lock_guard lock(mutex);
    lent.emplace_back(std::move(lease), i % 256);
    ready.release();
  }
  ready.release(kThreads);
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(spoilt, 0);
  EXPECT_TRUE(lent.empty());
}

TEST_F(LeaseSlabsTest, TheLastLeaseMayComeHomeWhileTheOwnerDies) {
  for (int round = 0; round < 500; ++round) {
    make(2);
    std::vector<Lease> all = take_all();
    std::thread reader([&all] { all.clear(); });
    slabs_.reset();
    reader.join();
  }
}

}  // namespace
}  // namespace collet

// SPDX-License-Identifier: MIT
// slab_test.cc: objects with a dense index and a lasting address.
#include "core/slab.h"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace collet {
namespace {

TEST(SlabTest, IndexesAreDenseFromZero) {
  Slab<int> slab;
  EXPECT_EQ(slab.size(), 0U);
  std::set<std::uint32_t> indexes;
  for (int i = 0; i < 1000; ++i) indexes.insert(slab.acquire());
  EXPECT_EQ(indexes.size(), 1000U);
  EXPECT_EQ(*indexes.rbegin(), 999U);
  EXPECT_GE(slab.size(), 1000U);
}

TEST(SlabTest, ObjectsStartDefaultConstructed) {
  Slab<int> slab;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(slab[slab.acquire()], 0);
}

TEST(SlabTest, AddressesOutlastGrowth) {
  Slab<std::string> slab;
  std::vector<std::string*> addresses;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    const std::uint32_t index = slab.acquire();
    slab[index] = std::to_string(index);
    addresses.push_back(&slab[index]);
    ASSERT_EQ(index, i);
  }
  for (std::uint32_t i = 0; i < 5000; ++i) {
    ASSERT_EQ(&slab[i], addresses[i]);
    ASSERT_EQ(slab[i], std::to_string(i));
  }
}

TEST(SlabTest, TheLastOneBackIsTheFirstUsedAgain) {
  Slab<int> slab;
  const std::uint32_t first = slab.acquire();
  const std::uint32_t second = slab.acquire();
  slab.release(second);
  slab.release(first);
  EXPECT_EQ(slab.acquire(), first);
  EXPECT_EQ(slab.acquire(), second);
}

TEST(SlabTest, AnObjectKeepsItsStateBetweenUses) {
  Slab<int> slab;
  const std::uint32_t index = slab.acquire();
  slab[index] = 42;
  slab.release(index);
  EXPECT_EQ(slab.acquire(), index);
  EXPECT_EQ(slab[index], 42);
}

TEST(SlabTest, UseAgainDoesNotGrow) {
  Slab<int> slab;
  for (int i = 0; i < 100; ++i) slab.acquire();
  const std::uint32_t size = slab.size();
  for (int round = 0; round < 100; ++round) {
    for (std::uint32_t i = 0; i < 100; ++i) slab.release(i);
    for (std::uint32_t i = 0; i < 100; ++i) slab.acquire();
  }
  EXPECT_EQ(slab.size(), size);
}

TEST(SlabTest, HoldsWhatCanBeNeitherCopiedNorMoved) {
  struct Pinned {
    Pinned() = default;
    Pinned(const Pinned&) = delete;
    Pinned& operator=(const Pinned&) = delete;
    std::shared_ptr<int> owned;
  };
  const auto owned = std::make_shared<int>(0);
  {
    Slab<std::optional<Pinned>> slab;
    for (int i = 0; i < 40; ++i) slab[slab.acquire()].emplace().owned = owned;
    EXPECT_EQ(owned.use_count(), 41);
  }
  EXPECT_EQ(owned.use_count(), 1);
}

}  // namespace
}  // namespace collet

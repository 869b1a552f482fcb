// SPDX-License-Identifier: MIT
// task_test.cc: a closure that is run or destroyed exactly once.
#include <array>
#include <cstdint>
#include <memory>
#include <new>
#include <stdexcept>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <collet/task.h>

namespace collet {
namespace {

// Counts itself: how often it was run and how many of its kind are alive.
struct Counts {
  int alive = 0;
  int runs = 0;
};

template <std::size_t Padding>
class Counted {
 public:
  explicit Counted(Counts& counts) : counts_(&counts) { ++counts_->alive; }
  Counted(Counted&& other) noexcept : counts_(other.counts_) { ++counts_->alive; }
  ~Counted() { --counts_->alive; }
  void operator()() { ++counts_->runs; }

 private:
  Counts* counts_;
  std::array<std::byte, Padding> padding_{};
};

using Small = Counted<1>;
using Large = Counted<200>;

template <typename Closure>
class TaskOfTest : public ::testing::Test {
 protected:
  Counts counts_;
  Task make() { return Task(Closure(counts_)); }
};
using Closures = ::testing::Types<Small, Large>;
TYPED_TEST_SUITE(TaskOfTest, Closures);

TYPED_TEST(TaskOfTest, RunsOnceAndIsEmptyAfterwards) {
  Task task = this->make();
  EXPECT_TRUE(task);
  EXPECT_TRUE(task.run());
  EXPECT_FALSE(task);
  EXPECT_EQ(this->counts_.runs, 1);
  EXPECT_EQ(this->counts_.alive, 0);
}

TYPED_TEST(TaskOfTest, UnrunIsDestroyed) {
  { const Task task = this->make(); }
  EXPECT_EQ(this->counts_.runs, 0);
  EXPECT_EQ(this->counts_.alive, 0);
}

TYPED_TEST(TaskOfTest, MovingLeavesNothingBehind) {
  Task first = this->make();
  Task second = std::move(first);
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): that is the contract
  EXPECT_EQ(this->counts_.alive, 1);
  Task third;
  third = std::move(second);
  EXPECT_TRUE(third.run());
  EXPECT_EQ(this->counts_.alive, 0);
  EXPECT_EQ(this->counts_.runs, 1);
}

TYPED_TEST(TaskOfTest, AssigningDestroysWhatWasThere) {
  Task task = this->make();
  task = this->make();
  EXPECT_EQ(this->counts_.alive, 1);
  Task& same = task;
  task = std::move(same);
  EXPECT_EQ(this->counts_.alive, 1);
  task = Task();
  EXPECT_EQ(this->counts_.alive, 0);
  EXPECT_EQ(this->counts_.runs, 0);
}

TYPED_TEST(TaskOfTest, SurvivesAGrowingVector) {
  std::vector<Task> tasks;
  for (int i = 0; i < 100; ++i) tasks.push_back(this->make());
  EXPECT_EQ(this->counts_.alive, 100);
  for (Task& task : tasks) EXPECT_TRUE(task.run());
  EXPECT_EQ(this->counts_.runs, 100);
  EXPECT_EQ(this->counts_.alive, 0);
}

TEST(TaskTest, IsOneCacheLine) { EXPECT_EQ(sizeof(Task), 64U); }

TEST(TaskTest, DefaultIsEmpty) { EXPECT_FALSE(Task()); }

TEST(TaskTest, MoveOnlyCapturesAreFine) {
  auto owned = std::make_unique<int>(7);
  int seen = 0;
  Task task([owned = std::move(owned), &seen] { seen = *owned; });
  EXPECT_TRUE(task.run());
  EXPECT_EQ(seen, 7);
}

int calls_of_plain_function = 0;
void plain_function() { ++calls_of_plain_function; }

TEST(TaskTest, PlainFunctionsAreFine) {
  calls_of_plain_function = 0;
  Task by_name(plain_function);
  Task by_pointer(&plain_function);
  EXPECT_TRUE(by_name.run());
  EXPECT_TRUE(by_pointer.run());
  EXPECT_EQ(calls_of_plain_function, 2);
}

TEST(TaskTest, AValueReturnedIsDropped) {
  Task task([]() -> int { return 5; });
  EXPECT_TRUE(task.run());
}

struct alignas(64) Overaligned {
  bool* aligned;
  void operator()() const { *aligned = reinterpret_cast<std::uintptr_t>(this) % 64 == 0; }
};

TEST(TaskTest, OveralignedClosuresStayAligned) {
  bool aligned = false;
  Task task(Overaligned{&aligned});
  Task moved(std::move(task));
  EXPECT_TRUE(moved.run());
  EXPECT_TRUE(aligned);
}

struct ThrowsOnMove {
  int* runs;
  explicit ThrowsOnMove(int* count) : runs(count) {}
  ThrowsOnMove(ThrowsOnMove&& other) noexcept(false) : runs(other.runs) {}
  void operator()() const { ++*runs; }
};

TEST(TaskTest, AClosureWhoseMoveMayThrowIsNeverMovedAgain) {
  int runs = 0;
  std::vector<Task> tasks;
  for (int i = 0; i < 10; ++i) tasks.emplace_back(ThrowsOnMove(&runs));
  for (Task& task : tasks) EXPECT_TRUE(task.run());
  EXPECT_EQ(runs, 10);
}

TEST(TaskTest, WhateverIsThrownEndsInRun) {
  Counts counts;
  Task throws_int([tracked = Small(counts)] { throw 5; });
  Task throws_bad_alloc([tracked = Small(counts)] { throw std::bad_alloc(); });
  Task throws_boxed([tracked = Large(counts)] { throw std::runtime_error("boxed"); });
  EXPECT_FALSE(throws_int.run());
  EXPECT_FALSE(throws_bad_alloc.run());
  EXPECT_FALSE(throws_boxed.run());
  EXPECT_EQ(counts.alive, 0);
}

// Throws from its destructor once it has been armed, as temporaries must not.
struct ThrowsAtTheEnd {
  bool* armed;
  explicit ThrowsAtTheEnd(bool* flag) : armed(flag) {}
  ThrowsAtTheEnd(ThrowsAtTheEnd&& other) noexcept : armed(std::exchange(other.armed, nullptr)) {}
  ~ThrowsAtTheEnd() noexcept(false) {
    if (armed != nullptr && *armed) throw std::runtime_error("destructor");
  }
};

TEST(TaskTest, ADestructorMayThrowToo) {
  bool armed = true;
  Task task([capture = ThrowsAtTheEnd(&armed)] {});
  EXPECT_FALSE(task.run());
  EXPECT_FALSE(task);
}

TEST(TaskTest, ADestructorMayThrowAfterTheCallHasThrown) {
  bool armed = true;
  Task task([capture = ThrowsAtTheEnd(&armed)] { throw 5; });
  EXPECT_FALSE(task.run());
}

TEST(TaskTest, ADestructorMayThrowInATaskThatNeverRan) {
  bool armed = true;
  {
    const Task task([capture = ThrowsAtTheEnd(&armed)] {});
  }
  SUCCEED();
}

}  // namespace
}  // namespace collet

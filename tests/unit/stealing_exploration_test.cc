// SPDX-License-Identifier: MIT
// stealing_exploration_test.cc: ring, sleepers and scheduler of the pool `stealing`, the real ones,
// in every order with up to three preemptions; and that this finds bugs, planted below.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>

#include "pools/stealing/scheduler.h"
#include "tests/support/explorer.h"
#include "tests/support/patience.h"

namespace collet::stealing {
namespace {

using exploration::Explored;
using exploration::Platform;
using exploration::Scenario;

// Preemptions. Sanitizers make all this ten times as long, and see the same steps.
constexpr int kSome = integration::kSanitized ? 1 : 2;
constexpr int kMany = kSome + 1;

// How often each task has run.
class Runs {
 public:
  Task make() {
    return Task([this, index = made_++] { ++runs_[index]; });
  }
  int of(std::size_t index) const { return runs_[index]; }
  std::size_t made() const { return made_; }
  std::string verdict() const {
    for (std::size_t i = 0; i < made_; ++i) {
      if (runs_[i] != 1) {
        return "task " + std::to_string(i) + " ran " + std::to_string(runs_[i]) + " times";
      }
    }
    return "";
  }

 private:
  std::size_t made_ = 0;
  std::array<int, 16> runs_{};
};

Explored explored(const char* name, std::size_t threads, int preemptions,
                  const std::function<std::unique_ptr<Scenario>()>& make) {
  Explored result = exploration::explore(threads, preemptions, make);
  std::printf("%s: %llu executions with up to %d preemptions%s%s\n", name,
              static_cast<unsigned long long>(result.executions), preemptions,
              result.failure.empty() ? "" : "; found: ", result.failure.c_str());
  return result;
}

// -- The ring

template <typename Base>
struct MovesBeforeItClaims : Base {
  bool steal(MovesBeforeItClaims&, Task& task) {
    const auto heads = this->heads_.load(std::memory_order_acquire);
    const auto from = this->head(heads);
    if (this->tail_.load(std::memory_order_acquire) == from) return false;
    this->slot(from).take(task);
    this->claim([](std::uint32_t) { return std::uint32_t{1}; });
    return true;
  }
};

template <typename Base>
struct ReusesWhatIsClaimed : Base {
  std::uint32_t room() const {
    return 2 - (this->tail_.load(std::memory_order_relaxed) -
                this->head(this->heads_.load(std::memory_order_acquire)));
  }
};

// Thread 0 owns a ring, in which it pushes and pops; the others steal from it.
template <typename AnyRing>
class Theft final : public Scenario {
 public:
  explicit Theft(std::size_t tasks) : tasks_(tasks) {}

  void run(std::size_t thread) override {
    if (thread > 0) {
      for (int i = 0; i < 2; ++i) {
        if (Task task; rings_[0].steal(rings_[thread], task)) task.run();
      }
      run_all(rings_[thread]);
      return;
    }
    for (std::size_t i = 0; i < tasks_; ++i) {
      Task task = runs_.make();
      if (Task first; rings_[0].room() == 0 && rings_[0].pop(first)) first.run();
      if (rings_[0].room() == 0) {
        task.run();  // a thief is at work on all slots
      } else {
        rings_[0].push(1, [&task](Task& into) { into = std::move(task); });
      }
    }
    run_all(rings_[0]);
  }

  std::string verdict() override { return runs_.verdict(); }

 private:
  static void run_all(AnyRing& ring) {
    for (Task task; ring.pop(task);) task.run();
  }

  const std::size_t tasks_;
  Runs runs_;
  std::array<AnyRing, 3> rings_;
};

template <typename AnyRing>
Explored explore_theft(const char* name, std::size_t thieves, std::size_t tasks, int preemptions) {
  return explored(name, 1 + thieves, preemptions,
                  [tasks] { return std::make_unique<Theft<AnyRing>>(tasks); });
}

TEST(RingExploration, OneThief) {
  EXPECT_EQ((explore_theft<Ring<Platform<>, 2>>("ring of 2", 1, 4, kMany).failure), "");
  EXPECT_EQ((explore_theft<Ring<Platform<>, 4>>("ring of 4", 1, 6, kSome).failure), "");
}

TEST(RingExploration, TwoThieves) {
  EXPECT_EQ((explore_theft<Ring<Platform<>, 2>>("ring of 2", 2, 4, kSome).failure), "");
  EXPECT_EQ((explore_theft<Ring<Platform<>, 4>>("ring of 4", 2, 5, kSome).failure), "");
}

TEST(RingExploration, FindsAThiefThatMovesBeforeItClaims) {
  using Bad = MovesBeforeItClaims<Ring<Platform<>, 2>>;
  EXPECT_NE(explore_theft<Bad>("moves before it claims", 1, 3, 2).failure, "");
}

TEST(RingExploration, FindsAnOwnerThatReusesASlotTooEarly) {
  using Bad = ReusesWhatIsClaimed<Ring<Platform<>, 2>>;
  EXPECT_NE(explore_theft<Bad>("reuses what is claimed", 1, 4, 2).failure, "");
}

// -- Sleepers and the scheduler

template <typename AnyPlatform>
struct SleepsWithoutLookingAgain : Sleepers<AnyPlatform> {
  using Sleepers<AnyPlatform>::Sleepers;
  bool announce(std::size_t worker, bool searched) {
    Sleepers<AnyPlatform>::announce(worker, searched);
    return false;
  }
};

template <typename AnyPlatform>
struct EndsSearchWithoutLooking : Sleepers<AnyPlatform> {
  using Sleepers<AnyPlatform>::Sleepers;
  bool end_search() {
    Sleepers<AnyPlatform>::end_search();
    return false;
  }
};

template <typename Base>
struct LooksBeforeItPublishes : Base {
  using Base::Base;
  bool submit(std::span<Task> tasks, std::size_t capacity, typename Base::Worker* me) {
    if (me == nullptr) return Base::submit(tasks, capacity, me);
    const bool due = this->sleepers_.wake_is_due();
    me->ring.push(1, [&tasks](Task& into) { into = std::move(tasks.front()); });
    if (due) this->wake_if_due();
    return true;
  }
};

// The first threads are workers, the others submit from outside.
struct Shape {
  std::size_t workers;
  std::size_t submitters;
  enum class Tasks {
    one,     // each submitter submits one
    two,     // two, and the first waits until the second has run
    last,    // one, and then closes
    nested,  // a task that is there from the beginning submits one, and waits until that has run
  } tasks;
};

template <typename AnyScheduler>
class Scheduling final : public Scenario {
 public:
  explicit Scheduling(const Shape& shape)
      : shape_(shape), scheduler_(shape.workers, std::chrono::nanoseconds::zero()) {
    if (shape_.tasks != Shape::Tasks::nested) return;
    submit(Task([this] {
             submit(runs_.make(), running_);
             wait_for(0);
           }),
           nullptr);
  }

  void run(std::size_t thread) override {
    if (thread < shape_.workers) {
      work(scheduler_.worker(thread));
    } else if (shape_.tasks != Shape::Tasks::two) {
      submit(runs_.make(), nullptr);
      if (shape_.tasks == Shape::Tasks::last) close();
    } else {
      Task second = runs_.make();
      const std::size_t index = runs_.made() - 1;
      submit(Task([this, index] { wait_for(index); }), nullptr);
      submit(std::move(second), nullptr);
    }
  }

  // A task that has not run now waits though a worker sleeps: nobody else is left who waits.
  std::string verdict() override { return runs_.verdict(); }

  void release() override { close(); }

 private:
  using Worker = typename AnyScheduler::Worker;

  void work(Worker& me) {
    for (Task task; scheduler_.next(me, task);) {
      running_ = &me;
      task.run();
    }
  }

  void close() {
    TaskQueue none;
    scheduler_.close(StopMode::drain, none);
  }

  void submit(Task task, Worker* me) {
    if (!scheduler_.submit({&task, 1}, 0, me)) exploration::fail("a task is refused");
  }

  void wait_for(std::size_t index) {
    exploration::step();
    exploration::wait_until([this, index] { return runs_.of(index) == 1; });
  }

  const Shape shape_;
  Runs runs_;
  Worker* running_ = nullptr;
  AnyScheduler scheduler_;
};

template <typename AnyScheduler = Scheduler<Platform<>, 2>>
Explored explore_scheduling(const char* name, const Shape& shape, int preemptions) {
  return explored(name, shape.workers + shape.submitters, preemptions,
                  [&shape] { return std::make_unique<Scheduling<AnyScheduler>>(shape); });
}

constexpr Shape kOneByOne{1, 1, Shape::Tasks::one};
constexpr Shape kTwoForOne{1, 2, Shape::Tasks::one};
constexpr Shape kOneForTwo{2, 1, Shape::Tasks::two};
constexpr Shape kTwoByTwo{2, 2, Shape::Tasks::one};
constexpr Shape kLast{2, 1, Shape::Tasks::last};
constexpr Shape kNested{2, 0, Shape::Tasks::nested};
constexpr Shape kNestedForThree{3, 0, Shape::Tasks::nested};

TEST(SchedulerExploration, ATaskFromOutsideMeetsAWorkerThatGoesToSleep) {
  EXPECT_EQ(explore_scheduling("1 worker, 1 submitter", kOneByOne, kMany).failure, "");
  EXPECT_EQ(explore_scheduling("1 worker, 2 submitters", kTwoForOne, kSome).failure, "");
}

TEST(SchedulerExploration, TwoTasksFindTwoWorkers) {
  EXPECT_EQ(explore_scheduling("2 workers, 1 submitter", kOneForTwo, kSome).failure, "");
  EXPECT_EQ(explore_scheduling("2 workers, 2 submitters", kTwoByTwo, kSome).failure, "");
}

TEST(SchedulerExploration, ATaskFromWithinMeetsWorkersThatGoToSleep) {
  EXPECT_EQ(explore_scheduling("2 workers, nested", kNested, kMany).failure, "");
  EXPECT_EQ(explore_scheduling("3 workers, nested", kNestedForThree, kSome).failure, "");
}

TEST(SchedulerExploration, TheEndMeetsWorkersThatGoToSleep) {
  EXPECT_EQ(explore_scheduling("2 workers, closed", kLast, kSome).failure, "");
}

TEST(SchedulerExploration, FindsASleeperThatDoesNotLookAgain) {
  using Bad = Scheduler<Platform<>, 2, SleepsWithoutLookingAgain>;
  EXPECT_NE(explore_scheduling<Bad>("sleeps without looking again", kNested, 2).failure, "");
}

TEST(SchedulerExploration, FindsASearcherThatEndsWithoutLooking) {
  using Bad = Scheduler<Platform<>, 2, EndsSearchWithoutLooking>;
  EXPECT_NE(explore_scheduling<Bad>("ends search without looking", kOneForTwo, 2).failure, "");
}

TEST(SchedulerExploration, FindsASubmitterThatLooksBeforeItPublishes) {
  using Bad = LooksBeforeItPublishes<Scheduler<Platform<>, 2>>;
  EXPECT_NE(explore_scheduling<Bad>("looks before it publishes", kNested, 2).failure, "");
}

// What the order of one store is for: as if the tail were published by a mere release.
TEST(SchedulerExploration, FindsAStoreThatAnotherMayNotSeeYet) {
  using Bad = Scheduler<Platform<true>, 2>;
  EXPECT_NE(explore_scheduling<Bad>("stores are late", kNested, 3).failure, "");
}

}  // namespace
}  // namespace collet::stealing

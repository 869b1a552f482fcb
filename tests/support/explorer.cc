// SPDX-License-Identifier: MIT
// explorer.cc: fibers, and the tree of decisions which of them goes on.
#include "tests/support/explorer.h"

#include <ucontext.h>

#include <algorithm>
#include <vector>

#include "tests/support/patience.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#elif COLLET_THREAD_SANITIZED
#include <sanitizer/tsan_interface.h>
#endif

namespace collet::exploration {
namespace {

constexpr std::size_t kStackBytes = 256 * 1024;
constexpr std::uint64_t kMostSteps = 20'000;  // of one execution; more means that it never ends

struct Delayed {
  void* where;
  std::uint64_t value;
  Commit commit;
};

struct Fiber {
  ucontext_t context{};
  std::unique_ptr<char[]> own_stack;
  const void* stack = nullptr;
  std::size_t stack_size = 0;
  void* fake_stack = nullptr;  // of the address sanitizer
  void* shadow = nullptr;      // of the thread sanitizer
  bool ended = true;
  std::function<bool()> ready;  // what it waits for, if it does
  std::vector<Delayed> delayed;
};

// Sanitizers want to be told which stack is in use.
void switch_between(Fiber& from, Fiber& to) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&from.fake_stack, to.stack, to.stack_size);
#elif COLLET_THREAD_SANITIZED
  __tsan_switch_to_fiber(to.shadow, 0);
#endif
  ::swapcontext(&from.context, &to.context);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(from.fake_stack, nullptr, nullptr);
#endif
}

struct Decision {
  std::size_t options;
  std::size_t taken;  // in the execution under way
};

class Explorer {
 public:
  Explorer(std::size_t threads, int preemptions) : preemptions_(preemptions), fibers_(threads) {}

  Explored run(const std::function<std::unique_ptr<Scenario>()>& make);

  bool in_fiber() const { return current_ != nullptr; }
  void step();
  void wait_until(const std::function<bool()>& ready);
  void fail(const char* what);
  bool delay(const Delayed& store);
  const Delayed* find_delayed(const void* where) const;
  void flush();

 private:
  void start_fibers();
  void end_fibers();
  void execute(Scenario& scenario);
  bool has_next_path();
  std::size_t decide(std::size_t options);
  std::vector<Fiber*> able();
  Fiber* choose(bool may_stay);
  void go_on_with(Fiber& next);
  void give_way();
  std::string turns() const;
  std::size_t index_of(const Fiber& fiber) const {
    return static_cast<std::size_t>(&fiber - fibers_.data());
  }
  static void fiber_main();

  const int preemptions_;
  std::vector<Fiber> fibers_;
  Fiber main_;
  Fiber* current_ = nullptr;  // null while main_ runs
  Scenario* scenario_ = nullptr;
  std::vector<Decision> path_;
  std::size_t decided_ = 0;  // of path_, in this execution
  int preemptions_left_ = 0;
  bool deciding_ = false;
  std::vector<std::size_t> steps_;  // who made each
  Explored explored_;
};

Explorer* explorer = nullptr;

void Explorer::start_fibers() {
#if COLLET_THREAD_SANITIZED
  main_.shadow = __tsan_get_current_fiber();
#endif
  for (Fiber& fiber : fibers_) {
    fiber.own_stack = std::make_unique<char[]>(kStackBytes);
    fiber.stack = fiber.own_stack.get();
    fiber.stack_size = kStackBytes;
#if COLLET_THREAD_SANITIZED
    fiber.shadow = __tsan_create_fiber(0);
#endif
    ::getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.own_stack.get();
    fiber.context.uc_stack.ss_size = kStackBytes;
    ::makecontext(&fiber.context, &Explorer::fiber_main, 0);
  }
}

void Explorer::end_fibers() {
#if COLLET_THREAD_SANITIZED
  for (Fiber& fiber : fibers_) __tsan_destroy_fiber(fiber.shadow);
#endif
}

// Runs its thread of one scenario after the other.
void Explorer::fiber_main() {
  Explorer& self = *explorer;
#if defined(__SANITIZE_ADDRESS__)
  // The first to begin comes from main_, and learns where that has its stack.
  const void** stack = self.main_.stack == nullptr ? &self.main_.stack : nullptr;
  __sanitizer_finish_switch_fiber(nullptr, stack, stack ? &self.main_.stack_size : nullptr);
#endif
  Fiber& me = *self.current_;
  while (true) {
    self.scenario_->run(self.index_of(me));
    self.flush();
    me.ended = true;
    self.give_way();
  }
}

Explored Explorer::run(const std::function<std::unique_ptr<Scenario>()>& make) {
  explorer = this;
  start_fibers();
  do {
    const auto scenario = make();
    execute(*scenario);
    ++explored_.executions;
  } while (explored_.failure.empty() && has_next_path());
  end_fibers();
  explorer = nullptr;
  return explored_;
}

void Explorer::execute(Scenario& scenario) {
  scenario_ = &scenario;
  decided_ = 0;
  preemptions_left_ = preemptions_;
  steps_.clear();
  for (Fiber& fiber : fibers_) fiber.ended = false;
  deciding_ = true;
  go_on_with(*choose(false));
  deciding_ = false;
  if (!explored_.failure.empty()) return;
  if (const std::string wrong = scenario.verdict(); !wrong.empty()) return fail(wrong.c_str());
  scenario.release();
  while (Fiber* next = choose(false)) go_on_with(*next);
  for (const Fiber& fiber : fibers_) {
    if (!fiber.ended && explored_.failure.empty()) fail("a thread waits for ever");
  }
}

bool Explorer::has_next_path() {
  while (!path_.empty() && path_.back().taken + 1 == path_.back().options) path_.pop_back();
  if (path_.empty()) return false;
  ++path_.back().taken;
  return true;
}

std::size_t Explorer::decide(std::size_t options) {
  if (!deciding_ || options == 1) return 0;
  if (decided_ == path_.size()) path_.push_back({options, 0});
  return path_[decided_++].taken;
}

// Who may go on, but for the one that runs.
std::vector<Fiber*> Explorer::able() {
  std::vector<Fiber*> all;
  for (Fiber& fiber : fibers_) {
    const bool waits = fiber.ended || (fiber.ready && !fiber.ready());
    if (&fiber != current_ && !waits) all.push_back(&fiber);
  }
  return all;
}

// Who goes on; null: the one that runs, or nobody can. (A fiber's stack holds no memory at a
// switch: it may be left for ever.)
Fiber* Explorer::choose(bool may_stay) {
  const auto others = able();
  const std::size_t staying = may_stay || others.empty() ? 1 : 0;
  const std::size_t decision = decide(staying + others.size());
  return decision < staying ? nullptr : others[decision - staying];
}

void Explorer::go_on_with(Fiber& next) {
  Fiber* me = std::exchange(current_, &next);
  switch_between(me == nullptr ? main_ : *me, next);
}

// The running thread cannot go on.
void Explorer::give_way() {
  if (Fiber* next = choose(false)) return go_on_with(*next);
  switch_between(*std::exchange(current_, nullptr), main_);
}

void Explorer::step() {
  steps_.push_back(index_of(*current_));
  if (steps_.size() > kMostSteps) fail("it does not end");
  if (!deciding_ || preemptions_left_ == 0) return;
  if (Fiber* next = choose(true)) {
    --preemptions_left_;
    go_on_with(*next);
  }
}

void Explorer::wait_until(const std::function<bool()>& ready) {
  if (ready()) return;
  flush();
  current_->ready = ready;
  give_way();
  current_->ready = nullptr;
}

// Does not come back to a thread.
void Explorer::fail(const char* what) {
  explored_.failure = std::string(what) + " (" + turns() + ")";
  if (in_fiber()) switch_between(*std::exchange(current_, nullptr), main_);
}

std::string Explorer::turns() const {
  std::string turns;
  for (std::size_t i = 0; i < steps_.size() && turns.size() < 400;) {
    std::size_t end = i;
    while (end < steps_.size() && steps_[end] == steps_[i]) ++end;
    turns += (i == 0 ? "thread " : ", then ") + std::to_string(steps_[i]) + " for " +
             std::to_string(end - i);
    i = end;
  }
  return turns;
}

bool Explorer::delay(const Delayed& store) {
  if (current_->delayed.empty()) {
    if (!deciding_ || preemptions_left_ == 0 || decide(2) == 0) return false;
    --preemptions_left_;
  }
  current_->delayed.push_back(store);
  return true;
}

const Delayed* Explorer::find_delayed(const void* where) const {
  const auto& delayed = current_->delayed;
  const auto last = std::find_if(delayed.rbegin(), delayed.rend(),
                                 [where](const Delayed& each) { return each.where == where; });
  return last == delayed.rend() ? nullptr : &*last;
}

void Explorer::flush() {
  for (const Delayed& store : current_->delayed) store.commit(store.where, store.value);
  current_->delayed.clear();
}

bool in_fiber() { return explorer != nullptr && explorer->in_fiber(); }

}  // namespace

Explored explore(std::size_t threads, int preemptions,
                 const std::function<std::unique_ptr<Scenario>()>& make) {
  return Explorer(threads, preemptions).run(make);
}

void step() {
  if (in_fiber()) explorer->step();
}

void wait_until(const std::function<bool()>& ready) {
  if (in_fiber()) explorer->wait_until(ready);
}

void fail(const char* what) {
  if (explorer != nullptr) explorer->fail(what);
}

bool delay(void* where, std::uint64_t value, Commit commit) {
  return in_fiber() && explorer->delay({where, value, commit});
}

bool find_delayed(const void* where, std::uint64_t& value) {
  const Delayed* found = in_fiber() ? explorer->find_delayed(where) : nullptr;
  if (found != nullptr) value = found->value;
  return found != nullptr;
}

void flush() {
  if (in_fiber()) explorer->flush();
}

}  // namespace collet::exploration

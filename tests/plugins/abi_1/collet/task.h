// SPDX-License-Identifier: MIT
// task.h: one unit of work for a thread pool or an event loop.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace collet {

// A move-only callable that is run or destroyed exactly once. A closure of up to kInlineSize bytes
// lives inside, so that handing over work allocates nothing; a larger one goes to the heap. The
// whole is one cache line.
class Task {
 public:
  static constexpr std::size_t kInlineSize = 56;

  Task() noexcept = default;

  template <typename F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, Task> && std::is_invocable_v<std::decay_t<F>&>)
      Task(F&& function) {  // NOLINT(google-explicit-constructor): a closure is a task
    using Stored = std::decay_t<F>;
    if constexpr (fits<Stored>) {
      ::new (static_cast<void*>(storage_)) Stored(std::forward<F>(function));
      act_ = &act_inline<Stored>;
    } else {
      ::new (static_cast<void*>(storage_)) Stored*(new Stored(std::forward<F>(function)));
      act_ = &act_boxed<Stored>;
    }
  }

  Task(Task&& other) noexcept { take(other); }
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      discard();
      take(other);
    }
    return *this;
  }
  ~Task() { discard(); }

  explicit operator bool() const noexcept { return act_ != nullptr; }

  // Runs the closure and destroys it; the task is empty afterwards. Returns false if either threw:
  // this is the one boundary at which a pool stops exceptions.
  // Requires a task that is not empty.
  bool run() noexcept { return std::exchange(act_, nullptr)(Action::run, storage_, nullptr); }

 private:
  enum class Action { run, move, discard };
  using Act = bool (*)(Action, std::byte* self, std::byte* target) noexcept;

  template <typename Stored>
  static constexpr bool fits = sizeof(Stored) <= kInlineSize &&
                               alignof(Stored) <= 8 && std::is_nothrow_move_constructible_v<Stored>;

  // Calls, and says whether that came back: nothing thrown gets past here.
  template <typename F>
  static bool completes(F& function) noexcept {
    try {
      static_cast<void>(function());
      return true;
    } catch (...) {
      return false;
    }
  }

  // What fits has a destructor that does not throw: is_nothrow_move_constructible asks for both.
  template <typename Stored>
  static bool act_inline(Action action, std::byte* self, std::byte* target) noexcept {
    auto* stored = std::launder(reinterpret_cast<Stored*>(self));
    const bool completed = action != Action::run || completes(*stored);
    if (action == Action::move) ::new (static_cast<void*>(target)) Stored(std::move(*stored));
    std::destroy_at(stored);
    return completed;
  }

  template <typename Stored>
  static bool act_boxed(Action action, std::byte* self, std::byte* target) noexcept {
    auto* stored = *std::launder(reinterpret_cast<Stored**>(self));
    if (action == Action::move) {
      ::new (static_cast<void*>(target)) Stored*(stored);
      return true;
    }
    const bool completed = action != Action::run || completes(*stored);
    const auto destroy = [stored] { delete stored; };
    return completes(destroy) && completed;
  }

  void take(Task& other) noexcept {
    act_ = std::exchange(other.act_, nullptr);
    if (act_ != nullptr) act_(Action::move, other.storage_, storage_);
  }
  void discard() noexcept {
    if (act_ != nullptr) std::exchange(act_, nullptr)(Action::discard, storage_, nullptr);
  }

  alignas(8) std::byte storage_[kInlineSize];
  Act act_ = nullptr;
};

static_assert(sizeof(Task) <= 64);

}  // namespace collet

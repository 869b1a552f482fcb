// SPDX-License-Identifier: MIT
// arena.cc: the one file that knows oneTBB.
#include "pools/tbb/arena.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>
#include <oneapi/tbb/task_arena.h>

#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>

namespace collet {
namespace {

using oneapi::tbb::global_control;

// oneTBB has one limit on threads for the whole process: by default one thread a core, callers
// included. This raises it by what the arenas alive need. Of several limits the lowest counts, so
// all arenas share one.
class Allowance {
 public:
  explicit Allowance(std::size_t workers) : workers_(workers) { change(workers_, 0); }
  ~Allowance() { change(0, workers_); }
  Allowance(const Allowance&) = delete;
  Allowance& operator=(const Allowance&) = delete;

 private:
  static void change(std::size_t more, std::size_t less) {
    static std::mutex mutex;
    static std::size_t total = 0;
    static std::optional<global_control> limit;
    const std::lock_guard lock(mutex);
    total += more;
    total -= less;
    limit.reset();
    if (total == 0) return;
    const auto cores = static_cast<std::size_t>(oneapi::tbb::info::default_concurrency());
    limit.emplace(global_control::max_allowed_parallelism, cores + total);
  }

  const std::size_t workers_;
};

}  // namespace

struct Arena::Impl {
  // No slot is kept for threads from outside: they would be workers by another name.
  explicit Impl(std::size_t workers) : allowance(workers), arena(static_cast<int>(workers), 0) {
    const auto allowed = global_control::active_value(global_control::max_allowed_parallelism);
    if (allowed <= workers) {
      throw std::runtime_error("this process limits oneTBB to " + std::to_string(allowed));
    }
    arena.initialize();
  }

  Allowance allowance;
  oneapi::tbb::task_arena arena;
};

Arena::Arena(std::size_t workers) : impl_(std::make_unique<Impl>(workers)) {}
Arena::~Arena() = default;

void Arena::enqueue(void (*serve)(void*) noexcept, void* with) noexcept {
  impl_->arena.enqueue([serve, with] { serve(with); });
}

}  // namespace collet

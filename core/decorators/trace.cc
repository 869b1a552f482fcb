// SPDX-License-Identifier: MIT
// trace.cc: remembers what a backend or a pool was asked, and what it said.
#include <atomic>
#include <utility>
#include <vector>

#include "core/checked_wait.h"
#include "core/decorators/decorators.h"
#include "core/decorators/trace_proactor.h"
#include "core/decorators/trace_ring.h"
#include "core/decorators/wrapped_task.h"

namespace collet {
namespace {

constexpr OptionDescription kOptions[] = {
    {"entries", OptionType::integer, 4096, 1, 1 << 24, "calls remembered of each instance"},
    {"print", OptionType::boolean, 0, 0, 1, "write each call to stderr as it happens"},
};

constexpr TracedCall kAdd{"add", {"fd", "interest", "token"}};
constexpr TracedCall kModify{"modify", {"fd", "interest", "token"}};
constexpr TracedCall kRemove{"remove", {"fd"}};
constexpr TracedCall kWait{"wait", {"timeout", "room"}};
constexpr TracedCall kEvent{"event", {"token"}};
constexpr TracedCall kWake{"wake", {}};
constexpr TracedCall kSubmit{"submit", {"task"}};
constexpr TracedCall kTrySubmit{"try_submit", {"task"}};
constexpr TracedCall kSubmitBulk{"submit_bulk", {"task", "tasks"}};
constexpr TracedCall kBegin{"begin", {"task"}};
constexpr TracedCall kEnd{"end", {"task"}};
constexpr TracedCall kStop{"stop", {"mode"}};

class TracePoller final : public Poller {
 public:
  TracePoller(std::unique_ptr<Poller> poller, const Wrapping& how)
      : poller_(std::move(poller)), ring_(TraceRing::borrow(how, "poller")) {}
  ~TracePoller() override { ring_.give_back(); }

  int add(int fd, Interest interest, Token token) noexcept override {
    const int error = poller_->add(fd, interest, token);
    note(kAdd, fd, interest, token, error);
    return error;
  }
  int modify(int fd, Interest interest, Token token) noexcept override {
    const int error = poller_->modify(fd, interest, token);
    note(kModify, fd, interest, token, error);
    return error;
  }
  int remove(int fd) noexcept override {
    const int error = poller_->remove(fd);
    ring_.record(kRemove, fd, 0, 0, error);
    return error;
  }
  std::size_t wait(std::span<Event> ready, std::chrono::nanoseconds timeout) noexcept override {
    TraceRing::prepare_this_thread();
    const std::size_t count = checked_wait(*poller_, ready, timeout);
    const auto room = static_cast<std::int64_t>(ready.size());
    ring_.record(kWait, timeout.count(), room, 0, static_cast<std::int64_t>(count));
    for (const Event& event : ready.first(count)) {
      ring_.record(kEvent, static_cast<std::int64_t>(event.token), 0, 0,
                   static_cast<std::int64_t>(event.ready));
    }
    return count;
  }
  void wake() noexcept override {
    ring_.record(kWake, 0, 0, 0, 0);
    poller_->wake();
  }

 private:
  void note(const TracedCall& call, int fd, Interest interest, Token token, int error) noexcept {
    ring_.record(call, fd, static_cast<std::int64_t>(interest), static_cast<std::int64_t>(token),
                 error);
  }

  const std::unique_ptr<Poller> poller_;
  TraceRing& ring_;
};

// Tells when it begins, and whether it came to its end or threw.
struct TracedTask {
  TraceRing* ring;
  std::int64_t number;
  Task task{};

  void run() {
    ring->record(kBegin, number, 0, 0, 0);
    const bool completed = task.run();
    ring->record(kEnd, number, 0, 0, completed ? 1 : 0);
    if (!completed) throw 0;
  }
};

// Tasks have numbers, from 1; of a batch the first is told. Those refused have theirs too.
class TracePool final : public ThreadPool {
 public:
  TracePool(std::unique_ptr<ThreadPool> pool, const Wrapping& how)
      : pool_(std::move(pool)), ring_(TraceRing::borrow(how, "pool")) {}
  ~TracePool() override {
    pool_.reset();  // its tasks write to the ring
    ring_.give_back();
  }

  bool submit(Task& task) noexcept override {
    return pass_on(kSubmit, {&task, 1}, [&] { return pool_->submit(task) ? 1U : 0U; }) == 1;
  }
  std::size_t submit_bulk(std::span<Task> tasks) noexcept override {
    return pass_on(kSubmitBulk, tasks, [&] { return pool_->submit_bulk(tasks); });
  }
  bool try_submit(Task& task) noexcept override {
    return pass_on(kTrySubmit, {&task, 1}, [&] { return pool_->try_submit(task) ? 1U : 0U; }) == 1;
  }
  void stop(StopMode mode) noexcept override {
    ring_.record(kStop, static_cast<std::int64_t>(mode), 0, 0, 0);
    pool_->stop(mode);
  }
  std::size_t workers() const noexcept override { return pool_->workers(); }
  PoolStats stats() const noexcept override { return pool_->stats(); }

 private:
  template <typename Submit>
  std::size_t pass_on(const TracedCall& call, std::span<Task> tasks, Submit&& submit) noexcept {
    const auto count = static_cast<std::int64_t>(tasks.size());
    const std::int64_t first = last_number_.fetch_add(count, std::memory_order_relaxed) + 1;
    std::vector<TracedTask*> traced;
    for (Task& task : tasks) {
      const std::int64_t number = first + static_cast<std::int64_t>(traced.size());
      traced.push_back(wrap(task, TracedTask{.ring = &ring_, .number = number}));
    }
    const std::size_t accepted = submit();
    for (std::size_t i = accepted; i < tasks.size(); ++i) unwrap(tasks[i], *traced[i]);
    ring_.record(call, first, count, 0, static_cast<std::int64_t>(accepted));
    return accepted;
  }

  std::unique_ptr<ThreadPool> pool_;
  TraceRing& ring_;
  std::atomic<std::int64_t> last_number_{0};
};

}  // namespace

constinit const BackendDecorator kTrace{
    .name = "trace",
    .summary =
        "remembers the last calls and completions; the programs write them on SIGUSR1 and "
        "when they crash",
    .options = kOptions,
    .suits = nullptr,
    .wrap_poller = [](std::unique_ptr<Poller> poller,
                      const Wrapping& how) -> std::unique_ptr<Poller> {
      return std::make_unique<TracePoller>(std::move(poller), how);
    },
    .wrap_proactor = make_trace_proactor,
};

constinit const PoolDecorator kTracePool{
    .name = "trace",
    .summary = "remembers the last submissions, and when tasks began and ended; written likewise",
    .options = kOptions,
    .wrap = [](std::unique_ptr<ThreadPool> pool,
               const Wrapping& how) -> std::unique_ptr<ThreadPool> {
      return std::make_unique<TracePool>(std::move(pool), how);
    },
};

}  // namespace collet

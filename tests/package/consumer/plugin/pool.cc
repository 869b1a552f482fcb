// SPDX-License-Identifier: MIT
// pool.cc: a thread pool without threads, and how it presents itself.
#include <new>
#include <span>

#include <collet/description.h>
#include <collet/thread_pool.h>

namespace {

class Immediate final : public collet::ThreadPool {
 public:
  bool submit(collet::Task& task) noexcept override {
    if (stopped_) return false;
    if (!task.run()) ++stats_.threw;
    ++stats_.accepted;
    ++stats_.run;
    return true;
  }
  std::size_t submit_bulk(std::span<collet::Task> tasks) noexcept override {
    if (stopped_) return 0;
    for (collet::Task& task : tasks) submit(task);
    return tasks.size();
  }
  bool try_submit(collet::Task& task) noexcept override { return submit(task); }
  void stop(collet::StopMode) noexcept override { stopped_ = true; }
  std::size_t workers() const noexcept override { return 0; }
  collet::PoolStats stats() const noexcept override { return stats_; }

 private:
  bool stopped_ = false;
  collet::PoolStats stats_;
};

collet::ThreadPool* make(const collet::OptionValues&, std::size_t, collet::Refusal&) noexcept {
  return new (std::nothrow) Immediate();
}

constexpr collet::PoolDescription kDescription{
    .name = "immediate",
    .summary = "runs each task at once",
    .options = {},
    .has_workers = false,
    .make = &make,
};

}  // namespace

extern "C" const collet::PoolDescription* consumer_pool() { return &kDescription; }

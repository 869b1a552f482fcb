// SPDX-License-Identifier: MIT
// posts.cc: what it costs another thread to hand a task to a loop, and how often it must wake it.
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

#include <benchmark/benchmark.h>
#include <collet/builtin.h>
#include <collet/event_loop.h>
#include <collet/registry.h>

namespace collet::bench {
namespace {

// An epoll loop on a thread of its own.
class Loop {
 public:
  Loop() {
    add_builtin_backends(registry_);
    loop_ = std::make_unique<EventLoop>(*registry_.backend("epoll")->make());
    thread_ = std::thread([this] { loop_->run(); });
    wait_for(1, [this] { loop_->post([this] { ++done_; }); });
  }
  ~Loop() {
    busy_ = false;
    loop_->stop();
    thread_.join();
  }

  void stay_busy() {
    busy_ = true;
    loop_->post([this] { spin(); });
  }

  // Posts so many at once, and waits until they have run.
  void burst(std::int64_t size) {
    wait_for(size, [&] {
      for (std::int64_t i = 0; i < size; ++i) loop_->post([this] { ++done_; });
    });
  }

  std::uint64_t wakes() const { return loop_->stats().wakes; }

 private:
  template <typename Post>
  void wait_for(std::int64_t size, Post post) {
    const std::int64_t goal = done_ + size;
    post();
    while (done_ < goal) std::this_thread::yield();
  }

  // A loop with work of its own in every pass.
  void spin() {
    if (busy_) loop_->defer([this] { spin(); });
  }

  Registry registry_;
  std::unique_ptr<EventLoop> loop_;
  std::thread thread_;
  std::atomic<std::int64_t> done_{0};
  std::atomic<bool> busy_{false};
};

void post(benchmark::State& state, bool busy) {
  Loop loop;
  if (busy) loop.stay_busy();
  const std::uint64_t before = loop.wakes();
  for (auto _ : state) loop.burst(state.range(0));
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["wakes/burst"] = benchmark::Counter(static_cast<double>(loop.wakes() - before),
                                                     benchmark::Counter::kAvgIterations);
}
BENCHMARK_CAPTURE(post, asleep, false)->Arg(1)->Arg(64)->UseRealTime();
BENCHMARK_CAPTURE(post, busy, true)->Arg(1)->Arg(64)->UseRealTime();

}  // namespace
}  // namespace collet::bench

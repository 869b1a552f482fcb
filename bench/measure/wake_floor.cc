// SPDX-License-Identifier: MIT
// wake_floor.cc: a loop over the clock, and two threads with an eventfd between them.
#include "bench/measure/wake_floor.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include "bench/measure/process.h"
#include "bench/session/placement.h"
#include "bench/statistics/statistics.h"

namespace collet::bench {
namespace {

using std::chrono::steady_clock;

constexpr int kReads = 200'000;
constexpr int kWakes = 400;
constexpr auto kIdle = std::chrono::milliseconds(1);

// One ring of a bell that counts; false if that cannot be.
bool ring(const Descriptor& bell) {
  const std::uint64_t one = 1;
  return write(bell.get(), &one, sizeof one) == sizeof one;
}

bool hear(const Descriptor& bell) {
  std::uint64_t rings = 0;
  return read(bell.get(), &rings, sizeof rings) == sizeof rings;
}

}  // namespace

double clock_read_ns() {
  const auto begin = steady_clock::now();
  auto last = begin;
  for (int i = 0; i < kReads; ++i) last = steady_clock::now();
  return std::chrono::duration<double, std::nano>(last - begin).count() / kReads;
}

WakeFloor measure_wake_floor(const std::vector<int>& from, const std::vector<int>& to) {
  const Descriptor bell(eventfd(0, EFD_CLOEXEC));
  const Descriptor answer(eventfd(0, EFD_CLOEXEC));
  std::atomic<steady_clock::rep> rung_at{0};
  std::vector<double> delays_us;
  std::thread sleeper([&] {
    pin_to(to);
    for (int i = 0; i < kWakes && hear(bell); ++i) {
      const auto delay = steady_clock::now().time_since_epoch() - steady_clock::duration(rung_at);
      delays_us.push_back(std::chrono::duration<double, std::micro>(delay).count());
      if (!ring(answer)) return;
    }
  });
  std::thread ringer([&] {
    pin_to(from);
    for (int i = 0; i < kWakes; ++i) {
      std::this_thread::sleep_for(kIdle);
      rung_at = steady_clock::now().time_since_epoch().count();
      if (!ring(bell) || !hear(answer)) return;
    }
  });
  ringer.join();
  sleeper.join();
  return {quantile(delays_us, 0.5), quantile(delays_us, 0.99)};
}

}  // namespace collet::bench

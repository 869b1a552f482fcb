// SPDX-License-Identifier: MIT
// trace_ring.cc: recording, and writing with nothing but write(2).
#include "core/decorators/trace_ring.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string_view>

#include <collet/trace.h>

#include "core/signal_stack.h"

namespace collet {
namespace {

constexpr std::int64_t kNsPerS = 1'000'000'000;

// A line put together without memory, locale or lock.
class Line {
 public:
  Line& operator<<(std::string_view text) noexcept {
    const std::size_t count = std::min(text.size(), sizeof text_ - 1 - size_);
    std::copy_n(text.begin(), count, text_ + size_);
    size_ += count;
    return *this;
  }
  Line& operator<<(std::int64_t number) noexcept {
    if (number >= 0) return digits(static_cast<std::uint64_t>(number), 1);
    *this << "-";
    return digits(-static_cast<std::uint64_t>(number), 1);
  }
  // With zeros in front.
  Line& digits(std::uint64_t number, std::size_t least) noexcept {
    char reversed[20];
    std::size_t count = 0;
    do {
      reversed[count++] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number != 0);
    while (count < least) reversed[count++] = '0';
    while (count > 0) *this << std::string_view(&reversed[--count], 1);
    return *this;
  }
  void write(int fd) noexcept {
    text_[size_++] = '\n';
    [[maybe_unused]] const auto written = ::write(fd, text_, size_);
  }

 private:
  char text_[256];
  std::size_t size_ = 0;
};

std::int64_t now_ns() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * kNsPerS + time.tv_nsec;
}

}  // namespace

constinit std::atomic<TraceRing*> TraceRing::first{nullptr};

TraceRing& TraceRing::borrow(const Wrapping& how, const char* part) {
  const auto size = static_cast<std::size_t>(how.options["entries"]);
  for (TraceRing* ring = first.load(std::memory_order_acquire); ring != nullptr;
       ring = ring->next_) {
    if (ring->size_ != size || ring->in_use_.exchange(true, std::memory_order_acquire)) continue;
    ring->begin(how, part);
    return *ring;
  }
  auto* ring = new TraceRing(size);
  ring->begin(how, part);
  ring->next_ = first.load(std::memory_order_relaxed);
  while (!first.compare_exchange_weak(ring->next_, ring, std::memory_order_release,
                                      std::memory_order_relaxed)) {
  }
  return *ring;
}

void TraceRing::begin(const Wrapping& how, const char* part) noexcept {
  std::snprintf(name_, sizeof name_, "%.*s %s %llu", static_cast<int>(how.name.size()),
                how.name.data(), part, static_cast<unsigned long long>(how.instance));
  for (std::size_t i = 0; i < size_; ++i) entries_[i].number.store(0, std::memory_order_relaxed);
  calls_.store(0, std::memory_order_relaxed);
  prints_ = how.options["print"] != 0;
}

void TraceRing::prepare_this_thread() noexcept {
  static thread_local const auto stack = std::make_unique<const SignalStack>();
}

void TraceRing::record(const TracedCall& call, std::int64_t a, std::int64_t b, std::int64_t c,
                       std::int64_t result) noexcept {
  prepare_this_thread();
  const std::uint64_t number = calls_.fetch_add(1, std::memory_order_relaxed) + 1;
  Entry& entry = entries_[number % size_];
  entry.number.exchange(0, std::memory_order_acquire);  // what follows stays behind it
  entry.time.store(now_ns(), std::memory_order_relaxed);
  entry.call.store(&call, std::memory_order_relaxed);
  entry.arguments[0].store(a, std::memory_order_relaxed);
  entry.arguments[1].store(b, std::memory_order_relaxed);
  entry.arguments[2].store(c, std::memory_order_relaxed);
  entry.result.store(result, std::memory_order_relaxed);
  entry.number.store(number, std::memory_order_release);
  if (prints_) write_entry(STDERR_FILENO, entry);
}

void TraceRing::write_entry(int fd, const Entry& entry) const noexcept {
  const std::uint64_t number = entry.number.load(std::memory_order_acquire);
  const TracedCall* call = entry.call.load(std::memory_order_acquire);
  if (number == 0 || call == nullptr) return;
  const auto time = static_cast<std::uint64_t>(entry.time.load(std::memory_order_acquire));
  Line line;
  line.digits(time / kNsPerS, 1) << ".";
  line.digits(time % kNsPerS, 9) << " " << name_ << ": " << call->name;
  for (std::size_t i = 0; i < 3 && call->arguments[i] != nullptr; ++i) {
    line << " " << call->arguments[i] << "=" << entry.arguments[i].load(std::memory_order_acquire);
  }
  line << " = " << entry.result.load(std::memory_order_acquire);
  if (entry.number.load(std::memory_order_relaxed) == number) line.write(fd);
}

void TraceRing::write(int fd) const noexcept {
  const std::uint64_t calls = calls_.load(std::memory_order_relaxed);
  const std::uint64_t kept = std::min<std::uint64_t>(calls, size_);
  Line title;
  title << "trace of " << name_ << ": the last " << static_cast<std::int64_t>(kept) << " of "
        << static_cast<std::int64_t>(calls) << " calls";
  title.write(fd);
  for (std::uint64_t number = calls - kept + 1; number <= calls; ++number) {
    write_entry(fd, entries_[number % size_]);
  }
}

void TraceRing::write_all(int fd) noexcept {
  for (const TraceRing* ring = first.load(std::memory_order_acquire); ring != nullptr;
       ring = ring->next_) {
    ring->write(fd);
  }
}

void write_traces(int fd) noexcept { TraceRing::write_all(fd); }

}  // namespace collet

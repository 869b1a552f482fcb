// SPDX-License-Identifier: MIT
// slow.cc: every second connection sends much and reads its echo slowly; the others are timed. A
// server that keeps what slow clients do not take, or waits for them, shows it here.
#include "apps/workloads/client.h"
#include "apps/workloads/echo.h"
#include "apps/workloads/pattern.h"

namespace collet::apps {
namespace {

// More than all buffers between the two sides hold together.
constexpr std::size_t kBurst = 16 * 1024 * 1024;
constexpr std::chrono::milliseconds kPause{50};  // after each piece that was read

// Never has an answer that counts; sends the next burst when the last has come back.
class SlowReader final : public Client {
 public:
  explicit SlowReader(Meter& meter) : Client(meter), next_(meter.take_serial()), expected_(next_) {}

 private:
  void on_attach(const Waker& waker) noexcept override { waker_ = waker; }

  void begin(Output& out) override {
    settle();
    send(out);
  }

  bool take(std::span<const std::byte> bytes, Output& out) override {
    if (bytes.size() > awaited_ || !expected_.match(bytes)) return false;
    awaited_ -= bytes.size();
    if (awaited_ == 0) send(out);
    out.pause();
    meter().wake_later(waker_, kPause);
    return true;
  }

  std::size_t unanswered() const noexcept override { return 1; }

  void send(Output& out) {
    awaited_ += kBurst;
    next_.write(kBurst, out);
  }

  Waker waker_;
  PatternCursor next_;
  PatternCursor expected_;
  std::size_t awaited_ = 0;
};

class Slow final : public Workload {
 public:
  std::string_view name() const noexcept override { return "slow"; }
  std::string_view summary() const noexcept override {
    return "echo, where every second client sends 16 MiB at once and reads slowly; the others are "
           "timed";
  }
  LoadDefaults load_defaults() const noexcept override {
    return {.connections = 64, .payload_bytes = 64, .half_is_timed = true};
  }
  std::unique_ptr<Handler> make_server(const Burden& burden) const override {
    return make_echo_server(burden);
  }
  std::unique_ptr<Handler> make_client(const RequestShape& shape, Meter& meter) const override {
    // Either client takes a serial number too.
    if (meter.take_serial() / 2 % 2 == 0) return make_echo_client(shape, meter);
    return std::make_unique<SlowReader>(meter);
  }
};

}  // namespace

const Workload& slow_workload() {
  static const Slow slow;
  return slow;
}

}  // namespace collet::apps

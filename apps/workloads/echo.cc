// SPDX-License-Identifier: MIT
// echo.cc: every byte comes back, in order. A request is a number of bytes that only the client
// knows; any number of them may be under way on a connection.
#include "apps/workloads/client.h"
#include "apps/workloads/pattern.h"
#include "apps/workloads/workload.h"

namespace collet::apps {
namespace {

class EchoServer final : public Handler {
 public:
  explicit EchoServer(const Burden& burden) : burden_(burden) {}

  // The server cannot tell where a request ends: one batch of bytes counts as one. Each path ends
  // in its last call, so that the plain echo saves no register.
  void on_data(std::span<const std::byte> bytes, Output& out) override {
    if (burden_.weighs()) return answer_burdened(bytes, out);
    out.count_requests(1);
    out.write(bytes);
  }

 private:
  [[gnu::noinline]] void answer_burdened(std::span<const std::byte> bytes, Output& out) {
    burden_.bear();
    out.count_requests(1);
    out.write(bytes);
  }

  const Burden& burden_;
};

class EchoClient final : public Client {
 public:
  EchoClient(const RequestShape& shape, Meter& meter)
      : EchoClient(shape, meter, PatternCursor(meter.take_serial())) {}

 private:
  using Nanoseconds = Meter::Nanoseconds;

  EchoClient(const RequestShape& shape, Meter& meter, PatternCursor start)
      : Client(meter),
        payload_bytes_(shape.payload_bytes),
        pipeline_(static_cast<std::uint32_t>(shape.pipeline)),
        begun_(std::make_unique<Nanoseconds[]>(shape.pipeline)),
        next_(start),
        expected_(start) {}

  void begin(Output& out) override {
    unanswered_ = 0;
    send(pipeline_, meter().now(), out);
  }

  bool take(std::span<const std::byte> bytes, Output& out) override {
    const std::size_t awaited = unanswered_ * payload_bytes_ - partial_bytes_;
    if (bytes.size() > awaited || !expected_.match(bytes)) return false;
    partial_bytes_ += bytes.size();
    if (partial_bytes_ >= payload_bytes_) take_replies(out);
    return true;
  }

  std::size_t unanswered() const noexcept override { return unanswered_; }

  // All replies that these bytes completed are timed by one look at the clock and answered with
  // one write.
  void take_replies(Output& out) {
    const Nanoseconds now = meter().now();
    std::size_t replies = 0;
    for (; partial_bytes_ >= payload_bytes_; partial_bytes_ -= payload_bytes_) {
      answered(begun_[oldest_], now, payload_bytes_);
      oldest_ = slot(1);
      --unanswered_;
      ++replies;
    }
    send(replies, now, out);
  }

  void send(std::size_t wanted, Nanoseconds now, Output& out) {
    const std::size_t allowed = meter().allow(wanted);
    for (std::size_t i = 0; i < allowed; ++i) begun_[slot(unanswered_++)] = now;
    next_.write(allowed * payload_bytes_, out);
    if (unanswered_ == 0) out.close();
  }

  // The place in the ring `steps` after the oldest request; at most one lap.
  std::uint32_t slot(std::uint32_t steps) const noexcept {
    const std::uint32_t at = oldest_ + steps;
    return at >= pipeline_ ? at - pipeline_ : at;
  }

  std::size_t payload_bytes_;
  std::size_t partial_bytes_ = 0;  // of the reply that is arriving
  std::uint32_t pipeline_;
  std::uint32_t unanswered_ = 1;          // until begin(): the request that is to come
  std::uint32_t oldest_ = 0;              // in begun_
  std::unique_ptr<Nanoseconds[]> begun_;  // a ring: when each unanswered request was sent
  PatternCursor next_;                    // what is sent next
  PatternCursor expected_;                // what must arrive next
};

class Echo final : public Workload {
 public:
  std::string_view name() const noexcept override { return "echo"; }
  std::string_view summary() const noexcept override {
    return "every byte comes back in order, pipelined or not; the Watcher counts batches as "
           "requests";
  }
  LoadDefaults load_defaults() const noexcept override {
    return {.connections = 64, .payload_bytes = 64, .connection_per_request = false};
  }
  std::unique_ptr<Handler> make_server(const Burden& burden) const override {
    return std::make_unique<EchoServer>(burden);
  }
  std::unique_ptr<Handler> make_client(const RequestShape& shape, Meter& meter) const override {
    return std::make_unique<EchoClient>(shape, meter);
  }
};

}  // namespace

const Workload& echo_workload() {
  static const Echo echo;
  return echo;
}

}  // namespace collet::apps

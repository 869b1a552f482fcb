// SPDX-License-Identifier: MIT
// storm.cc: a connection for each request, many at once: connect, one request, its echo, close.
#include "apps/workloads/echo.h"
#include "apps/workloads/one_request_client.h"
#include "apps/workloads/pattern.h"

namespace collet::apps {
namespace {

class StormClient final : public OneRequestClient {
 public:
  StormClient(const RequestShape& shape, Meter& meter)
      : OneRequestClient(meter),
        awaited_(shape.payload_bytes),
        payload_bytes_(shape.payload_bytes),
        expected_(meter.take_serial()) {}

 private:
  void write_request(Output& out) override { PatternCursor(expected_).write(payload_bytes_, out); }

  bool take(std::span<const std::byte> bytes, Output& out) override {
    if (bytes.size() > awaited_ || !expected_.match(bytes)) return false;
    awaited_ -= bytes.size();
    if (awaited_ == 0) finish(meter().now(), payload_bytes_, out);
    return true;
  }

  std::size_t unanswered() const noexcept override { return awaited_ != 0 ? 1 : 0; }

  std::size_t awaited_;  // bytes of the echo that are still to come
  std::size_t payload_bytes_;
  PatternCursor expected_;
};

class Storm final : public Workload {
 public:
  std::string_view name() const noexcept override { return "storm"; }
  std::string_view summary() const noexcept override {
    return "a connection for each request, which is echoed; a thousand connect at once";
  }
  LoadDefaults load_defaults() const noexcept override {
    return {.connections = 1000, .payload_bytes = 64, .connection_per_request = true};
  }
  std::unique_ptr<Handler> make_server(const Burden& burden) const override {
    return make_echo_server(burden);
  }
  std::unique_ptr<Handler> make_client(const RequestShape& shape, Meter& meter) const override {
    return std::make_unique<StormClient>(shape, meter);
  }
};

}  // namespace

const Workload& storm_workload() {
  static const Storm storm;
  return storm;
}

}  // namespace collet::apps

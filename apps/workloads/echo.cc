// SPDX-License-Identifier: MIT
// echo.cc: every byte comes back, in order. A request is a number of bytes that only the client
// knows; any number of them may be under way on a connection.
#include "apps/workloads/echo.h"

#include "apps/workloads/pattern.h"
#include "apps/workloads/pipelined_client.h"
#include "apps/workloads/workload.h"

namespace collet::apps {
namespace {

// The server cannot tell where a request ends: one batch of bytes counts as one.
class EchoServer : public Handler {
 public:
  void on_data(std::span<const std::byte> bytes, Output& out) override {
    out.count_requests(1);
    out.write(bytes);
  }
};

class BurdenedEchoServer final : public EchoServer {
 public:
  explicit BurdenedEchoServer(const Burden& burden) : burden_(burden) {}

  void on_data(std::span<const std::byte> bytes, Output& out) override {
    burden_.bear();
    EchoServer::on_data(bytes, out);
  }

 private:
  const Burden& burden_;
};

class EchoClient final : public PipelinedClient {
 public:
  EchoClient(const RequestShape& shape, Meter& meter)
      : EchoClient(shape, meter, PatternCursor(meter.take_serial())) {}

 private:
  EchoClient(const RequestShape& shape, Meter& meter, PatternCursor start)
      : PipelinedClient(shape, meter),
        payload_bytes_(shape.payload_bytes),
        next_(start),
        expected_(start) {}

  void write_requests(std::size_t count, Output& out) override {
    next_.write(count * payload_bytes_, out);
  }

  bool take(std::span<const std::byte> bytes, Output& out) override {
    const std::size_t awaited = unanswered() * payload_bytes_ - partial_bytes_;
    if (bytes.size() > awaited || !expected_.match(bytes)) return false;
    partial_bytes_ += bytes.size();
    const std::size_t replies = partial_bytes_ / payload_bytes_;
    partial_bytes_ -= replies * payload_bytes_;
    if (replies != 0) take_replies(replies, payload_bytes_, out);
    return true;
  }

  std::size_t payload_bytes_;
  std::size_t partial_bytes_ = 0;  // of the reply that is arriving
  PatternCursor next_;             // what is sent next
  PatternCursor expected_;         // what must arrive next
};

class Echo final : public Workload {
 public:
  std::string_view name() const noexcept override { return "echo"; }
  std::string_view summary() const noexcept override {
    return "every byte comes back in order, pipelined or not; the Watcher counts batches as "
           "requests";
  }
  LoadDefaults load_defaults() const noexcept override {
    return {.connections = 64, .payload_bytes = 64};
  }
  std::unique_ptr<Handler> make_server(const Burden& burden) const override {
    return make_echo_server(burden);
  }
  std::unique_ptr<Handler> make_client(const RequestShape& shape, Meter& meter) const override {
    return make_echo_client(shape, meter);
  }
};

// What a server pays for connections that are merely there.
class Idle final : public Workload {
 public:
  std::string_view name() const noexcept override { return "idle"; }
  std::string_view summary() const noexcept override {
    return "echo on 10,000 connections of which few have anything to say: 2000 requests a second";
  }
  LoadDefaults load_defaults() const noexcept override {
    return {.connections = 10'000, .payload_bytes = 64, .rate_per_s = 2000, .mostly_idle = true};
  }
  std::unique_ptr<Handler> make_server(const Burden& burden) const override {
    return make_echo_server(burden);
  }
  std::unique_ptr<Handler> make_client(const RequestShape& shape, Meter& meter) const override {
    return make_echo_client(shape, meter);
  }
};

}  // namespace

std::unique_ptr<Handler> make_echo_server(const Burden& burden) {
  if (burden.weighs()) return std::make_unique<BurdenedEchoServer>(burden);
  return std::make_unique<EchoServer>();
}

std::unique_ptr<Handler> make_echo_client(const RequestShape& shape, Meter& meter) {
  return std::make_unique<EchoClient>(shape, meter);
}

const Workload& echo_workload() {
  static const Echo echo;
  return echo;
}

const Workload& idle_workload() {
  static const Idle idle;
  return idle;
}

}  // namespace collet::apps

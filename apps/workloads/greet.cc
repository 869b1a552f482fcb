// SPDX-License-Identifier: MIT
// greet.cc: the server speaks first. It writes a greeting when a connection opens and discards what
// comes; the client connects, sends its payload, waits for the greeting, closes, and starts again.
// A request is a connection, and lasts from connect to the first byte.
#include "apps/workloads/one_request_client.h"
#include "apps/workloads/pattern.h"
#include "apps/workloads/workload.h"

namespace collet::apps {
namespace {

constexpr std::string_view kGreeting = "HI\n";

class GreetServer final : public Handler {
 public:
  explicit GreetServer(const Burden& burden) : burden_(burden) {}

  void on_open(Output& out) override {
    burden_.bear();
    out.write(kGreeting);
    out.count_requests(1);
  }
  void on_data(std::span<const std::byte>, Output&) override {}

 private:
  const Burden& burden_;
};

class GreetClient final : public OneRequestClient {
 public:
  GreetClient(const RequestShape& shape, Meter& meter)
      : OneRequestClient(meter), payload_bytes_(shape.payload_bytes) {}

 private:
  void write_request(Output& out) override {
    PatternCursor(meter().take_serial()).write(payload_bytes_, out);
  }

  bool take(std::span<const std::byte> bytes, Output& out) override {
    if (greeted_ == 0) first_byte_ = meter().now();
    const std::string_view got(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (!kGreeting.substr(greeted_).starts_with(got)) return false;
    greeted_ += got.size();
    if (unanswered() == 0) finish(first_byte_, payload_bytes_, out);
    return true;
  }

  std::size_t unanswered() const noexcept override { return greeted_ < kGreeting.size() ? 1 : 0; }

  std::size_t payload_bytes_;
  Meter::Nanoseconds first_byte_{0};
  std::size_t greeted_ = 0;  // bytes of the greeting that have come
};

class Greet final : public Workload {
 public:
  std::string_view name() const noexcept override { return "greet"; }
  std::string_view summary() const noexcept override {
    return "a connection for each request: the server greets, the client sends 3 KB and closes";
  }
  LoadDefaults load_defaults() const noexcept override {
    return {.connections = 1000, .payload_bytes = 3072, .connection_per_request = true};
  }
  std::unique_ptr<Handler> make_server(const Burden& burden) const override {
    return std::make_unique<GreetServer>(burden);
  }
  std::unique_ptr<Handler> make_client(const RequestShape& shape, Meter& meter) const override {
    return std::make_unique<GreetClient>(shape, meter);
  }
};

}  // namespace

const Workload& greet_workload() {
  static const Greet greet;
  return greet;
}

}  // namespace collet::apps

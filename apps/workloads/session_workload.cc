// SPDX-License-Identifier: MIT
// session_workload.cc: sessions (collet/workload.h) behind our handlers.
#include "apps/workloads/session_workload.h"

#include <utility>

#include "apps/workloads/pipelined_client.h"

namespace collet::apps {
namespace {

class OutputSink final : public ByteSink {
 public:
  explicit OutputSink(Output& out) noexcept : out_(out) {}
  void write(std::span<const std::byte> bytes) noexcept override { out_.write(bytes); }

 private:
  Output& out_;
};

class SessionServer final : public Handler {
 public:
  // A null session answers nobody.
  SessionServer(std::unique_ptr<ServerSession> session, const Burden& burden)
      : session_(std::move(session)), burden_(burden) {}

  void on_open(Output& out) override {
    if (session_ == nullptr) return out.close();
    OutputSink sink(out);
    follow(session_->on_open(sink), out);
  }
  void on_data(std::span<const std::byte> bytes, Output& out) override {
    if (session_ == nullptr) return out.close();
    burden_.bear();
    OutputSink sink(out);
    follow(session_->on_data(bytes, sink), out);
  }
  void on_end(Output& out) override {
    if (session_ == nullptr) return out.close();
    OutputSink sink(out);
    Served served = session_->on_end(sink);
    if (served.then == Then::go_on) served.then = Then::finish;  // or nobody would ever close
    follow(served, out);
  }

 private:
  static void follow(const Served& served, Output& out) noexcept {
    out.count_requests(served.requests);
    if (served.then == Then::finish) out.finish();
    if (served.then == Then::close) out.close();
  }

  const std::unique_ptr<ServerSession> session_;
  const Burden& burden_;
};

class SessionClient final : public PipelinedClient {
 public:
  SessionClient(std::unique_ptr<ClientSession> session, const RequestShape& shape, Meter& meter)
      : PipelinedClient(shape, meter),
        session_(std::move(session)),
        payload_bytes_(shape.payload_bytes) {}

 private:
  void write_requests(std::size_t count, Output& out) override {
    OutputSink sink(out);
    if (session_ == nullptr || !session_->write_requests(count, sink)) out.close();
  }

  bool take(std::span<const std::byte> bytes, Output& out) override {
    if (session_ == nullptr) return false;
    const Checked checked = session_->on_data(bytes);
    if (checked.wrong || checked.replies > unanswered()) return false;
    if (checked.replies != 0) take_replies(checked.replies, payload_bytes_, out);
    return true;
  }

  const std::unique_ptr<ClientSession> session_;
  const std::size_t payload_bytes_;
};

class Adapter final : public Workload {
 public:
  Adapter(SessionWorkload choice, std::string name)
      : choice_(std::move(choice)), name_(std::move(name)) {}

  std::string_view name() const noexcept override { return name_; }
  std::string_view summary() const noexcept override { return choice_.description().summary; }

  LoadDefaults load_defaults() const noexcept override {
    const WorkloadTraits& traits = choice_.description().traits;
    return {.connections = traits.connections,
            .payload_bytes = traits.payload_bytes,
            .least_payload_bytes = traits.least_payload_bytes,
            .framing_bytes = traits.framing_bytes};
  }

  // One that cannot be made was found out when the workload was chosen; if it happens later, for
  // want of memory say, it costs that connection.
  std::unique_ptr<Handler> make_server(const Burden& burden) const override {
    auto session = choice_.make_server();
    return std::make_unique<SessionServer>(session.ok() ? *std::move(session) : nullptr, burden);
  }
  std::unique_ptr<Handler> make_client(const RequestShape& shape, Meter& meter) const override {
    auto session = choice_.make_client({.payload_bytes = shape.payload_bytes,
                                        .pipeline = shape.pipeline,
                                        .serial = meter.take_serial()});
    return std::make_unique<SessionClient>(session.ok() ? *std::move(session) : nullptr, shape,
                                           meter);
  }

 private:
  const SessionWorkload choice_;
  const std::string name_;
};

}  // namespace

std::unique_ptr<Workload> make_session_workload(SessionWorkload choice, std::string name) {
  return std::make_unique<Adapter>(std::move(choice), std::move(name));
}

}  // namespace collet::apps
